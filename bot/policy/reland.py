"""How a change that was taken back comes again: a draft, with a test that replays what was captured of the failure."""

import ast
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.core.change import Proposal
from bot.core.ids import ProposalId, Sha
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict

LABEL = "re-land"
MOST_CASES = 20
LONGEST = 2000
"""Characters of one recorded call that still goes into a test."""
_RAISES = re.compile(r"\) raises (?P<error>[A-Za-z_][\w.]*)[^;]*; was returns (?P<was>.+)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded call that raised with the change and returned `expected` before it. All of it literals."""

    module: str
    name: str
    arguments: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    expected: Any


@dataclass(frozen=True, slots=True)
class Captured:
    """What is known of a failure: when and why it was taken back, and inputs that show it again."""

    merged: Sha
    because: str
    health: Verdict | None = None
    could_not_start: bool = False
    modules: tuple[str, ...] = ()
    """Modules of the product that the change touched; they must at least be importable."""
    calls: tuple[Recorded, ...] = ()

    @property
    def replayable(self) -> bool:
        """Whether a test can be made of it."""
        return bool(self.calls) or (self.could_not_start and bool(self.modules))


def idea_of(merged: Sha) -> ProposalId:
    """The one name of the re-land of a merge: made twice, it is the same proposal."""
    return ProposalId(hashlib.sha256(f"re-land\0{merged}".encode()).hexdigest()[:12])


def wanted(original: Proposal, tier: Tier, settled: Verdict | None) -> Verdict:
    """PASS: offer it as a draft. Only after its revert is known to be well, and only what the engine made itself."""
    if settled is None or not settled.passed:
        return _no("health after the revert is not settled as well: it is not known that this was the culprit")
    if original.idea is None or not original.by_engine:
        return _no("a person made it: its author brings it again")
    if tier is Tier.SEALED:
        return _no("it touches what is sealed: only people bring it again")
    return Verdict("re-land", Status.PASS, f"health came back when #{original.pull} was taken back")


def _no(because: str) -> Verdict:
    return Verdict("re-land", Status.FAIL, because)


def recorded(gate: Verdict | None) -> tuple[Recorded, ...]:
    """The replayable inputs in the evidence of the behaviour stage: calls that returned before and raise since.

    The lines are data that the stage's own probe wrote; what is not a call of literals with a literal answer is left
    out, shortened ones too. Nothing of them is run here.
    """
    stage = gate.find("behaviour") if gate is not None else None
    lines = stage.facts.get("differences", []) if stage is not None else []
    found = [_recorded(line) for line in (lines if isinstance(lines, list) else []) if len(line) <= LONGEST]
    return tuple(dict.fromkeys(one for one in found if one is not None))[:MOST_CASES]


def _recorded(line: str) -> Recorded | None:
    matched = _RAISES.search(line)
    if matched is None:
        return None
    try:
        call = ast.parse(line[: matched.start() + 1], mode="eval").body
        if not isinstance(call, ast.Call) or not _NAME.fullmatch(name := ast.unparse(call.func)):
            return None
        module, _, short = name.rpartition(".")
        arguments = tuple(ast.literal_eval(one) for one in call.args)
        keywords = tuple((str(one.arg), ast.literal_eval(one.value)) for one in call.keywords if one.arg)
        made = Recorded(module, short, arguments, keywords, ast.literal_eval(matched["was"]))
        hash(repr(made))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    return made if len(keywords) == len(call.keywords) else None


def modules_of(paths: Iterable[PurePosixPath]) -> tuple[str, ...]:
    """Dotted names of the Python modules of the product among these paths."""
    own = (p for p in paths if p.suffix == ".py" and not (p.parts[0] in {"tests", "scripts"} or p.name[:5] == "test_"))
    names = (".".join(p.with_suffix("").parts).removesuffix(".__init__") for p in own)
    return tuple(sorted(name for name in names if all(part.isidentifier() for part in name.split("."))))


def path_of_test(merged: Sha) -> PurePosixPath:
    """Where the new test goes: a file of its own, so that it only adds."""
    return PurePosixPath(f"tests/reverts/test_{merged[:12]}.py")


def text_of_test(captured: Captured) -> str:
    """The test that replays the failure. Plain pytest, values as literals; empty if nothing can be replayed."""
    if not captured.replayable:
        return ""
    head = f'"""What failed when {captured.merged[:12]} was live, replayed: it was taken back for it."""\n\n'
    body = "from importlib import import_module\n\nimport pytest\n"
    if captured.could_not_start:
        body += _IMPORTS.format(modules=list(captured.modules))
    if captured.calls:
        rows = "".join(f"    {_row(one)},\n" for one in captured.calls)
        body += _CALLS.format(rows=rows)
    return head + body


def _row(one: Recorded) -> str:
    return repr((one.module, one.name, one.arguments, dict(one.keywords), one.expected))


_IMPORTS = """

@pytest.mark.parametrize("module", {modules!r})
def test_it_can_be_imported(module: str) -> None:
    assert import_module(module)
"""
_CALLS = '''
CALLS = [
{rows}]
"""Module, function, arguments, and what was answered before the change."""


@pytest.mark.parametrize(("module", "name", "arguments", "keywords", "expected"), CALLS)
def test_it_answers_as_before(
    module: str, name: str, arguments: tuple[object, ...], keywords: dict[str, object], expected: object
) -> None:
    assert getattr(import_module(module), name)(*arguments, **keywords) == expected
'''


def missing(captured: Captured, *, replays: bool) -> str:
    """What the draft has to say of its test: that it replays the failure, or what a person has to add."""
    if replays:
        return "The new test fails with this change and passes without it. Mend the change until it passes."
    failed = (
        [child.name for child in captured.health.children if child.status is Status.FAIL] if captured.health else []
    )
    said = f"What is known: {captured.because}." + (f" Worse: {', '.join(failed)}." if failed else "")
    if captured.replayable:
        return f"The captured inputs do not show the failure again outside of the product. {said} Add a test that does."
    return f"No input was captured that shows the failure again. {said} Add a test that does."


def carried(
    paths: Iterable[PurePosixPath],
    sides: Mapping[PurePosixPath, tuple[bytes | None, bytes | None, bytes | None]],
) -> tuple[dict[PurePosixPath, bytes | None], tuple[PurePosixPath, ...]]:
    """The change made again on the base branch as it is: new contents, and paths that were edited since.

    `sides`: content before the change, with it, and on the base branch now. A path edited since goes to a person:
    nothing is applied with fuzz.
    """
    files: dict[PurePosixPath, bytes | None] = {}
    edited: list[PurePosixPath] = []
    for path in sorted(paths):
        before, with_it, now = sides[path]
        if now == before != with_it:
            files[path] = with_it
        elif now != with_it:
            edited.append(path)
    return files, tuple(edited)
