"""Finds tools whose calls break or do not end in time, as the running bot counted them."""

import ast
import asyncio
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from bot.core.change import Finding, Severity
from bot.improve.analysts._lived import Code, Lived, function, parsed, same
from bot.improve.analysts._trees import Defined, functions
from bot.improve.doors import Profile, Workspace
from bot.policy.symptoms import Symptom, surely_over

NAME = "failing_tools"
BAD = ("error", "timeout")
SHARE, GRAVE = 0.02, 0.25
"""Share of a tool's calls that may fail, and from which it is grave."""
LEAST = 3.0
"""Failed calls, faded, below which nothing is said."""


class FailingTools:
    """Analyst: one finding for each tool that fails more often than it may, beyond doubt."""

    name = NAME

    def __init__(self, lived: Lived) -> None:
        self._lived = lived

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """Only of tools whose function is as it was when they failed."""
        return await asyncio.to_thread(lambda: list(self._find(work, profile)))

    def _find(self, work: Workspace, profile: Profile) -> Iterator[Finding]:
        noted = self._lived.of("tool")
        names = sorted({one.name for one in noted if any(one.counts.get(bad) for bad in BAD)})
        if not names:
            return
        code = Code.of(work, profile)
        for name in names:
            for path, text in code.holding((name, "@tool(")):
                defined = _declared(text, name)
                if defined is not None:
                    here = [one for one in noted if one.name == name and self._still(one, path, defined)]
                    yield from self._finding(name, path, defined, here)

    def _still(self, one: Symptom, path: PurePosixPath, defined: Defined) -> bool:
        was = function(self._lived.before(one.revision, path), defined.name)
        return was is not None and same(was.node, defined.node)

    def _finding(self, name: str, path: PurePosixPath, defined: Defined, here: list[Symptom]) -> Iterator[Finding]:
        counts = self._lived.faded(here)
        bad, total = sum(counts.get(one, 0.0) for one in BAD), sum(counts.values())
        if bad < LEAST or not surely_over(bad, total, SHARE):
            return
        how = {one: f"{counts[one]:.0f}" for one in BAD if counts.get(one, 0.0) >= 0.5}
        yield Finding(
            rule="failing-tool",
            path=path,
            line=defined.node.lineno,
            end_line=defined.end,
            severity=Severity.HIGH if bad >= GRAVE * total else Severity.MEDIUM,
            message=f"the tool {name} failed in {bad:.0f} of {total:.0f} calls ({', '.join(how)})",
            analyst=NAME,
            symbol=defined.name,
            evidence={"failed": how, "calls": round(total)},
        )


def _declared(text: str, name: str) -> Defined | None:
    """The function that is declared as the tool of this name."""
    tree = parsed(text)
    return next((one for one in functions(tree) if _tool(one) == name), None) if tree is not None else None


def _tool(defined: Defined) -> str:
    """The tool's name: what the decorator says, else the function's own; empty where it is no tool."""
    for mark in defined.node.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "tool":
            named = [k.value for k in mark.keywords if k.arg == "name"]
            value = named[0].value if named and isinstance(named[0], ast.Constant) else None
            return str(value or defined.node.name)
    return ""
