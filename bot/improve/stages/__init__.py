"""The validation stages V-1 to V-13, one module each, and their order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module

from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict
from bot.improve.doors import Gate, Stage

ORDER: tuple[str, ...] = (
    "scope",
    "format",
    "types",
    "lint",
    "security",
    "dependencies",
    "tests",
    "coverage",
    "mutation",
    "behaviour",
    "performance",
    "runtime",
    "approval",
)
"""Name of each stage and of its module, V-1 first. Each module's `STAGE` is the stage."""


def all_stages(names: Iterable[str] = ORDER) -> tuple[Stage, ...]:
    """The stages of these names, in order; modules are imported only when asked for."""
    return tuple(_load(name) for name in ORDER if name in frozenset(names))


def first_stages() -> tuple[Stage, ...]:
    """V-1 to V-7 for a first answer while somebody waits: of the tests only those that the change can reach.

    A pass of these is no pass of the gate.
    """
    tests = import_module(f"{__name__}.tests").Tests(only_impacted=True)
    return (*all_stages(ORDER[: ORDER.index("tests")]), tests)


def wanted(asked: Iterable[str]) -> tuple[str, ...]:
    """Names for what people type: `V-3`, `v3`, `3` or `types`. Raises Misconfigured for anything else."""
    return tuple(dict.fromkeys(_name(word) for word in asked))


def _name(word: str) -> str:
    plain = word.strip().lower()
    number = plain.removeprefix("v").removeprefix("-")
    if plain in ORDER:
        return plain
    if number.isdecimal() and 1 <= int(number) <= len(ORDER):
        return ORDER[int(number) - 1]
    raise Misconfigured(f"there is no stage {word!r}: use V-1 to V-{len(ORDER)}, or one of {', '.join(ORDER)}")


def _load(name: str) -> Stage:
    try:
        stage: Stage = import_module(f"{__name__}.{name}").STAGE
    except ImportError as error:
        return Absent(name, f"V-{ORDER.index(name) + 1}", str(error))
    return stage


@dataclass(frozen=True, slots=True)
class Absent:
    """A stage whose libraries are not installed: asked to run, it is an ERROR, never a pass."""

    name: str
    id: str
    because: str
    needs: tuple[str, ...] = ()
    alone: bool = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        return Verdict(self.name, Status.ERROR, f"cannot be loaded: {self.because}; install megawatts[engine]")
