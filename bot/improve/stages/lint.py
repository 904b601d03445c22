"""V-4: ruff with the base's configuration, complexity of changed functions, duplication; new findings only."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from bot.core.errors import Unavailable
from bot.core.verdict import Verdict, worst
from bot.improve.doors import Gate, Workspace, not_applicable
from bot.improve.stages._clones import clones
from bot.improve.stages._complexity import LIMIT, complexities
from bot.improve.stages._problems import Problem, conclude, only_new
from bot.improve.stages._ruff import config_file, relative, ruff
from bot.improve.stages._source import tree
from bot.improve.stages._tools import present

ERRORS = ("--select", "E9,F63,F7,F82")
"""Where a repository has no ruff configuration: only what is surely wrong."""


class LintStage:
    """Compares the findings of head with those of base on the changed files."""

    id = "V-4"
    name = "lint"
    needs: tuple[str, ...] = ()
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        changed = gate.changed()
        if not changed:
            return not_applicable(self.name, "no Python file changed")
        after = await findings(gate.head, [c.path for c in changed], gate)
        old = {c.old_path: c.path for c in changed if c.action != "add"}
        before = await findings(gate.base, list(old), gate) if after else []
        known = [Problem(p.rule, old.get(p.path, p.path), p.line, p.message) for p in before]
        copied = await asyncio.to_thread(lambda: list(clones(gate)))
        parts = [
            conclude("ruff", only_new(known, after), "no new finding"),
            conclude("complexity", complex_functions(gate), f"every changed function stays below {LIMIT}"),
            conclude("duplication", copied, "nothing is copied"),
        ]
        return worst(self.name, parts)


async def findings(work: Workspace, paths: Sequence[PurePosixPath], gate: Gate) -> list[Problem]:
    """ruff's findings on these files, by the base's configuration. Raises Unavailable if ruff itself broke."""
    names = present(work, paths)
    if not names:
        return []
    extra = () if config_file(gate.base.path) else ERRORS
    done = await ruff(
        work, ["check", "--no-cache", "--no-fix", "--output-format", "json"], names, gate.base.path, extra
    )
    try:
        rows = json.loads(done.out)
    except ValueError as error:
        raise Unavailable("ruff", "its answer is not JSON") from error
    return [_problem(row, work) for row in rows]


def _problem(row: Mapping[str, object], work: Workspace) -> Problem:
    path = relative(str(row["filename"]), work)
    location = row.get("location")
    line = int(location["row"]) if isinstance(location, dict) else 0
    return Problem(str(row.get("code") or "syntax"), path, line, str(row["message"]))


def complex_functions(gate: Gate) -> Iterator[Problem]:
    """Functions of changed product files that are too complex and were not at least as complex at base."""
    for change in gate.changed():
        after, before = tree(gate.head, change.path), tree(gate.base, change.old_path)
        if after is None or gate.profile.is_test(change.path):
            continue
        known = complexities(before) if before and change.action != "add" else {}
        for name, (value, node) in complexities(after).items():
            if value >= LIMIT and value > known.get(name, (0, node))[0]:
                text = f"{name} has a cyclomatic complexity of {value}, which must stay below {LIMIT}"
                yield Problem("complexity", change.path, node.lineno, text)


STAGE = LintStage()
