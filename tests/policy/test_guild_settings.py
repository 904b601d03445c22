from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Misconfigured
from bot.core.guild_settings import GuildSettings
from bot.core.ids import GuildId
from bot.policy.guild_settings import KEYS, LONGEST_RETENTION, change, differences, from_row, show, to_row

GUILD = GuildId("1")
FRESH = GuildSettings(GUILD)
ROOM, HALL, ELDERS = "200000000000000001", "200000000000000002", "300000000000000001"

GOOD: list[tuple[str, Any, Any]] = [
    ("language", "de", "de"),
    ("language", "pt-BR", "pt-BR"),
    ("language", "none", ""),
    ("prefix", "?", "?"),
    ("prefix", "mw!".replace("mw", "%%"), "%%!"),
    ("listens", f"<#{ROOM}>, {HALL}", frozenset({ROOM, HALL})),
    ("listens", "none", frozenset()),
    ("ignores", [ROOM], frozenset({ROOM})),
    ("vote_channel", f"<#{ROOM}>", ROOM),
    ("vote_channel", "", ""),
    ("vote_roles", f"<@&{ELDERS}>", frozenset({ELDERS})),
    ("welcome_text", "Hello {name}", "Hello {name}"),
    ("retention_days", "2 weeks", 14),
    ("retention_days", 0, 0),
    ("retention_days", "1 year", 365),
    ("memory", "off", False),
    ("moderation", True, True),
    ("words", "frog, toad,frog", ("frog", "toad")),
    ("links", "LISTED", "listed"),
    ("domains", "www.example.org example.net", frozenset({"example.org", "example.net"})),
    ("invites", "no", False),
    ("insights", "on", True),
    ("per_user", "60", 60),
    ("per_guild", 3000, 3000),
    ("paused", "errors", "errors"),
    ("grants", {"ban_user": [ELDERS]}, {"ban_user": frozenset({ELDERS})}),
]
BAD: list[tuple[str, Any]] = [
    ("language", "german, please"),
    ("language", "d"),
    ("prefix", "a!"),
    ("prefix", "/x"),
    ("prefix", "! x"),
    ("prefix", "!!!!!!"),
    ("prefix", "@"),
    ("listens", "#general"),
    ("listens", ["1"] * 51),
    ("vote_channel", f"{ROOM},{HALL}"),
    ("vote_channel", "123456789012345678901"),
    ("welcome_text", "x" * 501),
    ("retention_days", LONGEST_RETENTION + 1),
    ("retention_days", "-1"),
    ("retention_days", "2 years"),
    ("retention_days", True),
    ("memory", "maybe"),
    ("words", "a"),
    ("words", ["frog"] * 1 + [f"word{n}" for n in range(200)]),
    ("links", "some"),
    ("domains", "http://example.org/"),
    ("domains", "localhost"),
    ("per_user", 0),
    ("per_user", 61),
    ("per_user", "many"),
    ("per_user", True),
    ("per_guild", 9),
    ("per_guild", 3001),
    ("grants", "ban_user"),
    ("grants", {"Ban User": [ELDERS]}),
    ("grants", {"ban_user": ["elders"]}),
]


@pytest.mark.parametrize(("key", "value", "kept"), GOOD)
def test_what_a_setting_takes(key: str, value: Any, kept: Any) -> None:
    after = change(FRESH, {key: value})
    assert getattr(after, key) == kept
    others = {one.name for one in fields(GuildSettings)} - {key}
    assert all(getattr(after, name) == getattr(FRESH, name) for name in others)


@pytest.mark.parametrize(("key", "value"), BAD)
def test_what_it_does_not_take_is_named_with_what_it_does(key: str, value: Any) -> None:
    with pytest.raises(Misconfigured) as raised:
        change(FRESH, {key: value})
    text = str(raised.value)
    assert text.startswith(f"{key} cannot be ")
    assert KEYS[key].allowed in text


def test_every_setting_has_a_key_and_every_key_is_a_setting() -> None:
    assert {one.name for one in fields(GuildSettings)} - {"guild", "version"} == set(KEYS)


@pytest.mark.parametrize("key", ["version", "guild", "colour", "", "language.de", "grants_"])
def test_what_is_no_setting(key: str) -> None:
    with pytest.raises(Misconfigured, match="there is no setting"):
        change(FRESH, {key: "1"})


def test_nothing_to_change() -> None:
    with pytest.raises(Misconfigured, match="nothing to change"):
        change(FRESH, {})


def test_one_tool_is_granted_beside_the_others() -> None:
    one = change(FRESH, {"grants.ban_user": ELDERS})
    both = change(one, {"grants.kick_user": f"<@&{ELDERS}>"})
    assert both.grants == {"ban_user": {ELDERS}, "kick_user": {ELDERS}}
    assert change(both, {"grants.ban_user": "none"}).grants == {"kick_user": {ELDERS}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"listens": ROOM, "ignores": ROOM}, "in listens and in ignores"),
        ({"per_user": 60, "per_guild": 10}, "per_user 60 is more than per_guild 10"),
        ({"vote_channel": ROOM, "ignores": ROOM}, "vote_channel is among ignores"),
    ],
)
def test_choices_that_contradict_each_other(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        change(FRESH, changes)


def test_several_at_once_or_none_of_them() -> None:
    with pytest.raises(Misconfigured):
        change(FRESH, {"language": "de", "per_user": 900})
    assert FRESH.language == ""


@pytest.mark.parametrize(("key", "value", "_kept"), GOOD)
def test_a_row_gives_the_same_settings_back(key: str, value: Any, _kept: Any) -> None:
    after = replace(change(FRESH, {key: value}), version=7)
    assert from_row(GUILD, to_row(after)) == after


def test_a_damaged_value_falls_back_alone() -> None:
    row = {**to_row(change(FRESH, {"language": "de"})), "per_user": 9000, "links": 5, "new_key": 1, "words": {"a": 1}}
    read = from_row(GUILD, row)
    assert (read.language, read.per_user, read.links, read.words) == ("de", 20, "any", ())


def test_what_is_shown_can_be_written_again() -> None:
    after = change(FRESH, {"listens": ROOM, "memory": "off", "words": "frog,toad", "retention_days": 9})
    for key in KEYS:
        if key != "grants":
            assert getattr(change(after, {key: show(after, key)}), key) == getattr(after, key)


def test_differences_name_both_values() -> None:
    after = change(FRESH, {"language": "de", "memory": "off"})
    assert differences(FRESH, after) == {"language": "none -> de", "memory": "on -> off"}


@given(st.sampled_from(sorted(KEYS)), st.text(max_size=80) | st.integers() | st.lists(st.text(max_size=30)) | st.none())
def test_nothing_written_exceeds_the_limits(key: str, value: Any) -> None:
    try:
        after = change(FRESH, {key: value})
    except Misconfigured:
        return
    assert 1 <= after.per_user <= 60 <= after.per_guild * 6
    assert 10 <= after.per_guild <= 3000
    assert 0 <= after.retention_days <= LONGEST_RETENTION
    assert len(after.prefix) <= 5
    assert len(after.words) <= 200
    assert all(one.isdigit() for one in (*after.listens, *after.ignores, *after.vote_roles))
    assert from_row(GUILD, to_row(after)) == after
