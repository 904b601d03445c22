"""Whoever sees what: with a store that answers each event is handled once, and by the ring that it belongs to."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.rings import (
    LEASE,
    PATIENCE,
    Lease,
    Ring,
    Seen,
    Turn,
    View,
    lease_of,
    look,
    ring_in,
    row_of,
    turn,
    view,
)

OLD, NEW = Lease("stable", "old", 1, 500.0), Lease("beta", "new", 1, 5.0)
RINGS: st.SearchStrategy[Ring] = st.sampled_from(["stable", "beta"])


@dataclass(frozen=True)
class Process:
    """One that hears an event: what it believes, how late it is, and whether it crashes before it claims."""

    view: View
    opted: bool
    late: float
    dies: bool = False

    @property
    def turn(self) -> Turn:
        return turn(self.view, opted=self.opted)


@st.composite
def processes(draw: st.DrawFn) -> Process:
    ring = draw(RINGS)
    stable, beta = draw(st.booleans()), draw(st.booleans())
    seen = View(ring, stable or ring == "stable", beta or ring == "beta", ring == "beta" and draw(st.booleans()))
    return Process(seen, draw(st.booleans()), draw(st.floats(0, 2)), draw(st.booleans()))


def handled(all_of_them: list[Process], *, store: bool = True) -> list[Process]:
    """Who handles the event: each claims in its time, and the first claim wins."""
    done: list[Process] = []
    claimed = False
    for one in sorted(all_of_them, key=lambda one: one.late + one.turn.wait):
        if one.dies:
            continue
        if store and not claimed:
            claimed = True
            done.append(one)
        elif not store and one.turn.alone:
            done.append(one)
    return done


@given(st.lists(processes(), min_size=1, max_size=6))
def test_whatever_each_believes_an_event_is_handled_once(some: list[Process]) -> None:
    assert len(handled(some)) == (0 if all(one.dies for one in some) else 1)


@given(RINGS, st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_nobody_waits_longer_than_discord_lets_a_command_wait(
    ring: Ring, stable: bool, beta: bool, shares: bool, opted: bool
) -> None:
    found = turn(View(ring, stable, beta, shares), opted=opted)
    assert found.wait in {0.0, PATIENCE}
    assert found.wait < 1.5, "1.5 of Discord's 3 seconds belong to the answer"
    assert not (ring == "beta" and found.alone), "a version on trial never acts without a claim"


@given(st.booleans(), st.integers(1, 4), st.integers(1, 4))
def test_where_all_see_the_same_one_ring_is_first(opted: bool, olds: int, news: int) -> None:
    both = [View("stable", beta=True)] * olds + [View("beta", beta=True)] * news
    first = {one.ring for one in both if turn(one, opted=opted).wait == 0}
    assert first == {"beta" if opted else "stable"}


@given(st.booleans(), st.floats(0, LEASE - 0.01), st.floats(0, 100))
def test_when_the_new_one_dies_the_old_one_is_first_at_the_end_of_the_lease(
    opted: bool, still: float, beyond: float
) -> None:
    others = {"new": Seen(NEW, 1000.0)}
    before = turn(view(OLD, others, 1000.0 + still, 600), opted=opted)
    after = turn(view(OLD, others, 1000.0 + LEASE + beyond, 600), opted=opted)
    assert before == (Turn(PATIENCE, alone=False) if opted else Turn(0.0, alone=True))
    assert after == Turn(0.0, alone=True)


@given(st.booleans())
def test_while_the_store_is_away_the_old_one_answers_alone_and_the_new_one_never(opted: bool) -> None:
    """Nobody could renew: each sees none but itself."""
    old, new = (Process(view(own, {}, 50.0, 600), opted, 0.0) for own in (OLD, NEW))
    assert handled([old, new], store=False) == [old]


def test_without_a_new_version_nothing_waits() -> None:
    for opted in (True, False):
        assert turn(view(OLD, {"twin": Seen(OLD, 9.0)}, 10.0, 600), opted=opted) == Turn(0.0, alone=True)


def test_a_new_version_that_is_alone_takes_everything_at_once() -> None:
    """As after a promotion, until its label has come to it."""
    for opted in (True, False):
        assert turn(view(NEW, {"old": Seen(OLD, 1.0)}, 1.0 + LEASE, 600), opted=opted) == Turn(0.0, alone=False)


def test_after_its_time_a_new_version_takes_its_share_and_not_before() -> None:
    others = {"old": Seen(OLD, 10.0)}
    assert turn(view(replace(NEW, age=599.9), others, 10.0, 600), opted=False).wait == PATIENCE
    assert turn(view(replace(NEW, age=600), others, 10.0, 600), opted=False) == Turn(0.0, alone=False)
    assert not view(replace(OLD, age=600), {}, 10.0, 600).shares


def test_the_time_counts_from_the_first_process_of_that_version() -> None:
    early = {"first": Seen(replace(NEW, age=700), 10.0)}
    assert view(replace(NEW, age=1), early, 10.0, 600).shares
    assert not view(replace(NEW, age=1), {"first": Seen(replace(NEW, age=700), 1.0)}, 10.0, 600).shares, "it is gone"
    other = {"first": Seen(replace(NEW, age=700, revision="newer"), 10.0)}
    assert not view(replace(NEW, age=1), other, 10.0, 600).shares


def test_a_lease_is_alive_while_its_beat_changes_whatever_the_clocks_say() -> None:
    known = look({}, {"new": NEW}, 100.0)
    assert known == {"new": Seen(NEW, 100.0)}
    assert look(known, {"new": replace(NEW, age=99.0)}, 105.0)["new"].at == 100.0, "older, yet not renewed"
    assert look(known, {"new": replace(NEW, beat=2)}, 105.0)["new"].at == 105.0
    assert look(known, {}, 105.0) == {}


@given(RINGS, st.text(max_size=12), st.integers(0, 10**9), st.floats(0, 10**6))
def test_a_row_says_what_the_lease_did(ring: Ring, revision: str, beat: int, age: float) -> None:
    lease = Lease(ring, revision, beat, age)
    assert lease_of(row_of(lease)) == lease


@pytest.mark.parametrize("row", [{}, {"ring": "beta"}, {**row_of(NEW), "beat": "x"}, {**row_of(NEW), "age": None}])
def test_a_damaged_row_is_nobody(row: dict[str, object]) -> None:
    assert lease_of(row) is None


@pytest.mark.parametrize("text", ["", "stable", "Beta", "betas", "canary"])
def test_only_beta_is_beta(text: str) -> None:
    assert ring_in(text) == "stable"
    assert ring_in(" beta\n") == "beta"
