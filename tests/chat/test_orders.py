import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.orders import Orders, arguments
from tests.chat.doubles import Deeds

SPECS = {one.spec.name: one.spec for one in Deeds().tools()}
ORDERS = Orders(SPECS.values())


@pytest.mark.parametrize(
    ("text", "tool", "given"),
    [
        ("role create Hero", "create_role", {"name": "Hero"}),
        ("ROLE   create", "create_role", {}),
        ("role create Hero of the day", "create_role", {"name": "Hero of the day"}),
        ('role create "Hero of the day"', "create_role", {"name": "Hero of the day"}),
        ("role create name='Hero of the day'", "create_role", {"name": "Hero of the day"}),
        ("role create it's", "create_role", {"name": "it's"}),
        ('role create say "hi" to "all"', "create_role", {"name": 'say "hi" to "all"'}),
        ("add 1 2", "add_numbers", {"one": "1", "other": "2"}),
        ("add 1 2 for the sake of it", "add_numbers", {"one": "1", "other": "2", "why": "for the sake of it"}),
        ("add other=5 1", "add_numbers", {"one": "1", "other": "5"}),
        ("add why='a b' one=1", "add_numbers", {"one": "1", "why": "a b"}),
        ("add x=1", "add_numbers", {"one": "x=1"}),
        ("diary whatever", "diary", {}),
        ('delete "unclosed', "delete_channel", {"channel": '"unclosed'}),
        ("topic\nhere", "channel_topic", {"channel": "here"}),
    ],
)
def test_a_command_and_its_arguments(text: str, tool: str, given: dict[str, str]) -> None:
    order = ORDERS.find(text)
    assert order is not None
    assert (order.tool, dict(order.arguments)) == (tool, given)


@pytest.mark.parametrize("text", ["", "  ", "role", "rolecreate x", "createrole", "ad 1 2", "\n"])
def test_what_is_no_command(text: str) -> None:
    assert ORDERS.find(text) is None


@pytest.mark.parametrize(
    ("text", "near"),
    [("rol create x", "role create"), ("ad 1", "add"), ("role", "role create"), ("dairy", "diary"), ("tpoic", "topic")],
)
def test_near_matches_are_found(text: str, near: str) -> None:
    assert near in ORDERS.near(text)


def test_far_ones_are_not_and_there_are_at_most_three() -> None:
    assert ORDERS.near("quantum chromodynamics") == ()
    assert ORDERS.near("") == ()
    assert len(ORDERS.near("add", [f"add{n}" for n in range(9)])) == 3


def test_a_command_by_its_words() -> None:
    assert ORDERS.named("Role Create") is SPECS["create_role"]
    assert ORDERS.named("role") is None


@given(st.text(max_size=80))
def test_any_text_gives_known_arguments_only(text: str) -> None:
    for spec in SPECS.values():
        assert set(arguments(spec, text)) <= set(spec.parameters["properties"])


@given(st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), min_size=1, max_size=12))
def test_the_last_parameter_takes_all_that_is_left(said: list[str]) -> None:
    assert arguments(SPECS["create_role"], " ".join(said)) == {"name": " ".join(said)}
