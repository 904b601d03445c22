"""What a repository's interpreter brings for running tests, and what we lend it."""

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bot.core.errors import Misconfigured
from bot.core.sandbox import Limits
from bot.improve.doors import Workspace

LENT = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
LEFT_OUT = ("xdist", "pytest_cov", "pytest_randomly", "random_order", "rerunfailures", "sugar", "pytest_html", "forked")
"""Plugins that would order, repeat, split or measure the tests beside us."""
PROBE = """
import importlib.metadata as m, importlib.util as u, json, sys
sys.path.pop(0)
found = {(e.name, e.value.split(":")[0]) for d in m.distributions() for e in d.entry_points if e.group == "pytest11"}
print(json.dumps({"version": sys.version_info[:2], "plugins": sorted(found), "prefix": sys.prefix,
    "pytest": bool(u.find_spec("pytest")),
    "build": [sys.version, u.MAGIC_NUMBER.hex(), [d.version for d in m.distributions(name="pytest")]]}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """How tests run there.

    `plugins` are names and modules of its environment; the checkout can add none. `kit` is a folder of ours for the
    end of the import path, if it lacks pytest. `coverage`: whether lines can be measured, which takes Python 3.9.
    """

    engine: str
    plugins: tuple[tuple[str, str], ...]
    coverage: bool
    kit: Path | None
    build: str = ""
    """Names what compiles: the interpreter and its pytest, or ours."""

    def modules(self, without: Collection[str]) -> list[str]:
        """The plugins' modules, without the plugins of these names: each costs every run its import."""
        return [module for name, module in self.plugins if name not in without]


_known: dict[Path, Interpreter] = {}


async def inspect(work: Workspace, cache: Path) -> Interpreter:
    """Ask the interpreter once, in the sandbox. Raises Misconfigured if it does not answer."""
    if work.python not in _known:
        _known[work.python] = await _inspect(work, cache)
    return _known[work.python]


async def _inspect(work: Workspace, cache: Path) -> Interpreter:
    finished = await work.run(["{python}", "-s", "-c", PROBE], limits=Limits(seconds=60))
    try:
        answer = json.loads(finished.out.decode().strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        said = (finished.err or finished.out)[-300:].decode(errors="replace").strip()
        raise Misconfigured(f"the interpreter {work.python} does not start in the sandbox: {said}") from error
    brought = ((str(name), str(module)) for name, module in answer["plugins"])
    plugins = tuple(sorted(one for one in brought if not any(part in one[1] for part in LEFT_OUT)))
    lend = not answer["pytest"] and tuple(answer["version"]) >= (3, 10)
    kit = _kit(cache) if lend else None
    return Interpreter(
        engine="pytest" if answer["pytest"] or lend else "unittest",
        plugins=plugins if answer["pytest"] or lend else (),
        coverage=tuple(answer["version"]) >= (3, 9),
        kit=kit,
        build=hashlib.sha256(json.dumps([answer["build"], version("pytest") if kit else ""]).encode()).hexdigest()[:16],
    )


def _kit(cache: Path) -> Path:
    """A folder with copies of the lent packages and nothing else, made once."""
    folder = cache / "lent-packages"
    if not folder.is_dir():
        partial = cache / "lent-packages.partial"
        shutil.rmtree(partial, ignore_errors=True)
        for name in LENT:
            _copy(name, partial)
        partial.rename(folder)
    return folder


def _copy(name: str, into: Path) -> None:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Misconfigured(f"our own installation lacks {name}: install the extra `engine`")
    source = Path(spec.origin)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source.parent, into / name, ignore=ignore)


def seed(found: Interpreter) -> tuple[str, ...]:
    """pytest's arguments that make drawn examples the same in every run."""
    return ("--hypothesis-seed=0",) if any("hypothesis" in module for _, module in found.plugins) else ()
