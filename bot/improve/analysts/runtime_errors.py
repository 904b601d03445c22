"""Finds functions in which the running bot raised errors that nobody expected."""

import asyncio
import builtins
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from bot.core.change import Finding, Severity
from bot.improve.analysts._lived import Code, Lived, function, same
from bot.improve.analysts._trees import Defined
from bot.improve.doors import Profile, Workspace
from bot.policy.symptoms import Symptom

NAME = "runtime_errors"
LEAST, OFTEN = 3.0, 30.0
"""Errors, faded, from which a function is worth a finding, and from which it is grave."""
_BUILTIN = frozenset(name for name, one in vars(builtins).items() if isinstance(one, type))


class RuntimeErrors:
    """Analyst: one finding for each function, with the errors by their classes. The errors' texts are nowhere."""

    name = NAME

    def __init__(self, lived: Lived) -> None:
        self._lived = lived

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """Only of functions that are as they were when it happened."""
        return await asyncio.to_thread(self._find, work, profile)

    def _find(self, work: Workspace, profile: Profile) -> list[Finding]:
        noted = self._lived.of("error")
        if not noted:
            return []
        code = Code.of(work, profile)
        found = [self._of(name, [one for one in noted if one.name == name], code) for name in {o.name for o in noted}]
        return sorted((one for one in found if one is not None), key=lambda one: (str(one.path), one.line))

    def _of(self, name: str, noted: Sequence[Symptom], code: Code) -> Finding | None:
        place, _, symbol = name.partition(":")
        path = PurePosixPath(place)
        text = code.text(path)
        defined = function(text, symbol)
        if text is None or defined is None:
            return None
        here = [one for one in noted if self._still(one, path, defined)]
        return _finding(path, defined, self._lived.faded(here), text)

    def _still(self, one: Symptom, path: PurePosixPath, defined: Defined) -> bool:
        was = function(self._lived.before(one.revision, path), defined.name)
        return was is not None and same(was.node, defined.node)


def _finding(path: PurePosixPath, defined: Defined, counts: Mapping[str, float], text: str) -> Finding | None:
    total = sum(counts.values())
    if total < LEAST:
        return None
    named: dict[str, float] = {}
    for error, count in counts.items():
        shown = error if error in _BUILTIN or re.search(rf"\b{re.escape(error)}\b", text) else "of another library"
        named[shown] = named.get(shown, 0.0) + count
    kinds = {error: f"{count:.0f}" for error, count in sorted(named.items(), key=lambda one: (-one[1], one[0]))}
    return Finding(
        rule="runtime-error",
        path=path,
        line=defined.node.lineno,
        end_line=defined.end,
        severity=Severity.HIGH if total >= OFTEN else Severity.MEDIUM,
        message=f"{defined.name} broke {total:.0f} times while the bot ran: {', '.join(kinds)}",
        analyst=NAME,
        symbol=defined.name,
        evidence={"errors": kinds, "times": round(total, 1)},
    )
