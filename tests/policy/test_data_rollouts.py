"""A pod counts for the data that it says it has read, and for nothing that nobody said."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import Sha
from bot.policy.data_rollouts import Said, beside, told
from bot.policy.rollouts import Applied, Pods, Seen, Version, conclude
from tests.policy.builders import PROPERTY

CODE, OLD, NEW, NEXT = (Sha(char * 40) for char in "abcd")
AT = datetime(2026, 1, 1, tzinfo=UTC)
IMAGE, ON_OLD, ON_NEW = (
    Version(Sha("1" * 40), CODE),
    Version(Sha("2" * 40), OLD, CODE),
    Version(Sha("3" * 40), NEW, CODE),
)
FRESH = Version(Sha("4" * 40), NEXT)


def seen(*versions: Version, **pods: Pods) -> Seen:
    """An application whose manifests were applied in this order; two pods of the first image unless told."""
    return Seen(
        "bot",
        target=versions[-1],
        applied=tuple(Applied(number, version, AT) for number, version in enumerate(versions)),
        sync="Synced",
        health="Healthy",
        pods={Sha(sha * 40): found for sha, found in pods.items()} or {CODE: Pods(2, 2)},
    )


def counts(look: Seen) -> dict[str, tuple[int, int]]:
    return {sha[0]: (pods.ready, pods.total) for sha, pods in look.pods.items()}


@pytest.mark.parametrize(("said", "then"), [
    (None, {"c": (0, 2), "a": (2, 2)}),
    (Said(), {"c": (0, 2), "a": (2, 2)}),
    (Said({OLD: 2}), {"c": (0, 2), "b": (2, 2)}),
    (Said({OLD: 1, NEW: 1}), {"c": (1, 2), "b": (1, 1)}),
    (Said({CODE: 1, NEW: 1}), {"c": (1, 2), "a": (1, 1)}),
    (Said({NEW: 2}), {"c": (2, 2)}),
    (Said({NEW: 9}), {"c": (2, 2)}),
])  # fmt: skip
def test_pods_are_under_what_they_have_read(said: Said | None, then: dict[str, tuple[int, int]]) -> None:
    assert counts(told(seen(IMAGE, ON_OLD, ON_NEW), said)) == then


def test_half_of_the_pods_is_progress_and_not_health() -> None:
    look = seen(IMAGE, ON_OLD, ON_NEW)
    carriers = frozenset({ON_NEW})
    before = conclude(told(look, Said({OLD: 2})), NEW, carriers)
    assert (before.contains, before.ready, before.running, before.failed) == (False, True, OLD, "")
    assert before.facts["because"] == "progressing: 0 of 2 pods have read its data"
    half = conclude(told(look, Said({OLD: 1, NEW: 1})), NEW, carriers)
    assert (half.contains, half.ready, half.previous, half.failed) == (True, False, OLD, "")
    done = conclude(told(look, Said({NEW: 2})), NEW, carriers)
    assert (done.contains, done.ready, done.previous, done.facts["image"]) == (True, True, None, CODE)


def test_nobody_asked_is_nothing_read() -> None:
    found = conclude(told(seen(IMAGE, ON_NEW), None), NEW, frozenset({ON_NEW}))
    assert (found.contains, found.failed, found.running) == (False, "", CODE)


def test_data_that_one_pod_refuses_failed_wherever_another_reads_it() -> None:
    look = told(seen(IMAGE, ON_NEW), Said({CODE: 1, NEW: 1}, {NEW: 1}))
    found = conclude(look, NEW, frozenset({ON_NEW}))
    assert not found.contains
    assert found.failed == "1 pods find that its data does not hold, and go on with what they had"


def test_what_was_refused_before_blames_nothing_that_came_after() -> None:
    look = told(seen(IMAGE, ON_OLD, ON_NEW), Said({NEW: 2}, {OLD: 2}))
    found = conclude(look, NEW, frozenset({ON_NEW}))
    assert (found.contains, found.ready, found.failed) == (True, True, "")


def test_going_back_to_the_images_own_data_waits_for_the_pods_too() -> None:
    look = seen(IMAGE, ON_NEW, IMAGE)
    assert counts(told(look, Said({NEW: 1, CODE: 1}))) == {"a": (1, 2), "c": (1, 1)}
    assert counts(told(look, None)) == {"a": (0, 2)}
    assert counts(told(look, Said({CODE: 2}))) == {"a": (2, 2)}


def test_an_image_with_nothing_beside_it_is_as_its_label_says() -> None:
    plain = seen(IMAGE, FRESH, a=Pods(1, 1), d=Pods(1, 2))
    assert not beside(plain)
    assert told(plain, Said({NEW: 5}, {FRESH.product: 1})) is plain
    rolling = seen(IMAGE, ON_NEW, FRESH, a=Pods(1, 1), d=Pods(1, 2, "crash", 2))
    assert beside(rolling)
    look = told(rolling, Said({NEW: 1, NEXT: 1}))
    assert counts(look) == {"c": (1, 1), "d": (1, 2)}, "the pod of before is of the data that it has read"
    assert look.pods[NEXT] == Pods(1, 2, "crash", 2)
    assert not beside(seen(IMAGE, ON_NEW, FRESH, d=Pods(2, 2))), "nobody is asked once they are gone"


def test_pods_that_crash_on_new_data_are_its_own() -> None:
    look = told(seen(IMAGE, ON_NEW, a=Pods(1, 2, "CrashLoopBackOff", 4)), Said({NEW: 1}))
    assert look.pods[NEW] == Pods(1, 2, "CrashLoopBackOff", 4)


@PROPERTY
@given(
    st.integers(0, 5), st.integers(0, 5), st.dictionaries(st.sampled_from([CODE, OLD, NEW, NEXT]), st.integers(0, 9))
)
def test_there_are_never_more_ready_pods_than_there_are(ready: int, more: int, running: dict[Sha, int]) -> None:
    look = told(seen(IMAGE, ON_OLD, ON_NEW, a=Pods(ready, ready + more)), Said(running))
    assert sum(pods.ready for pods in look.pods.values()) == ready
    assert look.pods[NEW].ready <= running.get(NEW, 0)
    assert look.pods[NEW].total == ready + more
