"""What a deployer's words mean for one commit: above all, when it is blamed, and when it is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import Page, Revert, Settle, Wait
from bot.core.ids import Sha
from bot.policy.lifecycle import decide
from bot.policy.rollouts import (
    EPOCH,
    UNKNOWN,
    Applied,
    Attempt,
    Pods,
    Seen,
    Version,
    absent,
    commit_in,
    conclude,
)
from tests.policy.builders import CHARTER, MERGED, NOW, merged

OLD, NEW, THIRD = Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)
SOURCE_OLD, SOURCE_NEW = Sha("1" * 40), Sha("2" * 40)
V_OLD, V_NEW = Version(SOURCE_OLD, OLD), Version(SOURCE_NEW, NEW)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HAS_NEW = frozenset({V_NEW})

RUNS_OLD = Seen(
    "app", target=V_OLD, applied=(Applied(1, V_OLD, NOON),), sync="Synced", health="Healthy", pods={OLD: Pods(2, 2)}
)
BOTH = (Applied(1, V_OLD, NOON), Applied(2, V_NEW, NOON + MINUTE))
RUNS_NEW = replace(RUNS_OLD, target=V_NEW, applied=BOTH, pods={NEW: Pods(2, 2), OLD: Pods(1, 1)})
CRASHING = replace(RUNS_NEW, health="Degraded", pods={OLD: Pods(2, 2), NEW: Pods(0, 1, "CrashLoopBackOff: exit 1", 1)})
REJECTED = replace(
    RUNS_OLD,
    target=V_NEW,
    sync="OutOfSync",
    attempt=Attempt("Failed", V_NEW, "one or more objects failed to apply", ("StatefulSet x: spec is invalid",)),
)


def test_what_runs_and_contains_the_commit_is_ready() -> None:
    found = conclude(RUNS_NEW, NEW, HAS_NEW)
    assert (found.running, found.contains, found.ready, found.failed) == (NEW, True, True, "")
    assert (found.at, found.previous) == (NOON + MINUTE, OLD)
    assert "because" not in found.facts


def test_a_source_that_contains_the_commit_is_not_its_image() -> None:
    """A later commit was applied whose values file still names the older image."""
    later = Version(SOURCE_NEW, OLD)
    seen = replace(RUNS_OLD, target=later, applied=(*RUNS_OLD.applied, Applied(2, later, NOON + MINUTE)))
    found = conclude(seen, NEW, frozenset())
    assert (found.running, found.contains, found.failed) == (OLD, False, "")
    assert "not promoted yet" in found.facts["because"]
    assert found.at == NOON, "the same product runs since it was first applied"


def test_a_synced_commit_that_changed_nothing_leaves_no_row_and_still_counts() -> None:
    seen = replace(RUNS_OLD, target=Version(SOURCE_NEW, OLD))
    assert conclude(seen, SOURCE_NEW, frozenset({Version(SOURCE_NEW, OLD)})).contains


def test_pods_tell_more_than_what_was_applied() -> None:
    """Applied, while the pods of before still carry the traffic."""
    seen = replace(RUNS_NEW, health="Progressing", pods={OLD: Pods(2, 2), NEW: Pods(0, 1)})
    found = conclude(seen, NEW, HAS_NEW)
    assert (found.running, found.contains, found.ready, found.failed) == (OLD, False, True, "")
    assert "Progressing" in found.facts["because"]


@pytest.mark.parametrize(("pods", "ready"), [(Pods(1, 2), False), (Pods(1, 2, "OOMKilled"), False), (Pods(2, 2), True)])
def test_half_a_rollout_is_not_judged(pods: Pods, ready: bool) -> None:
    found = conclude(replace(RUNS_NEW, pods={OLD: Pods(1, 1), NEW: pods}), NEW, HAS_NEW)
    assert (found.running, found.contains, found.ready, found.failed) == (NEW, True, ready, "")


def test_a_paused_canary_takes_traffic_beside_its_control() -> None:
    found = conclude(replace(RUNS_NEW, health="Suspended"), NEW, HAS_NEW)
    assert (found.running, found.ready, found.previous) == (NEW, True, OLD)


@pytest.mark.parametrize(
    ("health", "ready"), [("Healthy", True), ("Suspended", True), ("Degraded", False), ("Unknown", False)]
)
def test_without_labels_on_pods_the_applications_health_speaks(health: str, ready: bool) -> None:
    found = conclude(replace(RUNS_NEW, pods={}, health=health), NEW, HAS_NEW)
    assert (found.contains, found.ready, found.failed) == (True, ready, "")


def test_nothing_was_ever_applied() -> None:
    found = conclude(Seen("app"), NEW, frozenset())
    assert (found.running, found.contains, found.ready, found.at, found.failed) == (None, False, False, EPOCH, "")


def test_a_missing_application_blames_nobody() -> None:
    found = absent("app", NEW, "no such application")
    assert (found.running, found.contains, found.ready, found.failed) == (None, False, False, "")
    assert found.facts["because"] == "no such application"


class TestFailed:
    def test_a_sync_that_the_cluster_rejects(self) -> None:
        found = conclude(REJECTED, NEW, HAS_NEW)
        assert found.failed == "the sync failed: StatefulSet x: spec is invalid"
        assert (found.running, found.contains) == (OLD, False)

    def test_it_is_not_the_fault_of_what_ran_before(self) -> None:
        found = conclude(REJECTED, OLD, frozenset({V_OLD}))
        assert (found.contains, found.failed) == (True, "")

    @pytest.mark.parametrize(
        "said",
        [
            'Post "https://10.0.0.1": dial tcp: connect: connection refused',
            "context deadline exceeded",
            'failed calling webhook "x"',
            "pods is forbidden: exceeded quota",
            "statefulsets.apps is forbidden: User cannot patch",
            "resource :Secret is not permitted in project megawatts",
            "the server is currently unable to handle the request",
            "etcdserver: leader changed",
        ],
    )
    def test_the_cluster_s_troubles_are_not_the_commit_s(self, said: str) -> None:
        assert REJECTED.attempt is not None
        seen = replace(
            REJECTED, attempt=replace(REJECTED.attempt, failures=("StatefulSet x: bad", f"Service y: {said}"))
        )
        found = conclude(seen, NEW, HAS_NEW)
        assert found.failed == ""
        assert "not by this commit's fault" in found.facts["because"]

    def test_argo_cds_own_error_is_not_the_commit_s(self) -> None:
        attempt = Attempt("Error", V_NEW, "failed to generate manifest")
        assert conclude(replace(REJECTED, attempt=attempt), NEW, HAS_NEW).failed == ""

    def test_a_failure_without_a_reason_blames_nobody(self) -> None:
        assert conclude(replace(REJECTED, attempt=Attempt("Failed", V_NEW)), NEW, HAS_NEW).failed == ""

    def test_an_attempt_that_git_no_longer_asks_for(self) -> None:
        seen = replace(REJECTED, target=Version(THIRD, THIRD))
        assert conclude(seen, NEW, HAS_NEW | {Version(THIRD, THIRD)}).failed == ""

    def test_another_commit_s_attempt(self) -> None:
        assert REJECTED.attempt is not None
        seen = replace(REJECTED, attempt=replace(REJECTED.attempt, version=Version(THIRD, THIRD)))
        assert conclude(seen, NEW, HAS_NEW).failed == ""

    def test_pods_that_crash_beside_well_ones(self) -> None:
        found = conclude(CRASHING, NEW, HAS_NEW)
        assert found.failed == "its pods do not start: CrashLoopBackOff: exit 1"
        assert (found.running, found.contains, found.ready) == (OLD, False, True)

    def test_crashing_without_a_control_needs_more_restarts(self) -> None:
        alone = replace(CRASHING, pods={NEW: Pods(0, 1, "CrashLoopBackOff", 2)})
        found = conclude(alone, NEW, HAS_NEW)
        assert (found.failed, found.running, found.ready) == ("", NEW, False)
        worse = conclude(replace(alone, pods={NEW: Pods(0, 1, "CrashLoopBackOff", 3)}), NEW, HAS_NEW)
        assert worse.failed
        assert (worse.running, worse.contains, worse.ready) == (None, False, False)

    @pytest.mark.parametrize(
        "pods",
        [
            {OLD: Pods(1, 2, "CrashLoopBackOff"), NEW: Pods(0, 1, "CrashLoopBackOff", 9)},
            {OLD: Pods(2, 2), NEW: Pods(0, 1, "ImagePullBackOff: not found", 9)},
            {OLD: Pods(2, 2), NEW: Pods(0, 1, "", 9)},
            {OLD: Pods(2, 2), NEW: Pods(1, 2, "CrashLoopBackOff", 9)},
        ],
        ids=["both crash", "no image", "only starting", "one is ready"],
    )
    def test_pods_that_prove_nothing(self, pods: dict[Sha, Pods]) -> None:
        assert conclude(replace(CRASHING, pods=pods), NEW, HAS_NEW).failed == ""

    def test_degraded_for_another_reason(self) -> None:
        """Some other object is unwell; the pods are not."""
        found = conclude(replace(RUNS_NEW, health="Degraded", health_message="a Job failed"), NEW, HAS_NEW)
        assert (found.contains, found.ready, found.failed) == (True, True, "")

    def test_an_analysis_that_failed(self) -> None:
        said = 'RolloutAborted: Rollout aborted update to revision 2: Metric "errors" assessed Failed due to failed (1)'
        found = conclude(replace(RUNS_NEW, pods={OLD: Pods(2, 2)}, aborted=said, health="Degraded"), NEW, HAS_NEW)
        assert found.failed == f"Argo Rollouts gave it up: {said}"
        still = conclude(replace(RUNS_NEW, aborted=said, health="Degraded"), NEW, HAS_NEW)
        assert (still.failed, still.contains) == (found.failed, False), "its pods are on their way out"

    def test_an_analysis_that_could_not_measure(self) -> None:
        said = 'RolloutAborted: Metric "errors" assessed Error due to consecutiveErrors (5)'
        assert conclude(replace(RUNS_NEW, pods={OLD: Pods(2, 2)}, aborted=said), NEW, HAS_NEW).failed == ""


class TestWaiting:
    @pytest.mark.parametrize(
        ("seen", "because"),
        [
            (replace(RUNS_OLD, auto_sync=False, hold="incident"), "held: incident"),
            (replace(RUNS_OLD, auto_sync=False), "auto-sync is off, and not by us"),
            (replace(RUNS_OLD, attempt=Attempt("Running", V_NEW)), "under way"),
            (replace(RUNS_OLD, troubles=("ComparisonError: no repo-server",)), "no repo-server"),
            (replace(RUNS_OLD, target=V_NEW, sync="OutOfSync"), "not applied yet"),
            (replace(RUNS_OLD, target=None), "nothing was compared"),
        ],
    )
    def test_why_it_does_not_run_is_said(self, seen: Seen, because: str) -> None:
        found = conclude(seen, NEW, HAS_NEW)
        assert because in found.facts["because"]
        assert (found.contains, found.failed) == (False, "")

    def test_out_of_sync_for_another_reason_is_no_fault(self) -> None:
        drift = replace(RUNS_NEW, sync="OutOfSync", differing=("ConfigMap x",), pods={NEW: Pods(0, 2)})
        found = conclude(drift, NEW, HAS_NEW)
        assert found.failed == ""
        assert "for another reason: ConfigMap x" in found.facts["because"]
        well = conclude(replace(drift, pods={NEW: Pods(2, 2)}), NEW, HAS_NEW)
        assert (well.contains, well.ready, well.facts["differing"]) == (True, True, "ConfigMap x")

    def test_a_hold_that_someone_ended_is_none(self) -> None:
        assert not conclude(replace(RUNS_OLD, auto_sync=True, hold="incident"), NEW, HAS_NEW).held
        assert conclude(replace(RUNS_OLD, auto_sync=False, hold="incident"), NEW, HAS_NEW).held


def test_the_watch_begins_when_the_product_first_ran_without_a_break() -> None:
    again = (*BOTH, Applied(3, V_OLD, NOON + 2 * MINUTE), Applied(4, Version(THIRD, OLD), NOON + 3 * MINUTE))
    seen = replace(RUNS_OLD, applied=again, target=V_NEW, sync="OutOfSync")
    assert conclude(seen, OLD, frozenset({V_OLD})).at == NOON + 2 * MINUTE


def test_the_watch_of_manifests_begins_when_they_were_applied() -> None:
    manifests = Version(SOURCE_NEW, OLD)
    rows = (*RUNS_OLD.applied, Applied(2, manifests, NOON + MINUTE), Applied(3, Version(THIRD, OLD), NOON + 2 * MINUTE))
    seen = replace(RUNS_OLD, target=Version(THIRD, OLD), applied=rows)
    carriers = frozenset({manifests, Version(THIRD, OLD)})
    assert conclude(seen, SOURCE_NEW, carriers).at == NOON + MINUTE
    assert conclude(seen, OLD, carriers | {V_OLD}).at == NOON, "its image runs since"


def test_without_a_history_the_last_attempt_tells_since_when() -> None:
    seen = replace(RUNS_NEW, applied=(), attempt=Attempt("Succeeded", V_NEW, at=NOON))
    assert conclude(seen, NEW, HAS_NEW).at == NOON
    assert conclude(replace(seen, attempt=None), NEW, HAS_NEW).at == EPOCH


class TestCommitIn:
    @pytest.mark.parametrize(
        "text",
        [
            f"bot:\n  image:\n    commit: {NEW}\n",
            f'  commit: "{NEW}"  # by the promotion\n',
            f"{{\n\"commit\": '{NEW}',\n}}",
        ],
    )
    def test_it_is_found(self, text: str) -> None:
        assert commit_in(text) == NEW

    @pytest.mark.parametrize("text", ["", "image: x\n", f"# commit: {NEW}\n", f"commits: {NEW}\n", f"digest: {NEW}"])
    def test_a_file_that_does_not_speak_of_one(self, text: str) -> None:
        assert commit_in(text) is None

    @pytest.mark.parametrize(
        "text",
        ["commit: unknown\n", "commit:\n", f"commit: {NEW}\ncommit: {OLD}\n", f"commit: {NEW[:12]}", f"commit: {NEW}0"],
    )
    def test_what_names_none_or_several_is_unknown(self, text: str) -> None:
        assert commit_in(text) == UNKNOWN

    @given(st.text(max_size=200))
    def test_any_text_has_an_answer(self, text: str) -> None:
        assert commit_in(text) in {None, UNKNOWN} or len(commit_in(text) or "") == 40


SHAS = st.sampled_from([OLD, NEW, THIRD])
VERSIONS = st.builds(Version, st.sampled_from([SOURCE_OLD, SOURCE_NEW]), st.sampled_from([OLD, NEW, THIRD, UNKNOWN]))
WORDS = st.sampled_from(["", "spec is invalid", "CrashLoopBackOff", "connection refused", "ImagePullBackOff"])
PODS = st.builds(Pods, st.integers(0, 3), st.integers(0, 3), WORDS, st.integers(0, 9))
ROWS = st.builds(Applied, st.integers(0, 9), VERSIONS, st.just(NOON))
ATTEMPTS = st.builds(
    Attempt,
    st.sampled_from(["Running", "Terminating", "Succeeded", "Failed", "Error", ""]),
    VERSIONS | st.none(),
    WORDS,
    st.lists(WORDS, max_size=2).map(tuple),
    st.booleans(),
    st.none() | st.just(NOON),
)
LOOKS = st.builds(
    Seen,
    application=st.just("app"),
    target=VERSIONS | st.none(),
    applied=st.lists(ROWS, max_size=4).map(tuple),
    sync=st.sampled_from(["Synced", "OutOfSync", "Unknown"]),
    health=st.sampled_from(["Healthy", "Degraded", "Progressing", "Suspended", "Missing", "Unknown"]),
    attempt=ATTEMPTS | st.none(),
    auto_sync=st.booleans(),
    hold=st.sampled_from(["", "incident"]),
    pods=st.dictionaries(SHAS, PODS, max_size=3),
    aborted=st.sampled_from(["", 'Metric "x" assessed Failed', 'Metric "x" assessed Error']),
    troubles=st.lists(WORDS, max_size=1).map(tuple),
)


@given(LOOKS, SHAS, st.frozensets(VERSIONS, max_size=3))
def test_every_look_has_one_coherent_answer(seen: Seen, wanted: Sha, carriers: frozenset[Version]) -> None:
    found = conclude(seen, wanted, carriers)
    assert not (found.contains and found.failed), "what runs is not what could not start"
    assert found.running is not None or not (found.contains or found.ready)
    assert found.previous is None or found.previous != found.running
    if not carriers:
        assert not found.contains
        assert not found.failed, "a commit that nothing carries is never blamed"
    assert found.held <= (not seen.auto_sync)


@given(LOOKS, SHAS, st.frozensets(VERSIONS, max_size=3))
def test_outside_reasons_are_never_blamed(seen: Seen, wanted: Sha, carriers: frozenset[Version]) -> None:
    found = conclude(seen, wanted, carriers)
    assert "connection refused" not in found.failed
    assert "ImagePull" not in found.failed


@given(
    LOOKS, st.frozensets(VERSIONS, max_size=3), st.sampled_from([timedelta(), timedelta(minutes=29), timedelta(days=1)])
)
def test_the_loop_reverts_only_what_is_blamed(seen: Seen, carriers: frozenset[Version], later: timedelta) -> None:
    """Whatever an application looks like: without a reading that is bad, nothing else is taken back; and none of it
    is taken for health."""
    found = conclude(seen, MERGED, carriers)
    step = decide(merged(rollout=found, readings=()), CHARTER, NOW + later)
    assert isinstance(step, Revert) == bool(found.failed)
    assert not isinstance(step, Settle)


@pytest.mark.parametrize(
    "seen", [None, REJECTED, replace(RUNS_OLD, auto_sync=False), replace(RUNS_OLD, sync="OutOfSync")]
)
def test_at_the_deadline_a_person_is_called(seen: Seen | None) -> None:
    found = conclude(seen, MERGED, frozenset()) if seen is not None else absent("app", MERGED, "missing")
    assert isinstance(decide(merged(rollout=found, readings=()), CHARTER, NOW), Wait)
    assert isinstance(decide(merged(rollout=found, readings=()), CHARTER, NOW + timedelta(days=1)), Page)
