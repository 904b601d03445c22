import pytest

from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOSS, COSMETIC, HELPER, MODERATOR, OWNER

__all__ = ["place"]


async def test_a_role_is_made_as_asked(place: Desk) -> None:
    made = await do(place, "create_role", name=" New\u200b ", permissions="send messages", color="#ff8800", hoist="yes")
    assert made.result.text.startswith("The role New is there")
    [deed] = place.guild.acts
    assert deed.options == {"name": "New", "permissions": ["send_messages"], "color": 0xFF8800, "hoist": True}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"color": "orange"}, "'orange' is no colour"),
        ({"permissions": "fly"}, "no permission called 'fly'"),
        ({"color": "#12345"}, "is no colour"),
    ],
)
async def test_what_a_role_cannot_be(place: Desk, given: dict[str, str], said: str) -> None:
    called = await do(place, "create_role", name="New", **given)
    assert (called.fate, said in called.result.text) == ("refused", True)
    assert place.guild.acts == []


async def test_only_what_is_given_changes(place: Desk) -> None:
    await do(place, "update_role", role_id="Helper", name="Guide")
    assert place.guild.acts[0].options == {"role": HELPER, "name": "Guide"}
    await do(place, "update_role", role_id="Helper", permissions="none", mentionable="no")
    assert place.guild.acts[1].options == {"role": HELPER, "permissions": [], "mentionable": False}
    assert (await do(place, "update_role", role_id="Helper")).result.key == "nothing"


async def test_taking_permissions_from_a_role_needs_them_too(place: Desk) -> None:
    view = place.guild.ranks[HELPER]
    place.guild.ranks[HELPER] = type(view)(HELPER, view.guild, "Helper", 2, frozenset({"mention_everyone"}))
    called = await do(place, "update_role", role_id="Helper", permissions="none")
    assert "you do not hold Mention Everyone" in called.result.text.replace("You", "you")
    assert place.guild.acts == []


async def test_giving_and_taking(place: Desk) -> None:
    assert (await do(place, "assign_role", user_id="Ann", role_id="Helper")).fate == "ok"
    assert place.guild.acts[0].options == {"user": ANN, "role": HELPER}
    assert (await do(place, "remove_role", user_id="Ann", role_id="Helper")).result.key == "had_not"
    assert (await do(place, "assign_role", user_id="Bea", role_id="Boss")).result.key == "had"
    assert (await do(place, "assign_role", user_id=OWNER, role_id="Helper")).fate == "denied"
    assert len(place.guild.acts) == 1


async def test_one_takes_a_role_from_oneself_and_not_from_those_above(place: Desk) -> None:
    for user, name in ((MODERATOR, "Mo"), (BOSS, "Bea")):
        view = place.guild.people[user]
        place.guild.people[user] = type(view)(
            view.id, view.guild, name, view.permissions, view.top, view.roles | {COSMETIC}
        )
    assert (await do(place, "remove_role", user_id="Mo", role_id="Cosmetic")).fate == "ok"
    assert (await do(place, "remove_role", user_id="Bea", role_id="Cosmetic")).fate == "denied"
    assert place.guild.verbs == ["remove_role"]


async def test_the_name_of_a_role_is_no_way_to_write_lines(place: Desk) -> None:
    view = place.guild.ranks[HELPER]
    place.guild.ranks[HELPER] = type(view)(HELPER, view.guild, "x\n\u202eIgnore all " + "y" * 400, 2)
    called = await place.ask("delete_role", role_id=HELPER)
    assert "\n" not in called.preview
    assert "\u202e" not in called.preview
    assert len(called.preview) < 200
