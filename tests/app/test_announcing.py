import asyncio

import pytest

from bot.app.announcing import EVERY, Announcing, announcing, stop
from bot.core.errors import Denied, Unavailable
from bot.core.ids import GuildId
from bot.votes.announce import Desk
from tests.extensions.doubles import GUILD
from tests.votes.test_announce import Square


class Rounds:
    """A round that fails as a test says, and counts."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors, self.count = list(errors), 0

    async def __call__(self) -> int:
        self.count += 1
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        return 0


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (None, EVERY),
        (Denied("no"), EVERY),
        (AttributeError("a library that is not ready"), EVERY),
        (Unavailable("Discord"), EVERY),
        (Unavailable("Discord", retry_after=42.0), 42.0),
        (Unavailable("Discord", retry_after=9000.0), 300.0),
    ],
)
async def test_no_failure_ends_it_and_the_others_have_their_turn(error: Exception | None, pause: float) -> None:
    one, other = Rounds(error), Rounds()
    assert await Announcing((("one", one), ("other", other))).once() == pause
    assert (one.count, other.count) == (1, 1)


async def test_it_goes_round_until_it_is_stopped() -> None:
    one, slept = Rounds(Unavailable("Discord", retry_after=20.0)), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    task = asyncio.create_task(Announcing((("one", one),), sleep=sleep).run())
    while one.count < 3:  # noqa: ASYNC110  (a count, not an event)
        await asyncio.sleep(0)
    await stop(task)
    assert task.cancelled()
    assert slept[:2] == [20.0, EVERY]


async def test_a_proposal_and_an_outcome_are_told_in_one_turn() -> None:
    square = Square()
    square.open()
    square.records.put(
        "suggestions",
        "eve/0123456789ab",
        {
            "id": "0123456789ab",
            "user": "eve",
            "text": "x",
            "at": square.time.isoformat(),
            "channel": "5",
            "guild": GUILD,
        },
    )
    square.outcome("open", title="faster", suggestions=["0123456789ab"])
    desk = Desk(square.records, square.votes, square.messenger, square.book, lambda: square.time, GuildId(GUILD))
    await announcing(desk).once()
    assert {place for place, _ in square.messenger.sent} == {"200000000000000002", "5"}
