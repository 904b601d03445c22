"""Announces proposals, outcomes and emergency commands, round after round, beside the conversation."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from bot.core.errors import MegawattsError, Unavailable
from bot.votes.announce import Announcer, Desk
from bot.votes.follow_up import FollowUp

log = structlog.get_logger()
EVERY = 10.0
"""Seconds between rounds: members see a tally that is at most so old."""
_LONGEST_PAUSE = 300.0


@dataclass(frozen=True, slots=True)
class Announcing:
    """Rounds that are run again and again; what one could not do, the next does."""

    rounds: Sequence[tuple[str, Callable[[], Awaitable[int]]]]
    every: float = EVERY
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    async def run(self) -> None:
        """Until cancelled. No failure of a door ends it; how long it waits then, the door may say."""
        while True:
            await self.sleep(await self.once())

    async def once(self) -> float:
        """One round of each; the seconds to wait until the next."""
        pause = self.every
        for name, work in self.rounds:
            try:
                await work()
            except Unavailable as error:
                log.warning("announcing waits", of=name, because=str(error))
                pause = max(pause, min(error.retry_after or self.every, _LONGEST_PAUSE))
            except MegawattsError as error:
                log.warning("announcing refused", of=name, because=str(error))
            except Exception as error:  # noqa: BLE001  (a round that breaks must not be the last one)
                log.error("announcing failed", of=name, error=type(error).__name__)  # noqa: TRY400  (members' texts)
        return pause


def announcing(desk: Desk) -> Announcing:
    """Everything that members are told of the bot's own accord."""
    return Announcing((("proposals", Announcer(desk).round), ("follow-up", FollowUp(desk).round)))


async def stop(task: "asyncio.Task[None]") -> None:
    """End the rounds; one that is under way is cut off, and goes on where it was at the next start."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
