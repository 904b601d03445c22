"""V-5: bandit, secrets, new power, injection sinks, workflows; nothing new of high severity passes."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from bot.core.errors import Unavailable
from bot.core.verdict import Status, Verdict, worst
from bot.improve.doors import Gate, Workspace
from bot.improve.stages._danger import danger, paths_of
from bot.improve.stages._problems import Problem, conclude, only_new
from bot.improve.stages._secrets import secrets
from bot.improve.stages._tools import present, tool
from bot.improve.stages._workflows import workflows

NOISY = ("Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "IPPublicDetector")
"""Detectors whose guesses are left to `_secrets`, which looks at the line around them."""


class SecurityStage:
    """Looks at what changed only; what base had already is no finding here."""

    id = "V-5"
    name = "security"
    needs: tuple[str, ...] = ()
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        by_tool, by_form = await asyncio.gather(_bandit(gate), _detect_secrets(gate))
        own = await asyncio.to_thread(lambda: [*secrets(gate)])
        places = {(p.path, p.line) for p in own}
        found = [*own, *(p for p in by_form if (p.path, p.line) not in places)]
        parts = [
            conclude("secrets", found, "no secret in the added lines"),
            conclude("power", danger(gate), "no new power"),
            conclude("bandit", by_tool, "no new finding of medium or high severity"),
            conclude("workflows", workflows(gate), "no workflow rule is broken"),
        ]
        return worst(self.name, parts)


async def _bandit(gate: Gate) -> list[Problem]:
    """bandit's new findings. The base is asked only when the head has some."""
    paths = paths_of(gate)
    after = await bandit(gate.head, paths, gate)
    if not after:
        return []
    old = {c.old_path: c.path for c in gate.changed() if c.action != "add" and c.path in paths}
    before = await bandit(gate.base, list(old), gate)
    return only_new([Problem(p.rule, old[p.path], p.line, p.message) for p in before], after)


async def bandit(work: Workspace, paths: Sequence[PurePosixPath], gate: Gate) -> list[Problem]:
    """Findings of medium and high severity; `# nosec` is not heard."""
    names = present(work, paths)
    if not names:
        return []
    argv = [
        "bandit",
        "--ignore-nosec",
        "--quiet",
        "--exit-zero",
        "--severity-level",
        "medium",
        "-f",
        "json",
        "--",
        *names,
    ]
    done = await tool(work, argv, codes=(0,))
    try:
        rows = json.loads(done.out)["results"]
    except (ValueError, KeyError) as error:
        raise Unavailable("bandit", "its answer is not JSON") from error
    return [_finding(row, gate) for row in rows]


def _finding(row: Mapping[str, object], gate: Gate) -> Problem:
    level = Status.FAIL if gate.by_engine or row["issue_severity"] == "HIGH" else Status.PENDING
    path = PurePosixPath(str(row["filename"]).removeprefix("./"))
    text = f"{row['issue_text']} ({str(row['issue_severity']).lower()} severity)"
    return Problem(str(row["test_id"]), path, int(str(row["line_number"])), text, level)


async def _detect_secrets(gate: Gate) -> list[Problem]:
    """detect-secrets over the changed files, without asking anybody whether a secret works."""
    changes = [c for c in gate.changes if c.action != "delete" and not c.binary]
    names = present(gate.head, [c.path for c in changes])
    if not names:
        return []
    off = [word for name in NOISY for word in ("--disable-plugin", name)]
    done = await tool(gate.head, ["detect_secrets", "scan", "--all-files", "--no-verify", *off, *names], codes=(0,))
    try:
        results = json.loads(done.out)["results"]
    except (ValueError, KeyError) as error:
        raise Unavailable("detect-secrets", "its answer is not JSON") from error
    ranges = {c.path: c.lines for c in changes}
    rows = [(PurePosixPath(name.removeprefix("./")), row) for name, found in results.items() for row in found]
    return [
        Problem("secret", path, int(row["line_number"]), f"the line holds what looks like a secret ({row['type']})")
        for path, row in rows
        if not ranges.get(path) or any(first <= row["line_number"] <= last for first, last in ranges[path])
    ]


STAGE = SecurityStage()
