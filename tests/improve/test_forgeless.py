"""Without the forge: what goes back, and what must not. Nothing here asks a server or git."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.change import Proposal
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ids import Sha
from bot.core.verdict import Status
from bot.improve.forgeless import OURS, Forgeless
from bot.improve.reverts import capture
from bot.policy.reconcile import PATIENCE, TABLE, RolledBack
from tests.improve._forgeless_case import FOUR, NOON, ONE, THREE, TWO, Case, merged


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def nothing(case: Case) -> bool:
    return not (case.cluster.did or case.rows() or "roll_back" in case.acts())


async def test_bad_health_goes_back_once_after_a_minute(case: Case) -> None:
    await case.rounds(11)
    assert nothing(case), "a short absence is waited for: a revert in git is the better way"
    assert "better way" in case.told("held")[-1]
    await case.rounds(10)
    because = case.told("rollback")[0]
    assert case.cluster.did == ["hold", f"back to 2: {because.partition(': ')[2]}"]
    assert because.startswith(f"went back from {THREE[:12]} to {TWO[:12]}: the forge is away and ")
    assert (case.acts().count("roll_back"), case.acts().count("page"), len(case.told("page"))) == (1, 1, 1)
    ((key, row),) = case.rows()
    left = RolledBack.read(row)
    assert (key, left.bad, left.good, left.done, row["pull"]) == (f"{OURS}{THREE}", THREE, TWO, True, 3)
    assert case.records.get(capture.TABLE, THREE) is not None, "the failure is kept as it was seen"


async def test_it_watches_by_itself(case: Case) -> None:
    await case.rounds(3)
    assert case.cluster.reads == 4, "twice both revisions, and then there was a verdict"
    assert len(case.records.scan("readings", THREE)) == 4


async def test_good_health_and_no_answer_go_nowhere(case: Case) -> None:
    case.cluster.bad = 0.0
    await case.rounds(30)
    assert nothing(case)
    assert not case.told("page")
    await case.rounds(2, seconds=600)
    assert nothing(case), "no verdict by the deadline is not bad health"


async def test_what_was_never_seen_is_not_watched(case: Case) -> None:
    case.records.delete("last_view", "merged")
    case.forgeless = Forgeless(case.ctx)
    await case.rounds(30)
    assert nothing(case)
    assert case.cluster.reads == 0


async def test_nothing_moves_while_it_is_stopped(case: Case) -> None:
    case.switch.stop("look first", "ada")
    await case.rounds(30)
    assert nothing(case)
    assert case.cluster.reads == 0
    case.switch.resume("ada")
    await case.rounds(5)
    assert case.cluster.running == TWO


async def test_a_stop_that_comes_after_the_decision_holds_it(case: Case) -> None:
    case.ctx.crash_point = lambda name: case.switch.stop("now", "ada") if name == "forgeless.recorded" else None
    await case.rounds(20)
    assert case.cluster.did == []
    case.ctx.crash_point = lambda _name: None
    case.switch.resume("ada")
    await case.rounds(1)
    assert case.cluster.running == TWO


async def test_a_clock_that_was_set_ends_no_patience(case: Case) -> None:
    await case.rounds(5)
    case.time += timedelta(hours=1)
    await case.rounds(1, doubt="the clock was set forwards")
    assert nothing(case)
    await case.rounds(11)
    assert nothing(case), "the minute begins anew"
    await case.rounds(3)
    assert case.cluster.running == TWO


async def test_the_forge_that_answers_after_all_is_the_better_way(case: Case) -> None:
    case.answers = True
    await case.rounds(30)
    assert case.cluster.did == []
    assert not case.told("page")
    assert [row["done"] for _key, row in case.rows()] == [False]


@pytest.mark.parametrize(
    ("proposals", "settled", "says"),
    [
        ([merged(2, TWO), merged(3, THREE, "security")], {2: Status.PASS}, "security fix"),
        ([merged(2, TWO), merged(3, THREE)], {}, "2 merges are not settled"),
        ([merged(1, ONE), merged(2, TWO, reverts=ONE), merged(3, THREE, reverts=TWO)], {2: Status.PASS}, "after a rev"),
    ],
    ids=["security", "two suspects", "a revert"],
)
async def test_what_needs_a_person_is_said_once(
    case: Case, proposals: list[Proposal], settled: dict[int, Status], says: str
) -> None:
    case.sees(*proposals, settled=settled)
    await case.rounds(30)
    assert nothing(case)
    (page,) = case.told("page")
    assert says in page
    assert case.acts() == ["page"]


async def test_it_never_takes_another_merge_away_with_it(case: Case) -> None:
    case.cluster.previous = ONE
    await case.rounds(30)
    assert nothing(case)
    assert "would take 2 merges away, not this one alone" in case.told("page")[0]


async def test_it_goes_to_nothing_that_is_not_an_ancestor(case: Case) -> None:
    case.cluster.previous = FOUR
    await case.rounds(30)
    assert nothing(case)
    assert "is not what ran before it" in case.told("page")[0]


async def test_where_nothing_runs_at_all_it_is_the_last_known_good(case: Case) -> None:
    case.cluster.running, case.cluster.previous, case.cluster.failed = None, None, "its pods do not start"
    await case.rounds(20)
    assert case.cluster.running == TWO


async def test_without_any_known_good_a_person_is_called(case: Case) -> None:
    case.sees(merged(3, THREE), settled={})
    case.cluster.running, case.cluster.previous, case.cluster.failed = None, None, "its pods do not start"
    await case.rounds(20)
    assert nothing(case)
    assert "no earlier commit is known to be well" in case.told("page")[0]


async def test_the_days_budget_counts_the_ways_back_of_before(case: Case) -> None:
    for number in range(5):
        row = RolledBack(Sha(f"{number:040}"), ONE, "earlier", NOON - timedelta(hours=1), done=True).row()
        case.records.put(TABLE, f"{OURS}{number}", row)
    await case.rounds(30)
    assert case.cluster.did == []
    assert "5 automatic reverts of a day are spent" in case.told("page")[0]


async def test_what_does_not_run_is_nothing_to_go_back_from(case: Case) -> None:
    case.cluster.running, case.cluster.previous, case.cluster.failed = TWO, ONE, "exit 1"
    case.sees(merged(2, TWO), merged(3, THREE))
    await case.rounds(30)
    assert nothing(case)
    assert "does not run" in case.told("held")[-1]


async def test_a_revert_that_is_only_open_cannot_help_now(case: Case) -> None:
    opened = merged(4, FOUR, reverts=THREE, merged_as=None, merged_at=None)
    case.sees(merged(2, TWO), merged(3, THREE), opened)
    await case.rounds(20)
    assert case.cluster.running == TWO


async def test_a_refusal_leaves_all_as_it_was_and_is_not_repeated_at_once(case: Case) -> None:
    case.cluster.refuses = "another operation is under way"
    await case.rounds(14)
    assert case.cluster.did == ["hold", "release"]
    assert (case.rows(), case.cluster.is_held) == ([], False)
    (page,) = case.told("page")
    assert "another operation is under way" in page
    await case.rounds(10)
    assert case.cluster.did == ["hold", "release"]
    await case.rounds(2)
    assert case.cluster.did == ["hold", "release"] * 2
    case.cluster.refuses = ""
    await case.rounds(14)
    assert case.cluster.running == TWO
    assert len([p for p in case.told("page") if "refuses" in p]) == 1


async def test_a_refusal_does_not_undo_the_hold_of_an_earlier_way_back(case: Case) -> None:
    earlier = RolledBack(ONE, ONE, "earlier", NOON, done=True).row()
    case.records.put(TABLE, "megawatts-bot/1", earlier)
    case.cluster.refuses = "no"
    await case.rounds(14)
    assert case.cluster.did == ["hold"]
    assert [key for key, _row in case.rows()] == ["megawatts-bot/1"]


async def test_what_it_was_told_and_did_not_do_calls_a_person(case: Case) -> None:
    async def lazy(_to: Sha, _reason: str) -> None:
        case.cluster.did.append("asked")

    case.ctx.deployer.roll_back = lazy
    await case.rounds(24)
    assert len(case.told("page")) == 1
    assert "on the way back" in case.told("held")[-1]
    await case.rounds(10)
    assert case.cluster.did == ["hold", "asked"], "it is not told twice"
    assert f"{THREE[:12]} runs still" in case.told("page")[1]


async def test_what_a_kill_left_undone_is_dropped_where_something_else_runs_by_now(case: Case) -> None:
    left = RolledBack(TWO, ONE, "bad", case.time).row()
    case.records.put(TABLE, f"{OURS}{TWO}", {**left, "pull": 2})
    await case.rounds(1)
    assert case.rows() == []
    assert case.cluster.did == ["release"], "the hold may have been before the kill"


async def test_a_row_that_cannot_be_read_stops_it_and_says_which(case: Case) -> None:
    case.records.put(TABLE, f"{OURS}x", {"bad": THREE})
    with pytest.raises(Misconfigured, match=f"{OURS}x"):
        await case.rounds(1)
    assert case.cluster.did == []


async def test_rows_of_the_deployers_own_are_not_carried_out(case: Case) -> None:
    case.records.put(TABLE, "megawatts-bot/x", RolledBack(THREE, TWO, "bad", case.time).row())
    await case.rounds(2)
    assert case.cluster.did == []


async def test_a_forge_that_answered_in_between_begins_the_minute_anew(case: Case) -> None:
    for _ in range(5):
        await case.rounds(10)
        case.forgeless.answered(case.seen)
    assert nothing(case)
    assert timedelta(seconds=50) < PATIENCE


async def test_once_it_is_done_nobody_is_called_again_however_long_it_lasts(case: Case) -> None:
    await case.rounds(20)
    await case.rounds(3, seconds=1200)
    assert len(case.told("page")) == 1


def dies_once(case: Case, point: str) -> list[str]:
    """The controller is killed the first time that it comes to that point."""
    died: list[str] = []

    def die(name: str) -> None:
        if name == point and not died:
            died.append(name)
            raise Unavailable("this test")

    case.ctx.crash_point = die
    return died


@pytest.mark.parametrize(
    "point",
    [
        "forgeless.captured",
        "forgeless.recorded",
        "forgeless.held",
        "forgeless.rolled_back",
        "forgeless.audited",
        "forgeless.paged",
    ],
)
async def test_killed_anywhere_it_goes_back_once_and_says_so_once(case: Case, point: str) -> None:
    died = dies_once(case, point)
    with pytest.raises(Unavailable, match="this test"):
        await case.rounds(20)
    assert died == [point]
    case.forgeless = Forgeless(case.ctx)
    case.forgeless.answered(case.seen)
    await case.rounds(20)
    assert (case.cluster.running, case.cluster.is_held) == (TWO, True)
    assert len([did for did in case.cluster.did if did.startswith("back")]) <= 2, "the same again, never further"
    assert case.acts() == ["roll_back", "page"]
    assert [row["done"] for _key, row in case.rows()] == [True]
    assert [key for key, _row in case.records.scan("failures")] == [THREE], "the failure is kept as it was first seen"


async def test_killed_after_it_was_refused_the_hold_is_given_back_and_the_row_goes(case: Case) -> None:
    case.cluster.refuses = "a sync window is closed"
    died = dies_once(case, "forgeless.given_up")
    with pytest.raises(Unavailable, match="this test"):
        await case.rounds(20)
    assert died == ["forgeless.given_up"]
    assert len(case.rows()) == 1
    case.forgeless = Forgeless(case.ctx)
    await case.rounds(1)
    assert (case.rows(), case.cluster.is_held, case.cluster.running) == ([], False, THREE)
    assert len(case.told("page")) == 1
