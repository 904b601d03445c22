from datetime import timedelta

import pytest

from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOSS, MAIN, NOON, SECRET

__all__ = ["place"]


async def test_slow_mode_begins_and_ends(place: Desk) -> None:
    assert "wait 30 s" in (await do(place, "slowmode", seconds=30)).result.text
    assert "End slow mode in #main: done" in (await do(place, "slowmode", seconds=0)).result.text
    assert [deed.options["seconds"] for deed in place.guild.acts] == [30, 0]
    assert (await do(place, "slowmode", user=ANN, seconds=30)).fate == "denied"


@pytest.fixture
def talk(place: Desk) -> Desk:
    place.guild.say(MAIN, ANN, "ages ago", NOON - timedelta(days=14))
    place.guild.say(MAIN, ANN, "the rules", NOON - timedelta(hours=3), pinned=True)
    place.guild.say(MAIN, ANN, "first", NOON - timedelta(hours=2))
    place.guild.say(MAIN, BOSS, "second", NOON - timedelta(hours=1))
    return place


async def test_pinned_and_old_ones_stay(talk: Desk) -> None:
    called = await talk.ask("purge", count=100)
    said = "Delete 2 messages (Bea 1, Ann 1; 2026-03-01 10:00 to 11:00 UTC; “first” … “second”) in #main."
    assert called.preview == said
    await talk.press(called)
    [deed] = talk.guild.acts
    assert deed.options["messages"] == [talk.guild.said[MAIN][0].id, talk.guild.said[MAIN][1].id]


async def test_what_was_said_after_it_was_shown_stays(talk: Desk) -> None:
    called = await talk.ask("purge", count=1)
    shown = talk.guild.said[MAIN][0].id
    talk.guild.say(MAIN, ANN, "meanwhile")
    assert (await talk.press(called)).fate == "ok"
    assert talk.guild.acts[0].options["messages"] == [shown]


async def test_what_is_gone_by_then_is_asked_about_anew(talk: Desk) -> None:
    called = await talk.ask("purge", count=2)
    del talk.guild.said[MAIN][0]
    assert "Delete 1 message" in (await talk.press(called)).result.text
    assert talk.guild.acts == []


async def test_only_one_members_and_only_older_ones(talk: Desk) -> None:
    called = await talk.ask("purge", count=5, user_id="Ann")
    assert called.preview.startswith("Delete 1 message (Ann 1;")
    second = talk.guild.said[MAIN][0].id
    called = await talk.ask("purge", count=5, before=second)
    assert "“first”" in called.preview
    assert "second" not in called.preview


async def test_nothing_to_delete(place: Desk) -> None:
    assert (await do(place, "purge", count=5)).result.key == "none"
    assert (await do(place, "purge", count=5, channel_id=SECRET)).fate == "bad_arguments"
