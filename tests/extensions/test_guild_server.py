from typing import Any

import pytest

from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, MAIN, MODERATOR, SECRET

__all__ = ["place"]


async def test_what_is_hidden_is_not_counted(place: Desk) -> None:
    called = await do(place, "get_server_info", user=ANN)
    assert dict(called.result.card.fields)["Channels you can see"] == "1"  # type: ignore[union-attr]
    place.guild.there.clear()
    called = await do(place, "get_server_info", user=ANN)
    assert dict(called.result.card.fields)["Channels you can see"] == "2"  # type: ignore[union-attr]


async def test_a_member_and_oneself(place: Desk) -> None:
    assert "roles Mods" in (await do(place, "get_user_info", user=ANN, user_id="Mo")).result.text
    assert (await do(place, "get_user_info", user=ANN)).result.facts["id"] == ANN


@pytest.mark.parametrize(
    ("given", "names"),
    [({}, 5), ({"like": "an"}, 1), ({"role_id": "Mods"}, 1), ({"role_id": "Helper"}, 0), ({"limit": 2}, 2)],
)
async def test_members(place: Desk, given: dict[str, Any], names: int) -> None:
    called = await do(place, "get_member_list", user=ANN, **given)
    assert called.result.facts.get("count", 0) == names


async def test_only_what_is_given_changes(place: Desk) -> None:
    assert (await do(place, "update_server", description="", system_channel_id="main")).fate == "ok"
    assert place.guild.acts[0].options == {"description": "", "system_channel": MAIN}
    assert (await do(place, "update_server")).result.key == "nothing"
    assert (await do(place, "update_server", name="x")).result.key == "bad_arguments"
    assert (await do(place, "update_server", name="xx", system_channel_id=SECRET)).fate == "bad_arguments"
    assert len(place.guild.acts) == 1


async def test_an_invite_holds_for_a_day_and_one_use(place: Desk) -> None:
    called = await place.ask("create_invite", by_model=True)
    assert called.preview == "Make an invite to #main for 1 d, 1 use."
    assert (await place.press(called)).result.text.endswith("https://discord.com/x")
    assert place.guild.acts[0].options == {"channel": MAIN, "max_age": 86400, "max_uses": 1}


async def test_an_invite_is_made_where_the_asker_may_invite(place: Desk) -> None:
    view = place.guild.people[MODERATOR]
    place.guild.there[MAIN, MODERATOR] = view.permissions - {"create_instant_invite"}
    assert (await do(place, "create_invite")).fate == "denied"
    assert place.guild.acts == []
