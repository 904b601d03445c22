import pytest

from bot.app.late import late_guilds, late_messenger
from bot.core.errors import Unavailable


class Voice:
    async def send(self, channel: str, post: str) -> str:
        return f"{channel}: {post}"


async def test_a_door_is_out_of_reach_until_it_is_opened() -> None:
    late, messenger = late_messenger()
    with pytest.raises(Unavailable, match="Discord is unavailable: not connected yet"):
        await messenger.send("hall", "hello")
    late.open(Voice())
    assert await messenger.send("hall", "hello") == "hall: hello"


def test_two_doors_do_not_open_together() -> None:
    (late, guilds), (_, messenger) = late_guilds(), late_messenger()
    late.open(Voice())
    assert guilds.send
    with pytest.raises(Unavailable):
        assert messenger.send


def test_it_has_nothing_of_its_own_to_show() -> None:
    _, guilds = late_guilds()
    with pytest.raises(AttributeError):
        assert guilds._token
