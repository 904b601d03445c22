"""Who gets which side of a flag: always the same one, grown without moving anybody, stopped before all else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.flags import Experiment, Flag, Stopped, Unit, Window
from bot.core.ids import GuildId, UserId
from bot.policy.flag_stops import CONTROLLER, key_of, stopped
from bot.policy.flags import counts, decide, drawn_at
from tests.policy.builders import DAY, HOUR, NOW, PROPERTY

PLAIN = Flag("near_hint", "experimental", "what", "owner", off=False, on=True, mark="abc")
HALF = replace(PLAIN, share=50.0)
ANN, GUILD = UserId("ann"), GuildId("1")
STOP = Stopped("near_hint", GuildId(""), "ada", "it confuses", "2026-06-01")
TRIAL = Experiment("unanswered", (), 100, 28, 5, 1, 0.05)
NAMES = st.text(min_size=1, max_size=12)


@settings(PROPERTY, max_examples=30)
@given(user=NAMES, guild=NAMES, small=st.floats(0.1, 100), more=st.floats(0, 100))
def test_a_growing_share_moves_nobody_out(user: str, guild: str, small: float, more: float) -> None:
    unit = Unit(UserId(user), GuildId(guild))
    for by in ("member", "guild"):
        before = decide(replace(PLAIN, by=by, share=small), unit, NOW)
        after = decide(replace(PLAIN, by=by, share=min(100.0, small + more)), unit, NOW + DAY)
        assert (before.side, after.side) != ("on", "off")
        assert before.because
        assert before.value is (before.side == "on")


def test_a_share_is_what_it_says_and_flags_are_drawn_apart() -> None:
    units = [f"member-{number}" for number in range(4000)]
    inside = {name: {unit for unit in units if drawn_at(name, unit) < 25} for name in ("one", "other")}
    assert all(abs(len(found) - 1000) < 120 for found in inside.values())
    assert abs(len(inside["one"] & inside["other"]) - 250) < 70, "who is in for one flag is not in for all"


def test_everybody_is_in_at_a_hundred_and_nobody_at_none() -> None:
    units = [Unit(UserId(str(number))) for number in range(300)]
    assert {decide(replace(PLAIN, share=100.0), unit, NOW).side for unit in units} == {"on"}
    assert {decide(PLAIN, unit, NOW).side for unit in units} == {"off"}
    assert {decide(replace(PLAIN, default="on"), unit, NOW).side for unit in units} == {"on"}


AIMED: list[tuple[dict[str, Any], str, str]] = [
    ({"users": frozenset({ANN})}, "on", "this member is on its list"),
    ({"guilds": frozenset({GUILD})}, "on", "this server is on its list"),
    ({"users": frozenset({"bob"}), "guilds": frozenset({"2"})}, "off", "off is the default"),
    ({"users": frozenset({ANN}), "begins": NOW + HOUR}, "off", "it begins at 2026-06-01 13:00 UTC"),
    ({"users": frozenset({ANN}), "begins": NOW}, "on", "list"),
    ({"users": frozenset({ANN}), "ends": NOW}, "off", "it ended at 2026-06-01 12:00 UTC"),
    ({"users": frozenset({ANN}), "ends": NOW + HOUR}, "on", "list"),
    ({"users": frozenset({ANN}), "windows": (Window(NOW, NOW + HOUR),)}, "off", "maintenance until 2026-06-01 13:00"),
    ({"users": frozenset({ANN}), "windows": (Window(NOW - HOUR, NOW),)}, "on", "list"),
    ({"default": "on", "safe": "off", "windows": (Window(NOW, NOW + HOUR),)}, "off", "maintenance"),
    ({"users": frozenset({ANN}), "load": 0.5}, "off", "more than 50% of the replies are under way"),
    ({"by": "guild", "share": 100.0}, "on", "this guild is within its 100 %"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "side", "because"), AIMED)
def test_each_rule_speaks_in_its_turn_and_says_why(changes: dict[str, Any], side: str, because: str) -> None:
    found = decide(replace(PLAIN, **changes), Unit(ANN, GUILD, load=0.6), NOW)
    assert found.side == side
    assert because in found.because
    assert found.trial == "", "who was chosen by hand is no sample"


def test_nobody_in_particular_is_not_drawn() -> None:
    assert decide(replace(PLAIN, share=99.0), Unit(), NOW).because == "it goes by member, and there is none here"
    elsewhere = decide(replace(PLAIN, share=99.0, by="guild"), Unit(ANN), NOW)
    assert (elsewhere.side, elsewhere.because) == ("off", "it goes by guild, and there is none here")


def test_who_is_drawn_is_part_of_the_experiment_on_either_side() -> None:
    flag = replace(HALF, experiment=TRIAL)
    found = [decide(flag, Unit(UserId(str(number))), NOW) for number in range(50)]
    assert {one.side for one in found} == {"on", "off"}
    assert {one.trial for one in found} == {"near_hint-abc"}
    assert {decide(HALF, Unit(ANN), NOW).trial} == {""}


@PROPERTY
@given(user=NAMES, share=st.floats(0, 100), hours=st.integers(-48, 48), load=st.floats(0, 1))
def test_a_stop_everywhere_is_above_every_rule(user: str, share: float, hours: int, load: float) -> None:
    flag = replace(PLAIN, share=share, users=frozenset({UserId(user)}), begins=NOW)
    found = decide(flag, Unit(UserId(user), GUILD, load), NOW + timedelta(hours=hours), [STOP])
    assert (found.side, found.value, found.trial) == ("off", False, "")
    assert found.because == "ada stopped it everywhere: it confuses"


def test_a_stop_leads_to_the_safe_side_whatever_that_is() -> None:
    assert decide(replace(PLAIN, safe="on"), Unit(ANN), NOW, [STOP]).value is True


def test_a_stop_of_one_server_ends_there() -> None:
    here, flag = replace(STOP, guild=GUILD), replace(PLAIN, default="on")
    assert decide(flag, Unit(ANN, GUILD), NOW, [here]).side == "off"
    assert decide(flag, Unit(ANN, GuildId("2")), NOW, [here]).side == "on"
    assert decide(flag, Unit(ANN), NOW, [here]).side == "on"


def test_a_stop_of_another_flag_or_of_an_earlier_declaration_is_none() -> None:
    assert not counts(replace(STOP, flag="other"), PLAIN)
    assert not counts(replace(STOP, mark="older"), PLAIN)
    assert counts(replace(STOP, mark="abc"), PLAIN)
    assert counts(replace(STOP, mark="older"), replace(PLAIN, mark="")), "where no declaration is known, all count"


def test_rows_of_stops_are_read_and_a_damaged_one_stops_everywhere() -> None:
    row = {"flag": "near_hint", "guild": "1", "by": "ada", "reason": "x", "at": "2026", "mark": ""}
    found = stopped([("near_hint/1/", row), ("warm_tone/1/", {"flag": 3})])
    assert found[1] == Stopped("near_hint", GUILD, "ada", "x", "2026")
    assert (found[0].flag, found[0].guild, found[0].mark) == ("warm_tone", "", "")
    assert key_of("a", GUILD) != key_of("a", GUILD, CONTROLLER)
