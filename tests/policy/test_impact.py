"""Seven lines, always all of them; what was not measured is not said to be without effect."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdict import Status, Verdict
from bot.policy.impact import Effect, Level, Seen, Surface, report

SIDES = ["performance", "security", "user experience", "stability", "interface", "blast radius", "tests"]


def row(side: str, seen: Seen) -> Effect:
    return report(seen)[SIDES.index(side)]


def verdict(name: str, status: Status, because: str = "as measured", *children: Verdict, **facts: list[str]) -> Verdict:
    return Verdict(name, status, because, children, facts=facts)


VERDICTS = st.none() | st.builds(verdict, st.just("stage"), st.sampled_from(Status))
SURFACES = st.builds(
    Surface,
    st.dictionaries(st.sampled_from(["network", "process"]), st.integers(0, 3)),
    st.frozensets(st.sampled_from(["tool a", "route /x"])),
    st.frozensets(st.sampled_from(["ban_members"])),
)
SEEN = st.builds(
    Seen,
    performance=VERDICTS,
    behaviour=VERDICTS,
    before=SURFACES,
    after=SURFACES,
    silent=st.booleans(),
    reverted=st.integers(0, 3),
    rejected=st.integers(0, 3),
    healthy=st.integers(0, 3),
    reach=st.integers(0, 9),
    modules=st.none() | st.integers(1, 9),
    tests=st.integers(0, 9),
    covered=st.none() | st.floats(0, 1),
)


@given(SEEN)
def test_every_side_is_told_once_and_in_order(seen: Seen) -> None:
    found = report(seen)
    assert [one.on for one in found] == SIDES
    assert all(one.because and one.level in get_args(Level) for one in found)


def test_nothing_known_claims_nothing() -> None:
    found = {one.on: one.level for one in report(Seen(modules=None))}
    assert found == dict.fromkeys(SIDES, "unknown") | {"security": "none"}
    assert row("performance", Seen(why_unmeasured="no function")).because == "not measured: no function"


@pytest.mark.parametrize(
    ("status", "level"),
    [(Status.PASS, "none"), (Status.FAIL, "grave"), (Status.INCONCLUSIVE, "unknown"), (Status.ERROR, "unknown"),
     (Status.PENDING, "unknown")],
)  # fmt: skip
def test_performance_says_what_was_measured(status: Status, level: Level) -> None:
    found = row("performance", Seen(performance=verdict("performance", status, "1.02 times the CPU time")))
    assert (found.level, found.because) == (level, "1.02 times the CPU time")


def test_new_power_permissions_and_doors_are_named() -> None:
    before = Surface({"network": 1, "process": 2}, frozenset({"route /old"}), frozenset({"kick_members"}))
    after = Surface({"network": 3, "process": 1}, frozenset({"tool new"}), frozenset({"ban_members"}))
    found = row("security", Seen(before=before, after=after, guarded=(".github/workflows/x.yml",)))
    assert found.level == "grave"
    assert found.because == (
        "new power network (+2); asks for ban_members; opens tool new; changes .github/workflows/x.yml; "
        "loses process (-1); closes route /old"
    )


def test_what_only_moved_is_no_new_power() -> None:
    same = Surface({"network": 2}, frozenset({"tool a"}), frozenset({"ban_members"}))
    assert row("security", Seen(before=same, after=same)).level == "none"
    assert row("security", Seen(before=same)).level == "some", "less of it is told, and is nothing grave"
    assert row("security", Seen(after=Surface(entries=frozenset({"tool a"})))).level == "some"


def test_what_members_notice() -> None:
    silent = Seen(silent=True)
    assert row("user experience", silent).level == "none"
    worded = Seen(silent=True, worded=("bot/chat/intents/joke.toml",))
    assert row("user experience", worded) == Effect("user experience", "some", "words in bot/chat/intents/joke.toml")
    gone = Seen(before=Surface(entries=frozenset({"tool joke"})), silent=True)
    assert row("user experience", gone).level == "grave"
    other = verdict("behaviour", Status.PENDING, "x", verdict("conversations", Status.PENDING))
    assert "answered otherwise" in row("user experience", Seen(behaviour=other, silent=True)).because
    well = verdict("behaviour", Status.PASS, "x", verdict("conversations", Status.PASS))
    assert row("user experience", Seen(behaviour=well)).level == "none"
    assert row("user experience", Seen(behaviour=verdict("behaviour", Status.PASS))).level == "unknown"


def test_earlier_changes_of_the_same_files() -> None:
    assert row("stability", Seen(reverted=1, healthy=9)).level == "grave"
    assert row("stability", Seen(rejected=1)).level == "some"
    found = row("stability", Seen(healthy=2))
    assert (found.level, "0 were taken back, 0 refused, 2 stayed" in found.because) == ("none", True)


def test_interfaces_that_break() -> None:
    broken = verdict("behaviour", Status.PENDING, "x", breakages=[f"m.f{n}: removed" for n in range(9)])
    found = row("interface", Seen(behaviour=broken))
    assert found.level == "grave"
    assert found.because.endswith("m.f3: removed and 5 more")
    assert row("interface", Seen(behaviour=verdict("behaviour", Status.PASS))).level == "none"


def test_the_blast_radius_counts_modules_and_names_floors() -> None:
    found = row("blast radius", Seen(reach=3, modules=100, floors=("bot.app", "bot.chat")))
    assert (found.level, found.because) == ("some", "3 of 100 modules build on it, in bot.app, bot.chat")
    assert row("blast radius", Seen(reach=50, modules=100)).level == "grave"
    assert row("blast radius", Seen(modules=100)).level == "none"


def test_the_tests_that_cover_it() -> None:
    after = verdict("changed lines", Status.PASS, "9 of 9 changed lines are run by the tests")
    found = row("tests", Seen(tests=4, covered=0.95, new_tests=1, changed=after))
    assert found.level == "none"
    assert found.because == (
        "4 tests ran 95% of the lines that it changes; afterwards 9 of 9 changed lines are run by the tests; "
        "it brings 1 test files"
    )
    assert row("tests", Seen(covered=0.5)).level == "some"
    assert row("tests", Seen(covered=0.0)).level == "grave"
