import pytest

from bot.sdk.attendant import REACTION_ROLES
from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOT, GUILD, HELPER, MAIN, PLAIN

__all__ = ["place"]


@pytest.fixture
def message(place: Desk) -> str:
    return place.guild.say(MAIN, ANN, "react here").id


async def test_it_is_set_up_listed_and_ended(place: Desk, message: str) -> None:
    given = {"message_id": message, "emoji": " 👍 ", "role_id": "Helper"}
    assert (await do(place, "add_reaction_role", **given)).fate == "ok"
    assert place.guild.verbs == ["add_reaction"]
    [(key, row)] = place.records.scan(REACTION_ROLES)
    assert key.startswith(f"{GUILD}/{message}/")
    assert (row["role"], row["emoji"]) == (HELPER, "👍")
    assert "👍 in #main: Helper, set up by Mo" in (await do(place, "list_reaction_roles")).result.text
    assert (await do(place, "remove_reaction_role", message_id=message, emoji="👍")).fate == "ok"
    assert place.records.scan(REACTION_ROLES) == []
    assert (await do(place, "remove_reaction_role", message_id=message, emoji="👍")).result.key == "not_found"


async def test_not_by_everyone_and_not_with_every_role(place: Desk, message: str) -> None:
    given = {"message_id": message, "emoji": "👍"}
    assert (await do(place, "add_reaction_role", user=ANN, role_id="Helper", **given)).fate == "denied"
    for role in ("Mods", "Boss", "Bots", "@everyone"):
        assert (await do(place, "add_reaction_role", role_id=role, **given)).fate == "denied"
    assert (place.records.scan(REACTION_ROLES), place.guild.acts) == ([], [])


async def test_where_the_bot_may_not_react_nothing_is_kept(place: Desk, message: str) -> None:
    place.guild.there[MAIN, BOT] = (PLAIN - {"add_reactions"}) | {"manage_roles"}
    given = {"message_id": message, "emoji": "👍", "role_id": "Helper"}
    assert (await do(place, "add_reaction_role", **given)).fate == "denied"
    assert place.records.scan(REACTION_ROLES) == []


async def test_no_more_than_two_hundred(place: Desk, message: str) -> None:
    for number in range(200):
        place.records.put(REACTION_ROLES, f"{GUILD}/{number}/x", {})
    called = await do(place, "add_reaction_role", message_id=message, emoji="👍", role_id="Helper")
    assert called.result.key == "too_many"
    assert place.guild.acts == []
