"""The controller's figures are counts of what it told."""

import math

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.prometheus.loop import LoopMetrics
from bot.adapters.prometheus.serving import pages, serving
from bot.core.errors import Misconfigured


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def figures(clock: Clock) -> LoopMetrics:
    return LoopMetrics("a" * 40, "1.2.3", ("tests", "runtime"), clock=clock, timer=clock)


def value(figures: LoopMetrics, name: str, **labels: str) -> float | None:
    families = text_string_to_metric_families(figures.page().decode())
    found = [s.value for f in families for s in f.samples if s.name == name and s.labels == labels]
    return found[0] if found else None


def test_a_change_is_counted_by_its_kind_and_what_became_of_it(figures: LoopMetrics) -> None:
    figures.heard("proposed", {"pull": 7, "kind": "refactor"})
    figures.heard("merged", {"pull": 7, "kind": "refactor"})
    figures.heard("healthy", {"pull": 7})
    figures.heard("declined", {"result": "unwritten"})
    for result in ("proposed", "merged", "healthy"):
        assert value(figures, "modifications_total", type="refactor", result=result) == 1, result
    assert value(figures, "modifications_total", type="other", result="unwritten") == 1
    assert value(figures, "modifications_total", type="refactor", result="reverted") == 0


def test_what_the_model_as_author_costs_is_counted_however_an_attempt_ends(figures: LoopMetrics) -> None:
    assert value(figures, "megawatts_author_cost_dollars_total") == 0
    assert value(figures, "megawatts_author_attempts_total", result="written") == 0
    figures.heard("paid", {"result": "written", "usd": 0.25, "tokens": 1200, "a_day": 5.0, "model": "x:y"})
    figures.heard("paid", {"result": "refused", "usd": 0.5, "tokens": 800, "a_day": 5.0})
    figures.heard("paid", {"result": "refused", "usd": -3.0, "tokens": "many", "a_day": None})
    assert value(figures, "megawatts_author_cost_dollars_total") == 0.75
    assert value(figures, "megawatts_author_tokens_total") == 2000
    assert value(figures, "megawatts_author_attempts_total", result="refused") == 2
    assert value(figures, "megawatts_author_attempts_total", result="broke") == 0
    assert value(figures, "megawatts_author_budget_dollars") == 5
    assert b"x:y" not in figures.page()


def test_every_series_of_an_alert_is_there_before_anything_happened(figures: LoopMetrics) -> None:
    assert value(figures, "megawatts_reverts_total") == 0
    assert value(figures, "megawatts_pages_total") == 0
    assert value(figures, "validation_success_total", type="gate", result="error") == 0
    assert value(figures, "validation_success_total", type="tests", result="fail") == 0
    assert value(figures, "megawatts_sandbox_denied_total", stage="runtime") == 0
    assert value(figures, "modifications_total", type="fix", result="reverted") == 0


def test_a_stage_is_counted_and_timed(figures: LoopMetrics, clock: Clock) -> None:
    figures.heard("stage", {"of": "#7", "stage": "tests", "status": "runs"})
    figures.heard("stage", {"of": "#8", "stage": "tests", "status": "runs"})
    clock.now += 3
    figures.heard("stage", {"of": "#7", "stage": "tests", "status": "pass", "because": "x"})
    assert value(figures, "validation_success_total", type="tests", result="pass") == 1
    assert value(figures, "megawatts_stage_seconds_sum", stage="tests") == 3
    assert value(figures, "megawatts_stage_seconds_count", stage="tests") == 1, "the other one still runs"


def test_a_stage_from_the_cache_has_a_result_and_no_time(figures: LoopMetrics) -> None:
    figures.heard("stage", {"of": "#7", "stage": "tests", "status": "pass"})
    assert value(figures, "validation_success_total", type="tests", result="pass") == 1
    assert value(figures, "megawatts_stage_seconds_count", stage="tests") is None


def test_a_denied_attempt_is_counted_by_its_stage(figures: LoopMetrics) -> None:
    figures.heard("stage", {"of": "#7", "stage": "runtime", "status": "fail", "denied": 2})
    figures.heard("stage", {"of": "#7", "stage": "tests", "status": "fail", "denied": 0})
    assert value(figures, "megawatts_sandbox_denied_total", stage="runtime") == 2
    assert value(figures, "megawatts_sandbox_denied_total", stage="tests") == 0


