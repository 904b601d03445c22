"""Recorded conversations, replayed on both versions: what the bot says must be what it said."""

import difflib
from pathlib import Path, PurePosixPath

from bot.core.sandbox import Limits
from bot.improve.doors import Gate, Workspace

MODULE = PurePosixPath("bot/app/replay.py")
CONVERSATIONS = PurePosixPath("tests/chat/conversations")
LIMITS = Limits(seconds=60, cpu_seconds=60)


def recorded(gate: Gate) -> list[Path]:
    """The base's conversations, if this repository has any and can replay them on both sides."""
    able = all((work.path / MODULE).is_file() for work in (gate.base, gate.head))
    return sorted((gate.base.path / CONVERSATIONS).glob("*.toml")) if able else []


async def differences(gate: Gate) -> list[str]:
    """How head's answers to the base's conversations differ; empty if in nothing. One line each, shortened."""
    files = recorded(gate)
    base, head = await _replay(gate.base, gate.base, files), await _replay(gate.head, gate.base, files)
    if base == head:
        return []
    changed = difflib.unified_diff(base, head, "base", "head", lineterm="", n=1)
    return [line[:200] for line in changed if not line.startswith(("---", "+++", "@@"))][:40]


async def _replay(work: Workspace, source: Workspace, files: list[Path]) -> list[str]:
    argv = ["{python}", "-B", "-m", "bot.app.replay", *map(str, files)]
    done = await work.run(argv, readable=[source.path / CONVERSATIONS], limits=LIMITS)
    lines = done.out.decode(errors="replace").splitlines()
    if not done.ok:
        last = done.err.decode(errors="replace").strip().splitlines()[-1:]
        lines.append(f"replay ended: {done.limit or done.code} {' '.join(last)}")
    return lines
