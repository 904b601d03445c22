"""THREATS 24: a red run does not evict the innocent: blame needs an answer that says something, and a place."""

from random import Random

from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict, worst
from bot.policy.culprit import Range, Suspect, blame
from tests.policy.builders import paths

START = Sha("f" * 40)


def replayed(status: Status, stage: str = "tests") -> Verdict:
    return worst("gate", (Verdict(stage, status, "so it is"),))


def range_of(count: int, **replays: Verdict) -> Range:
    rows = (
        Suspect(PullNumber(n), Sha(f"{n:040x}"), paths(f"bot/{n}.py"), replay=replays.get(f"n{n}"))
        for n in range(1, count + 1)
    )
    return Range(START, tuple(rows))


def test_a_replay_that_broke_or_timed_out_evicts_nobody() -> None:
    for status in (Status.ERROR, Status.INCONCLUSIVE):
        asked = blame(range_of(2, n2=replayed(status)))
        assert asked.suspect is None
        assert asked.replay is None


def test_a_refusal_about_how_a_change_was_made_evicts_nobody() -> None:
    for stage in ("scope", "format", "lint", "security", "coverage", "mutation", "dependencies"):
        assert blame(range_of(2, n2=replayed(Status.FAIL, stage))).suspect is None


def test_a_bad_end_without_a_good_beginning_beside_it_names_nobody_yet() -> None:
    """Refused as a whole is not enough: the merge before the named one must be known to pass."""
    asked = blame(range_of(4, n4=replayed(Status.FAIL)))
    assert asked.suspect is None
    assert asked.replay == Sha(f"{2:040x}")
    asked = blame(range_of(4, n4=replayed(Status.FAIL), n2=replayed(Status.ERROR)))
    assert asked.suspect is None


def test_replays_of_noise_evict_at_most_one_and_mostly_nobody() -> None:
    """Stages that fail by chance once in ten runs: how often somebody is blamed, in 200 ranges."""
    dice, wrong = Random(1), 0
    for _ in range(200):
        replays: dict[str, Verdict] = {}
        while (asked := blame(range_of(4, **replays))).replay is not None:
            flaked = dice.random() < 0.1
            replays[f"n{int(asked.replay, 16)}"] = replayed(Status.FAIL if flaked else Status.PASS)
        wrong += asked.suspect is not None
    assert wrong <= 30, "no more often than the stages themselves are wrong about one tree"
    assert wrong > 0, "a detector that is never wrong here was not tried"


def test_a_red_light_alone_never_blames_one_of_several() -> None:
    asked = blame(range_of(3, n3=replayed(Status.PASS)))
    assert asked.suspect is None
    assert not asked.because.passed
    assert len(asked.because.children) == 3
