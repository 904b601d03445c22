"""Whether a model's tool call fits the tool."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.arguments import read
from bot.agent.wire import Call
from bot.core.model import ToolSchema

BAN = ToolSchema(
    "ban",
    "Bans.",
    {
        "type": "object",
        "properties": {
            "user": {"type": "string"},
            "days": {"type": "integer"},
            "dry": {"type": "boolean"},
            "why": {"type": ["string", "null"]},
            "mode": {"type": "string", "enum": ["soft", "hard"]},
        },
        "required": ["user"],
        "additionalProperties": False,
    },
)


def call(arguments: Any, name: str = "ban") -> Call:
    return Call("1", name, arguments)


@pytest.mark.parametrize(
    "arguments",
    [{"user": "1"}, '{"user": "1", "days": 3}', {"user": "1", "why": None}, {"user": "1", "days": 3.0, "mode": "soft"}],
)
def test_what_fits_is_handed_on(arguments: Any) -> None:
    found, why = read(call(arguments), [BAN])
    assert why == ""
    assert found["user"] == "1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("{", "not a JSON object (it is no JSON)"),
        ("[1]", "not a JSON object (it is list)"),
        (None, "`user` is missing"),
        ({}, "`user` is missing"),
        ({"user": 1}, "`user` must be string"),
        ({"user": "1", "days": "3"}, "`days` must be integer"),
        ({"user": "1", "days": True}, "`days` must be integer"),
        ({"user": "1", "dry": 1}, "`dry` must be boolean"),
        ({"user": "1", "why": 4}, "`why` must be string or null"),
        ({"user": "1", "mode": "nuke"}, "`mode` must be one of 'soft', 'hard'"),
        ({"user": "1", "all": True}, "`all` is not an argument"),
    ],
)
def test_what_does_not_fit_is_told_so_that_the_model_can_do_better(arguments: Any, words: str) -> None:
    assert words in read(call(arguments), [BAN])[1]


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    assert read(call({}, "kick"), [BAN]) == ({}, "There is no tool named 'kick'. The tools are: ban.")
    assert "The tools are: none" in read(call({}), [])[1]
    assert len(read(call({}, "x" * 5000), [BAN])[1]) < 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(JSON | st.text(max_size=20), st.text(max_size=5), st.dictionaries(st.text(max_size=4), JSON, max_size=3))
def test_it_is_total_whatever_a_model_writes_and_whatever_the_schema(
    arguments: Any, name: str, properties: dict[str, Any]
) -> None:
    odd = ToolSchema("odd", "", {"properties": properties})
    for tools in ([BAN], [odd], []):
        found, why = read(Call("1", name, arguments), tools)
        assert isinstance(found, dict)
        assert isinstance(why, str)
