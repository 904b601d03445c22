"""`python -m bot.app.replay FILE...`: recorded conversations, answered the same way every time.

Prints one JSON object: file to turns, each with what was said and what was answered. Clock, chance and ids are fixed
and nothing is kept, so two versions of the code differ in the output only where they differ in behaviour.
"""

import asyncio
import itertools
import json
import sys
import tomllib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bot.app import logs
from bot.app.bot_wiring import World, assemble
from bot.core.chat import Message
from bot.core.errors import Misconfigured
from bot.core.ids import ChannelId, UserId
from bot.sdk.testing import DictRecords

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
_BETWEEN = 4.0
"""Seconds between two turns that say nothing else."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing a member says. `after` is in seconds since the turn before; `expect` is for whoever compares."""

    text: str
    user: str = "ann"
    name: str = "Ann"
    channel: str = "general"
    after: float = _BETWEEN
    expect: dict[str, Any] = field(default_factory=dict)


def read(file: Path) -> list[Turn]:
    """The turns of one file. Raises Misconfigured naming file and fix."""
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8"))["turns"]
        return [Turn(**row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = "it needs [[turns]] with text, and user, name, channel, after, expect as you like"
        raise Misconfigured(f"{file} is no conversation ({error}): {fix}") from error


async def replay(turns: list[Turn], seed: int = 7) -> list[dict[str, Any]]:
    """Every turn with its answer, and what is due for that member then."""
    time = _Time()

    def timer() -> float:
        return (time.now - START).total_seconds()

    count = itertools.count(1)
    world = World(
        records=DictRecords(),
        clock=lambda: time.now,
        random=Random(seed),  # noqa: S311  (the same dice every time)
        ids=lambda: f"answer-{next(count)}",
        timer=timer,
        status=lambda: {"version": "replayed"},
    )
    service = assemble(world).service
    said: list[dict[str, Any]] = []
    for turn in turns:
        time.now += timedelta(seconds=turn.after)
        answer = await service.answer(Message(UserId(turn.user), ChannelId(turn.channel), turn.text, turn.name))
        due = [one.text for one in await service.pending(UserId(turn.user))]
        said.append({"user": turn.user, "said": turn.text, **asdict(answer), "due": due})
    return said


@dataclass(slots=True)
class _Time:
    now: datetime = START


def main(files: list[str]) -> None:
    """Replay every file, in the order given."""
    found = {file: asyncio.run(replay(read(Path(file)))) for file in files}
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True, default=repr) + "\n")


if __name__ == "__main__":
    logs.set_up("error", process="replay")  # on stderr: stdout holds the answers and nothing else
    try:
        main(sys.argv[1:])
    except Misconfigured as error:
        sys.exit(str(error))
