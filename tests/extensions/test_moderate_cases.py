from typing import Any

import pytest

from bot.core.chat import Post
from bot.core.errors import Denied, Unavailable
from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOSS, MODERATOR, OWNER, PLAIN

__all__ = ["place"]


class Messenger:
    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.told = error, list[tuple[str, str]]()

    async def direct(self, user: str, post: Post) -> str:
        if self.error:
            raise self.error
        self.told.append((user, post.text))
        return "1"


async def test_the_member_is_told(place: Desk) -> None:
    place.doors["messenger"] = messenger = Messenger()
    called = await do(place, "warn_user", user_id="Ann", reason="no\nspam")
    assert messenger.told == [(ANN, "You were warned on The Hall: no spam")]
    assert "could not tell" not in called.result.text


@pytest.mark.parametrize("error", [Denied("closed"), Unavailable("Discord"), None])
async def test_or_the_moderator_is_told_that_they_were_not(place: Desk, error: Exception | None) -> None:
    if error:
        place.doors["messenger"] = Messenger(error)
    called = await do(place, "warn_user", user_id="Ann", reason="no spam")
    assert (called.fate, "could not tell them" in called.result.text) == ("ok", True)
    assert len(place.records.scan("cases")) == 1


@pytest.mark.parametrize("whom", [BOSS, OWNER, MODERATOR])
async def test_nobody_above_is_warned(place: Desk, whom: str) -> None:
    assert (await do(place, "warn_user", user_id=whom, reason="x")).fate == "denied"
    assert place.records.scan("cases") == []


async def test_the_bot_needs_nothing_for_its_own_log(place: Desk) -> None:
    view = await place.guild.me(None)  # type: ignore[arg-type]
    place.guild.people[view.id] = type(view)(view.id, view.guild, view.name, PLAIN, view.top, view.roles, bot=True)
    assert (await do(place, "warn_user", user_id="Ann", reason="x")).fate == "ok"


async def test_newest_first_and_no_more_than_fifteen(place: Desk) -> None:
    for number in range(17):
        place.later(minutes=1)
        await do(place, "warn_user", user_id="Ann", reason=f"reason {number}.")
    text = (await do(place, "list_cases")).result.text
    assert text.index("reason 16.") < text.index("reason 2.")
    assert "reason 1." not in text
    assert text.endswith("and 2 older ones")


async def test_removal_asks_and_names_the_case(place: Desk) -> None:
    warned: Any = await do(place, "warn_user", user_id="Ann", reason="no spam")
    number = warned.result.facts["case"]
    called = await place.ask("remove_case", number=number.upper())
    assert "no spam" in called.preview
    assert len(place.records.scan("cases")) == 1
    assert (await place.press(called)).fate == "ok"
    assert place.records.scan("cases") == []


async def test_a_case_of_somebody_above_stays(place: Desk) -> None:
    warned: Any = await do(place, "warn_user", user=OWNER, user_id="Bea", reason="x")
    called = await do(place, "remove_case", number=warned.result.facts["case"])
    assert called.fate == "denied"
    assert len(place.records.scan("cases")) == 1


async def test_a_plain_member_removes_none(place: Desk) -> None:
    warned: Any = await do(place, "warn_user", user=OWNER, user_id="Mo", reason="x")
    assert (await do(place, "remove_case", user=ANN, number=warned.result.facts["case"])).fate == "denied"
    assert len(place.records.scan("cases")) == 1
