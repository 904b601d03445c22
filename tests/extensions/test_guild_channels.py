from dataclasses import replace
from typing import Any

import pytest

from bot.core.guild import ChannelView
from bot.core.ids import ChannelId
from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOT, GUILD, HELPER, MAIN, MODERATOR, PLAIN

__all__ = ["place"]
WORK = ChannelId("300000000000000002")


@pytest.fixture
def work(place: Desk) -> Desk:
    place.guild.places[WORK] = ChannelView(WORK, GUILD, "Work", "category")
    return place


async def test_a_channel_is_made_as_asked(work: Desk) -> None:
    given: dict[str, Any] = {"name": "plans", "topic": "next", "slowmode": 5, "parent_id": "Work", "user_limit": 9}
    assert (await do(work, "create_channel", **given)).fate == "ok"
    assert work.guild.acts[0].options == {
        "name": "plans", "kind": "text", "topic": "next", "slowmode": 5, "parent": WORK,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [({"parent_id": "main"}, "main is no category"), ({"parent_id": "Work", "kind": "category"}, "in no category")],
)
async def test_where_no_channel_can_be(work: Desk, given: dict[str, str], said: str) -> None:
    assert said in (await do(work, "create_channel", name="plans", **given)).result.text
    assert work.guild.acts == []


async def test_a_category_that_the_asker_may_not_manage(work: Desk) -> None:
    work.guild.there[WORK, MODERATOR] = PLAIN
    assert (await do(work, "create_channel", name="plans", parent_id="Work")).fate == "denied"
    assert (await do(work, "update_channel", channel_id="main", parent_id="Work")).fate == "denied"
    work.guild.there[WORK, MODERATOR] = frozenset()
    called = await do(work, "create_channel", name="plans", parent_id="Work")
    assert "no such channel" in called.result.text
    assert work.guild.acts == []


async def test_only_what_is_given_changes(work: Desk) -> None:
    await do(work, "update_channel", channel_id="main", topic="", parent_id="Work", slowmode=0)
    assert work.guild.acts[0].options == {"channel": MAIN, "topic": "", "slowmode": 0, "parent": WORK}
    assert (await do(work, "update_channel", channel_id="main")).result.key == "nothing"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Name one role or one member"),
        ({"role_id": "Helper", "user_id": "Ann", "allow": "Connect"}, "Name one role or one member"),
        ({"role_id": "Helper"}, "name permissions to allow"),
        ({"role_id": "Helper", "allow": "Fly"}, "no permission called 'Fly'"),
        ({"role_id": "Helper", "allow": "Send Messages", "deny": "send_messages"}, "stands in two"),
    ],
)
async def test_permissions_that_cannot_be_set(place: Desk, given: dict[str, str], said: str) -> None:
    called = await do(place, "set_channel_permissions", channel_id="main", **given)
    assert said in called.result.text
    assert place.guild.acts == []


async def test_permissions_of_a_role_and_of_a_member(place: Desk) -> None:
    given = {"channel_id": "main", "allow": "Send Messages", "deny": "Add Reactions"}
    assert (await do(place, "set_channel_permissions", role_id="Helper", **given)).fate == "ok"
    assert (await do(place, "set_channel_permissions", user_id="Ann", **given)).fate == "ok"
    role, member = (deed.options for deed in place.guild.acts)
    assert (role["role"], member["user"]) == (HELPER, ANN)
    assert (role["allow"], role["deny"], role["clear"]) == (["send_messages"], ["add_reactions"], [])


async def test_what_the_asker_is_denied_there_they_do_not_change_there(place: Desk) -> None:
    view = place.guild.people[MODERATOR]
    place.guild.there[MAIN, MODERATOR] = view.permissions - {"send_messages"}
    called = await do(place, "set_channel_permissions", channel_id="main", user_id=MODERATOR, allow="Send Messages")
    assert called.fate == "denied"
    place.guild.there[MAIN, BOT] = place.guild.people[BOT].permissions - {"add_reactions"}
    called = await do(place, "set_channel_permissions", channel_id="main", user_id="Ann", allow="Add Reactions")
    assert "I do not hold Add Reactions in #main" in called.result.text
    assert place.guild.acts == []


async def test_a_channel_that_changed_its_name_is_shown_anew(place: Desk) -> None:
    called = await place.ask("delete_channel", channel_id="main")
    place.guild.places[MAIN] = replace(place.guild.places[MAIN], name="archive")
    assert "Delete #archive" in (await place.press(called)).result.text
    assert place.guild.acts == []
