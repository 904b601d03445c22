"""A controller that is restarted without the forge: it goes on with what was kept, and never back to what was bad."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.ids import Sha
from bot.core.verdict import Status
from bot.improve.forgeless import Forgeless
from bot.improve.remembered import MOST, view
from tests.improve._forgeless_case import CHARTER, FOUR, HISTORY, ONE, THREE, TWO, Case, merged


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def nothing(case: Case) -> bool:
    return not (case.cluster.did or case.rows() or "roll_back" in case.acts())


async def test_restarted_without_the_forge_it_goes_on_with_what_was_seen_before(case: Case) -> None:
    await case.rounds(2)
    case.forgeless = Forgeless(case.ctx)
    await case.rounds(11)
    assert nothing(case), "its own minute first"
    await case.rounds(4)
    assert (case.cluster.running, case.cluster.is_held) == (TWO, True)
    assert case.acts() == ["roll_back", "page"]


@pytest.mark.parametrize("row", [{}, {"main": FOUR, "proposals": [{"pull": "x"}], "settled": {}}, {"proposals": 1}])
async def test_what_was_kept_and_cannot_be_read_is_left_out(case: Case, row: dict[str, Any]) -> None:
    case.records.put("last_view", "merged", row)
    case.forgeless = Forgeless(case.ctx)
    await case.rounds(30)
    assert nothing(case)
    assert "cannot be read" in case.told("held")[0]


async def test_what_runs_and_was_never_seen_is_left_alone_after_a_restart(case: Case) -> None:
    case.sees(merged(2, TWO))
    case.forgeless = Forgeless(case.ctx)
    await case.rounds(30)
    assert nothing(case), "somebody merged and deployed it while no controller ran"


async def test_only_merges_are_kept_and_written_when_they_change(case: Case) -> None:
    puts: list[str] = []
    put = case.records.put

    def counted(table: str, key: str, row: Mapping[str, Any]) -> None:
        puts.append(table)
        put(table, key, row)

    case.records.put = counted  # type: ignore[method-assign]
    opened = replace(merged(9, THREE), merged_as=None, merged_at=None)
    case.sees(merged(2, TWO), merged(3, THREE), opened)
    assert puts == [], "what is only open is nothing that runs"
    case.sees(merged(2, TWO), merged(3, THREE), settled={2: Status.PASS, 3: Status.FAIL})
    assert puts == ["last_view"]
    kept = view(case.ctx)
    assert kept is not None
    assert (kept.main, kept.charter) == (FOUR, CHARTER)
    assert kept.proposals == (merged(2, TWO), merged(3, THREE))
    assert kept.settled == case.seen.settled
    case.sees(*(merged(number, TWO) for number in range(1, MOST + 9)))
    assert [int(p.pull) for p in view(case.ctx).proposals] == list(range(9, MOST + 9))  # type: ignore[union-attr]


async def test_a_disk_that_takes_nothing_holds_up_nothing(case: Case) -> None:
    def full(*_row: Any) -> None:
        raise OSError(28, "No space left on device")

    case.records.put = full  # type: ignore[method-assign, assignment]
    case.sees(merged(2, TWO))
    assert "No space left" in case.told("later")[0]
    assert len(case.seen.proposals) == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_it_never_goes_back_to_what_was_taken_back_itself(case: Case, restarted: bool) -> None:
    """TWO was well once and taken back by a person since, by THREE; FOUR brought something else, and is bad."""
    back = merged(3, THREE, reverts=TWO)
    case.sees(merged(1, ONE), merged(2, TWO), back, merged(4, FOUR), settled=dict.fromkeys((1, 2, 3), Status.PASS))
    case.cluster.running, case.cluster.previous, case.cluster.sick = FOUR, TWO, FOUR
    if restarted:
        case.forgeless = Forgeless(case.ctx)
    await case.rounds(40)
    assert (case.cluster.did, case.cluster.running) == ([], FOUR)
    assert "holds what was taken back since" in case.told("page")[0]


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    bad=st.sampled_from(HISTORY[1:]),
    previous=st.none() | st.sampled_from(HISTORY),
    reverts=st.dictionaries(st.sampled_from([2, 3, 4]), st.sampled_from(HISTORY[:3]), max_size=3),
    settled=st.dictionaries(st.sampled_from([1, 2, 3, 4]), st.sampled_from([Status.PASS, Status.FAIL])),
    restarted=st.booleans(),
)
async def test_wherever_it_goes_back_to_was_not_taken_back(
    bad: Sha, previous: Sha | None, reverts: dict[int, Sha], settled: dict[int, Status], restarted: bool
) -> None:
    with TemporaryDirectory() as folder:
        case = Case(Path(folder))
        known = [merged(n, sha, reverts=reverts.get(n)) for n, sha in enumerate(HISTORY, 1)]
        case.sees(*known, settled=settled)
        case.cluster.running, case.cluster.previous, case.cluster.sick = bad, previous, bad
        if restarted:
            case.forgeless = Forgeless(case.ctx)
        await case.rounds(20)
        if case.cluster.running == bad:
            return
        good = case.cluster.running
        assert good is not None
        assert HISTORY.index(good) < HISTORY.index(bad)
        later = [p for p in known if p.merged_as and HISTORY.index(p.merged_as) > HISTORY.index(good)]
        taken = {p.reverts for p in later if p.reverts is not None}
        assert not [sha for sha in taken if HISTORY.index(sha) <= HISTORY.index(good)], "it holds nothing taken back"
