from typing import Annotated, Any, Literal

import pytest

from bot.core.guild import ChannelView, MemberView, RoleView
from bot.sdk.arguments import fit, guild_of, snowflake
from bot.sdk.notes import ID, MESSAGE, USER, Complete, Length, Range
from bot.sdk.schema import completers_of, schema_of

OFFER = Complete(lambda _host, typed: [typed])


def example(
    host: object,
    *,
    user_id: MemberView,
    role_id: RoleView | None = None,
    channel_id: ChannelView | None = None,
    name: Annotated[str, "its name", Length(1, 10), OFFER] = "x",
    count: Annotated[int, "how many", Range(1, 5)] = 1,
    kind: Literal["text", "voice"] = "text",
    who: Annotated[str, "anybody", USER] = "",
    message_id: Annotated[str, "a message", MESSAGE] = "",
    hook: Annotated[str, "a webhook", ID] = "",
) -> None:
    """Every note there is."""


SCHEMA = schema_of("example", example)
ME = "200000000000000001"


def test_notes_stand_in_the_schema() -> None:
    properties = SCHEMA["properties"]
    assert SCHEMA["required"] == ["user_id"]
    assert properties["user_id"] == {"type": "string", "format": "member"}
    assert properties["role_id"] == {"type": "string", "format": "role"}
    assert properties["channel_id"] == {"type": "string", "format": "channel"}
    name = {"description": "its name", "minLength": 1, "maxLength": 10, "complete": True, "default": "x"}
    assert properties["name"] == {"type": "string", **name}
    assert properties["count"]["minimum"] == 1
    assert properties["count"]["maximum"] == 5
    assert [properties[one]["format"] for one in ("who", "message_id", "hook")] == ["user", "message", "id"]
    assert list(completers_of(example)) == ["name"]


@pytest.mark.parametrize(
    "given",
    [{"userId": ME}, {"user_id": ME}, {"userID": ME}, {"user": ME}, {"member": ME}, {"options": {"userId": ME}}],
)
def test_names_as_others_write_them(given: dict[str, Any]) -> None:
    assert fit(SCHEMA, given) == ({"user_id": ME}, "")


def test_options_and_what_stands_beside_them() -> None:
    given = {"user": ME, "type": "VOICE", "options": '{"name": "talk", "count": "3"}'}
    assert fit(SCHEMA, given) == ({"user_id": ME, "kind": "voice", "name": "talk", "count": 3}, "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"user": ME, "userId": ME}, "user_id is given twice"),
        ({"user": ME, "options": {"colour": "red"}}, "there is no 'colour' here"),
        ({"user": ME, "options": "{"}, "there is no 'options' here"),
        ({"user": ME, "options": [1]}, "there is no 'options' here"),
        ({"user": ME, "__class__": "x"}, "there is no '__class__' here"),
        ({"user": {"id": ME}}, "user_id must be a text"),
        ({"user": ME, "name": ["a", {"b": 1}]}, "name must be a text"),
        ({"user": ME, "name": "x" * 6000}, "name is too long: 6,000 characters, and at most 10 fit"),
        ({"user": ME, "name": ""}, "name needs at least 1 visible character"),
        ({"user": ME, "name": "\u200b\u200d\u2060"}, "name needs at least 1 visible character"),
        ({"user": ME, "name": "\u202e \u2066"}, "name needs at least 1 visible character"),
        ({"user": ME, "count": 6}, "count must be 1 to 5"),
        ({"user": ME, "count": -1}, "count must be 1 to 5"),
        ({"user": ME, "count": "many"}, "count must be a whole number"),
        ({"user": ME, "count": True}, "count must be a whole number"),
        ({"user": ME, "kind": "forum"}, "kind must be one of text, voice"),
        ({}, "user_id is missing"),
    ],
)
def test_what_does_not_fit_is_said(given: dict[str, Any], said: str) -> None:
    fitted, problem = fit(SCHEMA, given)
    assert problem.startswith(said)
    assert fitted.get("name") in (None, "x")


def test_a_list_of_words_is_a_text_with_commas() -> None:
    assert fit(SCHEMA, {"user": ME, "name": ["a", "b"]})[0]["name"] == "a, b"


@pytest.mark.parametrize(
    ("given", "guild"),
    [({"guild_id": "5", "a": 1}, "5"), ({"guildId": 5, "a": 1}, "5"), ({"guildID": "", "a": 1}, ""), ({"a": 1}, "")],
)
def test_the_guild_is_taken_out(given: dict[str, Any], guild: str) -> None:
    assert guild_of(given) == (guild, {"a": 1})


@pytest.mark.parametrize(
    "text", ["", "12", "-200000000000000001", "2" * 21, "20000000000000000x", "２０００００００００００００００００"]
)
def test_no_snowflake(text: str) -> None:
    assert snowflake(text) == ""
