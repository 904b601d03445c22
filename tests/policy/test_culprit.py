"""Which of several merges it was: what names one, what names nobody, and that it always ends."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import Observe, Page, Revert, Settle, Step, Wait
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict, worst
from bot.policy.culprit import MOST, Range, Suspect, blame, broken_by, frames, next_prefix
from bot.policy.ranges import Replay, steer
from tests.policy.builders import PROPERTY, merged, paths

START = Sha("f" * 40)
HEALTH = Verdict("health", Status.FAIL, "messages: worse")


def sha(number: int) -> Sha:
    return Sha(f"{number:040x}")


def suspect(number: int, *names: str, **changed: Any) -> Suspect:
    return Suspect(PullNumber(number), sha(number), paths(*(names or (f"bot/{number}.py",))), **changed)


def gate(status: Status, stage: str = "tests") -> Verdict:
    return worst("gate", (Verdict(stage, status, "so it is"), Verdict("format", Status.PASS, "well")))


def found(*suspects: Suspect, **changed: Any) -> Range:
    return Range(START, suspects, **changed)


def replayed(count: int, first_bad: int, known: set[int]) -> Range:
    """A range in which the stages refuse everything from one merge on; `known` prefixes were replayed."""
    rows = [suspect(n, replay=gate(Status.FAIL if n >= first_bad else Status.PASS) if n in known else None)
            for n in range(1, count + 1)]  # fmt: skip
    return found(*rows)


def test_the_only_merge_is_blamed_at_once() -> None:
    asked = blame(found(suspect(1)))
    assert asked.suspect == suspect(1)
    assert asked.because.passed
    assert asked.replay is None


@pytest.mark.parametrize("name", ["docs/a.md", "tests/test_a.py", "changelog.d/a.fix.md", ".github/x", "benchmarks/a"])
def test_what_does_not_run_is_never_blamed(name: str) -> None:
    asked = blame(found(suspect(1, name), suspect(2), suspect(3, name)))
    assert asked.suspect == suspect(2)
    nobody = blame(found(suspect(1, name), suspect(3, name)))
    assert nobody.suspect is None
    assert "nothing that is left of the range runs" in nobody.because.because


def test_a_change_with_one_running_file_runs() -> None:
    assert not suspect(1, "docs/a.md", "bot/a.py").idle
    assert not Suspect(PullNumber(1), sha(1), frozenset()).idle, "nothing known is not innocence"


def test_traces_name_the_one_that_touches_their_files() -> None:
    two = suspect(2, "bot/b.py")
    assert blame(found(suspect(1, "bot/a.py"), two, pointed=paths("bot/b.py"))).suspect == two
    both = found(suspect(1, "bot/b.py"), two, pointed=paths("bot/b.py"))
    assert blame(both).suspect is None, "two that touch it: the traces name nobody"


def test_frames_are_files_that_the_tree_has() -> None:
    text = (
        'Traceback\n  File "/srv/trees/abc/bot/chat/x.py", line 3, in f\n  File "/usr/lib/os.py", line 1\nFile "y.py"'
    )
    known = paths("bot/chat/x.py", "bot/os.py", "y.py")
    assert frames(text, known) == paths("bot/chat/x.py")
    assert frames('File "/a/notbot/chat/x.py", line 1', paths("bot/chat/x.py")) == frozenset()


@pytest.mark.parametrize("count", [2, 3, 5, 8, 13])
def test_bisection_finds_the_first_that_is_refused(count: int) -> None:
    for bad in range(1, count + 1):
        known: set[int] = set()
        while (asked := blame(replayed(count, bad, known))).replay is not None:
            number = int(asked.replay, 16)
            assert number not in known, "no prefix twice"
            assert asked.wait
            known.add(number)
        assert asked.suspect is not None
        assert asked.suspect.pull == bad
        assert len(known) <= count.bit_length() + 1


def test_a_whole_that_passes_names_nobody_after_one_replay() -> None:
    one = replayed(4, 9, set())
    assert next_prefix(one) == sha(4)
    asked = blame(replayed(4, 9, {4}))
    assert asked.suspect is None
    assert asked.replay is None
    assert not asked.wait
    assert "nothing says which" in asked.because.because
    assert {row.name for row in asked.because.children} == {"#1", "#2", "#3", "#4"}


@pytest.mark.parametrize("answer", [gate(Status.ERROR), gate(Status.INCONCLUSIVE), gate(Status.FAIL, "scope")])
def test_a_replay_without_an_answer_convicts_nobody(answer: Verdict) -> None:
    one = found(suspect(1), suspect(2, replay=answer))
    assert broken_by(one) is None
    assert next_prefix(one) is None
    assert blame(one).suspect is None


def test_one_open_revert_at_a_time() -> None:
    asked = blame(found(suspect(1), open_revert=PullNumber(9)))
    assert asked.suspect is None
    assert asked.wait


def test_a_security_fix_needs_a_person_though_it_is_named() -> None:
    asked = blame(found(suspect(1, security=True), suspect(2), pointed=paths("bot/1.py")))
    assert asked.suspect is None
    assert not asked.wait
    assert "#1: the traces" in asked.because.because
    assert "security fix" in asked.because.because


def test_a_persons_no_ends_it_for_the_whole_range() -> None:
    asked = blame(found(suspect(1, refused=True), suspect(2), pointed=paths("bot/2.py")))
    assert asked.suspect is None
    assert "a person closed the revert of #1" in asked.because.because


def test_after_a_revert_that_did_not_help_only_evidence_counts() -> None:
    gone = suspect(1, taken_back=True, replay=gate(Status.PASS))
    whole = suspect(2, replay=gate(Status.PASS))
    assert blame(found(gone, whole, made=1)).suspect is None
    assert blame(found(gone, whole, made=1, pointed=paths("bot/2.py"))).suspect == whole
    assert blame(found(gone, suspect(2, replay=gate(Status.FAIL)), made=1)).suspect is not None
    assert blame(found(gone, whole, made=MOST, pointed=paths("bot/2.py"))).suspect is None


def test_hints_order_the_list_and_convict_nobody() -> None:
    rows = found(suspect(1, hints=("twice the time",)), suspect(2), suspect(3, "docs/a.md", replay=gate(Status.PASS)))
    asked = blame(rows)
    assert asked.suspect is None
    assert [row.name for row in asked.because.children] == ["#1", "#2", "#3"]
    assert "twice the time" in asked.because.children[0].because


SUSPECT = st.builds(
    lambda n, idle, back, no, replay: suspect(
        n, "docs/a" if idle else f"bot/{n}.py", taken_back=back, refused=no, security=n == 3, replay=replay
    ),
    st.integers(1, 9), st.booleans(), st.booleans(), st.sampled_from([False, False, False, True]),
    st.none() | st.builds(gate, st.sampled_from(Status), st.sampled_from(["tests", "scope"])),
)  # fmt: skip
RANGE = st.builds(
    lambda rows, made, opened, pointed: found(*rows, made=made, open_revert=opened, pointed=pointed),
    st.lists(SUSPECT, max_size=6, unique_by=lambda s: s.pull), st.integers(0, 5),
    st.none() | st.just(PullNumber(20)), st.frozensets(st.integers(1, 9).map(lambda n: f"bot/{n}.py"), max_size=2).map(
        lambda names: paths(*names)),
)  # fmt: skip


@PROPERTY
@given(RANGE)
def test_who_is_blamed_runs_is_not_taken_back_and_nobody_said_no(one: Range) -> None:
    asked = blame(one)
    assert asked == blame(one)
    if asked.suspect is None:
        assert not asked.because.passed
        return
    assert asked.suspect in one.suspects
    assert not asked.suspect.idle
    assert not asked.suspect.taken_back
    assert not asked.suspect.security
    assert one.open_revert is None
    assert one.made < MOST
    assert not any(s.refused for s in one.suspects)
    assert asked.replay is None


@PROPERTY
@given(RANGE, st.sets(st.integers(1, 9)))
def test_no_input_yields_more_than_the_bound_of_reverts_and_replays(one: Range, refused: set[int]) -> None:
    """Health stays bad whatever is done, and the stages say what they like: it ends, with a person."""
    reverts = replays = 0
    state = replace(one, made=0, open_revert=None)
    for _ in range(100):
        asked = blame(state)
        if asked.suspect is not None:
            reverts += 1
            rows = tuple(replace(s, taken_back=s.taken_back or s == asked.suspect) for s in state.suspects)
            state = replace(state, suspects=rows, made=state.made + 1)
        elif asked.replay is not None:
            replays += 1
            verdict = gate(Status.FAIL if int(asked.replay, 16) in refused else Status.PASS)
            rows = tuple(replace(s, replay=verdict) if s.merged == asked.replay else s for s in state.suspects)
            state = replace(state, suspects=rows)
        else:
            break
    else:
        raise AssertionError("it never ends")
    assert reverts <= min(MOST, len(one.suspects))
    assert replays <= len(one.suspects)


TIP = PullNumber(2)


def told(step: Step, pull: int, one: Range, **changed: Any) -> Step | Replay:
    return steer(step, merged(pull=PullNumber(pull), **changed), one, TIP)


PAIR = found(suspect(1), suspect(2), pointed=paths("bot/1.py"))


def test_only_the_newest_is_observed_and_speaks_to_people() -> None:
    look, page = Observe(sha(2), None), Page(HEALTH)
    assert told(look, 2, PAIR) == look
    assert told(page, 2, PAIR) == page
    assert told(look, 1, PAIR) == told(page, 1, PAIR) == Wait(None, "watched together with #2")
    settle = Settle(sha(1), HEALTH)
    assert told(settle, 1, PAIR) == settle


def test_a_revert_is_carried_out_by_the_one_that_is_named() -> None:
    step = told(Revert(sha(1), HEALTH), 1, PAIR)
    assert isinstance(step, Revert)
    assert "messages: worse" in step.because.because
    assert step.because.find("culprit") is not None
    assert isinstance(told(Revert(sha(2), HEALTH), 2, PAIR), Wait)
    alone = Revert(sha(1), HEALTH)
    assert steer(alone, merged(pull=PullNumber(1)), found(suspect(1)), PullNumber(1)) == alone


def test_without_a_name_the_stages_are_replayed_and_then_the_newest_pages() -> None:
    dark = found(suspect(1), suspect(2))
    assert isinstance(told(Revert(sha(1), HEALTH), 1, dark), Replay)
    done = found(suspect(1), suspect(2, replay=gate(Status.PASS)))
    assert isinstance(told(Revert(sha(1), HEALTH), 1, done), Wait)
    step = told(Revert(sha(2), HEALTH), 2, done)
    assert isinstance(step, Page)
    assert "nothing says which" in step.because.because


def test_a_revert_that_did_not_help_pages_unless_another_is_named() -> None:
    gone = suspect(1, taken_back=True, replay=gate(Status.PASS))
    page = Page(HEALTH)
    after = steer(page, merged(pull=TIP, reverts=sha(1)), found(gone, made=1), TIP)
    assert isinstance(after, Page)
    assert after.because.find("culprit") is not None
    third = found(gone, suspect(3), made=1, pointed=paths("bot/3.py"))
    assert isinstance(steer(page, merged(pull=TIP, reverts=sha(1)), third, TIP), Wait)
    dark = found(replace(gone, replay=None), suspect(3), made=1)
    assert isinstance(steer(page, merged(pull=TIP, reverts=sha(1)), dark, TIP), Replay)
    assert blame(found()).suspect is None
    assert next_prefix(found(suspect(1))) is None, "one merge is not halved"
    unknown = Page(Verdict("health", Status.INCONCLUSIVE, "no verdict"))
    assert steer(unknown, merged(pull=TIP, reverts=sha(1)), third, TIP) == unknown
