"""A file of flags is taken whole, or refused with one sentence that names the place and the fix."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Misconfigured
from bot.policy.flags_file import parse
from tests.policy.builders import PROPERTY

LEAST = '[hint]\nfamily = "experimental"\nwhat = "What it does."\nowner = "ada"\n'
NUMBER = f"{LEAST}off = 24\non = 12\nmin = 2\nmax = 24\n"
TRIAL = f'{LEAST}share = 50\n[hint.experiment]\nmetric = "unanswered"\n'
FULL = f"""{LEAST}default = "off"
safe = "off"
by = "guild"
share = 12.5
guilds = ["1"]
users = ["2", "3"]
from = 2026-06-01T12:00:00+02:00
until = 2026-07-01T00:00:00Z
windows = [{{ from = 2026-06-02T00:00:00Z, until = 2026-06-02T01:00:00Z }}]
load = 0.5
"""


def test_the_least_that_a_flag_says() -> None:
    flag = parse(LEAST)["hint"]
    assert (flag.off, flag.on, flag.default, flag.safe, flag.share, flag.by) == (
        False,
        True,
        "off",
        "off",
        0.0,
        "member",
    )
    assert flag.experiment is None
    assert flag.trial == ""


def test_all_that_a_flag_can_say() -> None:
    flag = parse(FULL)["hint"]
    assert (flag.by, flag.share, flag.load) == ("guild", 12.5, 0.5)
    assert (sorted(flag.guilds), sorted(flag.users)) == (["1"], ["2", "3"])
    assert flag.begins == datetime(2026, 6, 1, 10, tzinfo=UTC), "times are UTC inside"
    assert flag.windows[0].ends == datetime(2026, 6, 2, 1, tzinfo=UTC)


def test_an_experiment_has_a_name_that_changes_with_every_word_of_the_flag() -> None:
    one, other = parse(TRIAL)["hint"], parse(TRIAL.replace("50", "60"))["hint"]
    assert one.experiment is not None
    assert (one.experiment.minimum, one.experiment.days, one.experiment.events, one.experiment.bad) == (100, 28, 5, 1)
    assert one.trial.startswith("hint-")
    assert one.trial != other.trial
    assert parse(f"# a comment\n{TRIAL}")["hint"].trial == one.trial


WRONG = [
    ("hint = 3", "is not a table"),
    ("[hint", "is not TOML"),
    (LEAST.replace("[hint]", "[Hint]"), "is no name"),
    (LEAST.replace("owner", "ownr"), "unknown key 'ownr'"),
    (LEAST.replace('"ada"', '" "'), "owner is ' '; write a text"),
    (LEAST.replace("experimental", "odd"), "family is 'odd'; write one of safety"),
    (f"{LEAST}share = 101", "share is 101; write a number from 0 to 100"),
    (f"{LEAST}share = true", "share is True"),
    (f"{LEAST}share = nan", "share is nan"),
    (f'{LEAST}default = "yes"', "default is 'yes'"),
    (f'{LEAST}default = "on"\nshare = 5', "who is aimed at gets `on`"),
    (f"{LEAST}users = [1]", "write a list of at most 1000 ids in quotes"),
    (f'{LEAST}users = "1"', "write a list"),
    (f"{LEAST}from = 2026-06-01T12:00:00", "write a time such as"),
    (f'{LEAST}from = "soon"', "write a time such as"),
    (f"{LEAST}from = 2026-06-02T00:00:00Z\nuntil = 2026-06-01T00:00:00Z", "it must be after from"),
    (f"{LEAST}windows = [{{ from = 2026-06-02T00:00:00Z }}]", "each needs from and a later until"),
    (f"{LEAST}windows = 3", "write a list of"),
    (f"{LEAST}off = 3\non = 4", "min is nan"),
    (f"{LEAST}off = 3", "of the same kind as off"),
    (f"{LEAST}off = true", "of the same kind as off, and another value"),
    (f"{LEAST}min = 3", "only numbers have bounds"),
    (f'{LEAST}off = "a"', "write true, false or a number"),
    (f"{LEAST}on = inf\noff = 1.0", "on is inf"),
    (NUMBER.replace("on = 12", "on = 25"), "on is 25; choose one from 2 to 24"),
    (TRIAL.replace("share = 50", ""), "an experiment needs 10 to 90"),
    (TRIAL.replace("experimental", "safety"), "nobody's safety is tried out"),
    (TRIAL.replace("share = 50", 'share = 50\nby = "guild"'), "an experiment goes by member"),
    (TRIAL.replace("share = 50", 'share = 50\nsafe = "on"'), "goes back to off"),
    (TRIAL.replace('"unanswered"', '"members"'), "metric is 'members'"),
    (f'{TRIAL}guards = ["unanswered"]', "choose others"),
    (f'{TRIAL}guards = ["slow", "slow"]', "choose others"),
    (f"{TRIAL}alpha = 0.5", "alpha is 0.5; write a number from 0.001 to 0.1"),
    (f"{TRIAL}events = 2\nbad = 3", "bad is 3; write a number from 1 to 2"),
    (f"{TRIAL}days = 91", "days is 91"),
    (f"{TRIAL}winner = 1", "unknown key 'winner'"),
]


@pytest.mark.parametrize(("text", "because"), WRONG)
def test_what_is_wrong_is_refused_in_one_sentence(text: str, because: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        parse(text, "flags.toml")
    assert because in str(refused.value)
    assert str(refused.value).startswith("flags.toml")
    assert "\n" not in str(refused.value)


@PROPERTY
@given(text=st.text(max_size=60), key=st.sampled_from(["share", "users", "windows", "from", "off", "experiment"]))
def test_whatever_stands_there_is_taken_or_refused(text: str, key: str) -> None:
    for file in (text, f"{LEAST}{key} = {text}"):
        try:
            parse(file)
        except Misconfigured:
            continue