def test_one_reason_calls_a_person_once_however_often_it_is_told(figures: LoopMetrics) -> None:
    for because in ("bad", "bad", "bad", "worse"):
        figures.heard("page", {"pull": 7, "because": because})
    assert value(figures, "megawatts_pages_total") == 2


def test_a_revert_is_counted(figures: LoopMetrics) -> None:
    figures.heard("revert", {"pull": 7, "kind": "feature", "revert": 8})
    assert value(figures, "megawatts_reverts_total") == 1
    assert value(figures, "modifications_total", type="feature", result="reverted") == 1
    assert value(figures, "megawatts_decisions_total", step="revert") == 1


def test_trouble_names_the_door_and_no_sentence(figures: LoopMetrics) -> None:
    figures.heard("held", {"because": "the forge is unavailable: secret words", "door": "the forge"})
    figures.heard("later", {"because": "x", "door": ""})
    assert value(figures, "megawatts_loop_troubles_total", event="held", door="the forge") == 1
    assert value(figures, "megawatts_loop_troubles_total", event="later", door="none") == 1
    assert b"secret words" not in figures.page()


def test_a_round_tells_when_it_ended_and_what_is_under_way(figures: LoopMetrics, clock: Clock) -> None:
    clock.now += 60
    assert figures.idle == 60
    figures.heard("round", {"whole": True, "seconds": 0.5, "open": 3, "watched": 1})
    assert figures.idle == 0
    figures.heard("round", {"whole": False, "seconds": 0.1, "open": None, "watched": None})
    assert value(figures, "megawatts_loop_last_round_timestamp_seconds") == clock.now
    assert value(figures, "megawatts_proposals", state="open") == 3, "what is not known changes nothing"
    assert value(figures, "megawatts_loop_rounds_total", result="held") == 1
    assert value(figures, "megawatts_loop_round_seconds_count") == 2


def test_what_a_person_set_and_a_check_found_is_shown(figures: LoopMetrics, clock: Clock) -> None:
    assert math.isnan(value(figures, "megawatts_audit_whole") or 0), "not looked at yet is not broken"
    figures.audited(whole=True)
    figures.stopped(stopped=True)
    assert (value(figures, "megawatts_audit_whole"), value(figures, "megawatts_stopped")) == (1, 1)
    figures.audited(whole=False)
    figures.stopped(stopped=False)
    assert (value(figures, "megawatts_audit_whole"), value(figures, "megawatts_stopped")) == (0, 0)
    assert value(figures, "megawatts_audit_checked_timestamp_seconds") == clock.now


@pytest.mark.parametrize("event", ["proposed", "stage", "gate", "page", "round", "found", "ranked", "declined", "odd"])
def test_facts_that_are_missing_break_nothing(figures: LoopMetrics, event: str) -> None:
    figures.heard(event, {})
    assert figures.page()


def test_a_long_run_keeps_only_so_much(figures: LoopMetrics) -> None:
    for pull in range(3000):
        figures.heard("proposed", {"pull": pull, "kind": "fix"})
        figures.heard("stage", {"of": str(pull), "stage": "tests", "status": "runs"})
        figures.heard("page", {"pull": pull, "because": "x"})
    kept = (figures._kinds, figures._began, figures._paged)
    assert {len(one) for one in kept} == {1000}


async def test_the_pages_are_served_and_a_stuck_loop_is_not_well(figures: LoopMetrics, clock: Clock) -> None:
    async with serving(pages(figures, stuck=100), "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert answer.content_type == "text/plain"
            assert "modifications_total" in await answer.text()
        async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            assert (answer.status, (await answer.json())["status"]) == (200, "ok")
        clock.now += 101
        async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            assert (answer.status, (await answer.json())["status"]) == (503, "stuck")
        with pytest.raises(Misconfigured, match="CONTROLLER_PORT"):
            async with serving((), "127.0.0.1", port):
                pass


def test_a_backup_is_counted_and_only_a_good_one_moves_the_moment(figures: LoopMetrics, clock: Clock) -> None:
    for status in ("pass", "fail"):
        assert value(figures, "megawatts_backups_total", result=status) == 0
    figures.heard("backup", {"pull": 7, "status": "pass", "because": "x"})
    clock.now += 60
    figures.heard("backup", {"pull": 7, "status": "fail", "because": "disk full"})
    assert value(figures, "megawatts_backups_total", result="pass") == 1
    assert value(figures, "megawatts_backups_total", result="fail") == 1
    assert value(figures, "megawatts_backup_timestamp_seconds") == 1000
    assert value(figures, "megawatts_decisions_total", step="backup") == 2
