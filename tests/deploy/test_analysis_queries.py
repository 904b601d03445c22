"""The questions that a rollout's analysis asks, answered by Prometheus' own engine (promtool test rules)."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.app.analysis_template import spec
from bot.core.health import HealthPolicy, MetricRule
from tests.servers import prometheus as servers
from tests.servers.absent import absent

pytestmark = pytest.mark.integration  # it runs promtool
NEW, OLD = "b" * 40, "a" * 40
MESSAGES = "megawatts_messages_by_user_capped_total"
POLICY = HealthPolicy((
    MetricRule("messages", "rate"),
    MetricRule("reply_seconds", "latency", effect=0.25, floor=0.02),
    MetricRule("memory", "level", effect=0.3),
))  # fmt: skip
WELL, ILL, SILENT = "well", "ill", "silent"


def series(
    name: str, instance: str, steps: float, *, start: float = 0, job: str = "bot", **labels: str
) -> dict[str, str]:
    """One counter (or, with no steps, a level) over five minutes, a sample each five seconds."""
    told = ",".join(f'{key}="{value}"' for key, value in {"job": job, "instance": instance, **labels}.items())
    return {"series": f"{name}{{{told}}}", "values": f"{start}+{steps}x60"}


def pod(
    instance: str,
    revision: str,
    *,
    good: float = 0,
    bad: float = 0,
    seconds: float = 0.1,
    memory: float = 100,
    job: str = "bot",
) -> list[dict[str, str]]:
    """What one process shows: events for each scrape, seconds for each reply, megabytes."""
    return [
        series("megawatts_build_info", instance, 0, start=1, job=job, revision=revision, version="1"),
        series(MESSAGES, instance, good, job=job, outcome="answered"),
        series(MESSAGES, instance, bad, job=job, outcome="failed"),
        series("megawatts_reply_seconds_by_user_capped_sum", instance, (good + bad) * seconds, job=job),
        series("megawatts_reply_seconds_by_user_capped_count", instance, good + bad, job=job),
        series("process_resident_memory_bytes", instance, 0, start=memory * 1e6, job=job),
    ]  # fmt: skip


STEADY = pod("old:1", OLD, good=10, bad=0.1)
CASES: dict[str, tuple[list[dict[str, str]], Mapping[str, str]]] = {
    "as good as before": (
        [*STEADY, *pod("new:1", NEW, good=10, bad=0.1)],
        {"messages": WELL, "reply-seconds": WELL, "memory": WELL},
    ),
    "a fifth of the messages fails": (
        [*STEADY, *pod("new:1", NEW, good=8, bad=2)],
        {"messages": ILL, "reply-seconds": WELL, "memory": WELL},
    ),
    "better than before": (
        [*pod("old:1", OLD, good=8, bad=2), *pod("new:1", NEW, good=10, bad=0.1)],
        {"messages": WELL, "reply-seconds": WELL},
    ),
    "one failure in few messages": (
        [*STEADY, *pod("new:1", NEW, good=0.2, bad=0.017)],
        {"messages": WELL},
    ),
    "fewer messages than the minimum": (
        [*STEADY, *pod("new:1", NEW, good=0.05)],
        {"messages": SILENT, "reply-seconds": SILENT, "memory": WELL},
    ),
    "twice as slow": (
        [*STEADY, *pod("new:1", NEW, good=10, bad=0.1, seconds=0.2)],
        {"messages": WELL, "reply-seconds": ILL},
    ),
    "slower by less than anybody feels": (
        [*pod("old:1", OLD, good=10, seconds=0.001), *pod("new:1", NEW, good=10, seconds=0.003)],
        {"reply-seconds": WELL},
    ),
    "half as much memory again": (
        [*STEADY, *pod("new:1", NEW, good=10, bad=0.1, memory=150)],
        {"memory": ILL, "messages": WELL},
    ),
    "a tenth more memory": ([*STEADY, *pod("new:1", NEW, good=10, memory=110)], {"memory": WELL}),
    "the new one does not answer": (STEADY, {"messages": SILENT, "reply-seconds": SILENT, "memory": SILENT}),
    "there was none before": (
        pod("new:1", NEW, good=10, bad=5),
        {"messages": SILENT, "reply-seconds": SILENT, "memory": SILENT},
    ),
    "several pods of each": (
        [*STEADY, *pod("old:2", OLD, good=10, bad=0.1), *pod("new:1", NEW, good=5), *pod("new:2", NEW, good=5, bad=4)],
        {"messages": ILL},
    ),
    "another service fails": (
        [*STEADY, *pod("new:1", NEW, good=10, bad=0.1), *pod("other:1", NEW, bad=50, memory=900, job="staging")],
        {"messages": WELL, "memory": WELL},
    ),
    "both are ill alike": (
        [*pod("old:1", OLD, good=5, bad=5), *pod("new:1", NEW, good=5, bad=5)],
        {"messages": WELL},
    ),
}  # fmt: skip


def expectation(metric: dict[str, Any], expected: str) -> dict[str, Any]:
    """What promtool is to find: 1 where the failure condition holds, 0 where the other does, nothing at all."""
    query = metric["provider"]["prometheus"]["query"]
    query = query.replace("{{args.job}}", "bot").replace("{{args.revision}}", NEW)
    limit = metric["failureCondition"].rsplit(" ", 1)[1]
    samples = [] if expected == SILENT else [{"labels": "{}", "value": 1 if expected == ILL else 0}]
    return {"expr": f"({query}) > bool {limit}", "eval_time": "5m", "exp_samples": samples}


def judged(
    path: Path, cases: dict[str, tuple[list[dict[str, str]], Mapping[str, str]]]
) -> subprocess.CompletedProcess[str]:
    metrics = {one["name"]: one for one in spec(POLICY)["metrics"]}
    tests = [
        {
            "name": name,
            "interval": "5s",
            "input_series": given,
            "promql_expr_test": [expectation(metrics[metric], one) for metric, one in expected.items()],
        }
        for name, (given, expected) in cases.items()
    ]
    path.write_text(json.dumps({"rule_files": [], "evaluation_interval": "5s", "tests": tests}))
    try:
        argv = [servers.promtool(), "test", "rules", str(path)]
    except servers.Missing as error:
        absent(error)
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_each_case_is_judged_as_it_should_be(tmp_path: Path) -> None:
    found = judged(tmp_path / "cases.json", CASES)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("wrong", [WELL, SILENT])
def test_a_wrong_expectation_is_seen(tmp_path: Path, wrong: str) -> None:
    given, _ = CASES["a fifth of the messages fails"]
    found = judged(tmp_path / "cases.json", {"wrong": (given, {"messages": wrong})})
    assert found.returncode != 0
    assert "FAILED" in found.stdout + found.stderr
