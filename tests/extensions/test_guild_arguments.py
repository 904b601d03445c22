"""Every tool for servers, with every kind of bad argument: a sentence, and nothing done."""

from typing import Any

import pytest

from bot.sdk import ToolSpec
from tests.extensions.guild_desk import TOOLS, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOSS, GUILD, HELPER, MAIN

__all__ = ["place"]
SPECS = {one.spec.name: one.spec for one in TOOLS if one.spec.guild_only}
GOOD = {"member": ANN, "user": ANN, "role": HELPER, "channel": MAIN, "message": "600000000000000000"}
ONES = [(name, argument) for name, spec in SPECS.items() for argument in spec.parameters["properties"]]


def good(spec: ToolSpec, leave: str = "") -> dict[str, Any]:
    """Arguments that fit, for all that are required and not left out."""
    given: dict[str, Any] = {}
    for name in spec.parameters["required"]:
        shape = spec.parameters["properties"][name]
        if name == leave:
            continue
        if "enum" in shape:
            given[name] = shape["enum"][0]
        elif shape["type"] == "integer":
            given[name] = max(1, shape.get("minimum", 1))
        else:
            given[name] = GOOD.get(shape.get("format", ""), "600000000000000000" if "format" in shape else "abcdef")
    return given


async def refused(place: Desk, name: str, given: dict[str, Any]) -> str:
    for options in ({}, {"by_model": True}):
        called = await place.registry.call(name, given, place.caller(BOSS), **options)
        assert called.fate == "bad_arguments", (name, given, called)
        assert called.result.text.startswith("That did not work: ")
        assert len(called.result.text) < 500, "what was given is not repeated at length"
    assert place.guild.acts == []
    assert place.records.scan("pledges") == []
    return called.result.text


def test_all_of_them_are_here() -> None:
    listed = (
        "create_role update_role delete_role assign_role remove_role create_channel update_channel delete_channel "
        "set_channel_permissions get_user_info ban_user unban_user kick_user send_message edit_message delete_message "
        "add_reaction get_server_info update_server create_invite get_member_list create_webhook execute_webhook "
        "delete_webhook timeout_user warn_user list_cases remove_case set_welcome end_welcome show_welcome "
        "add_reaction_role remove_reaction_role list_reaction_roles slowmode purge"
    )
    assert set(listed.split()) <= set(SPECS)


def test_each_says_what_it_is_and_has_a_command_of_its_own() -> None:
    commands = [one.spec.command for one in TOOLS if one.spec.command]
    assert len(commands) == len(set(commands))
    assert all(spec.command and spec.summary.endswith((".", "!")) and spec.say for spec in SPECS.values())


CHANGES = "ban_user send_message create_role purge add_reaction set_welcome warn_user slowmode timeout_user assign_role"
FINAL = "ban_user kick_user delete_role delete_channel delete_message delete_webhook purge remove_case"


def test_what_changes_something_says_so() -> None:
    assert {name for name in CHANGES.split() if not SPECS[name].mutates} == set()
    assert {name for name in FINAL.split() if not SPECS[name].destructive} == set()


@pytest.mark.parametrize(("name", "argument"), ONES)
async def test_a_value_of_another_type_or_out_of_range(place: Desk, name: str, argument: str) -> None:
    shape = SPECS[name].parameters["properties"][argument]
    given = good(SPECS[name], leave=argument)
    if shape["type"] == "string":
        bad: list[Any] = [{"a": 1}, [["x"]]]
        bad += ["x" * 6000] if "maxLength" in shape or "format" in shape else []
        bad += ["\u200b\u202e"] if shape.get("minLength") else []
    else:
        bad = ["many", {"a": 1}, 10**13]
        bad += [shape["minimum"] - 1] if "minimum" in shape else []
    if shape["type"] == "boolean" or "enum" in shape:
        bad = ["maybe", {"a": 1}]
    for value in bad:
        await refused(place, name, {**given, argument: value})


@pytest.mark.parametrize("name", sorted(SPECS))
async def test_unknown_names_and_other_servers(place: Desk, name: str) -> None:
    given = good(SPECS[name])
    assert "there is no 'nonsense' here" in await refused(place, name, {**given, "nonsense": 1})
    assert "another server" in await refused(place, name, {**given, "guildId": "100000000000000002"})
    if SPECS[name].parameters["required"]:
        assert "is missing" in await refused(place, name, {})


@pytest.mark.parametrize(
    ("name", "argument"), [one for one in ONES if "format" in SPECS[one[0]].parameters["properties"][one[1]]]
)
async def test_things_that_are_not_here(place: Desk, name: str, argument: str) -> None:
    form = SPECS[name].parameters["properties"][argument]["format"]
    bad = {"user": ["Nobody"], "message": ["latest"], "id": ["https://discord.com/api/webhooks/1/token"]}
    for value in bad.get(form, ["Nobody", "999999999999999999", "\u200b", GUILD]):
        await refused(place, name, {**good(SPECS[name], leave=argument), argument: value})


@pytest.mark.parametrize("name", sorted(SPECS))
async def test_none_of_them_works_in_a_direct_message(place: Desk, name: str) -> None:
    called = await place.registry.call(name, good(SPECS[name]), place.caller(BOSS, guild=""))
    assert called.result.text == "That works on a Discord server only; ask me there."
    assert place.guild.acts == []
