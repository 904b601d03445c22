"""V-12: what is wrong with a boot, told from what was seen; and a real boot in the sandbox."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.improve.doors import NOT_APPLICABLE
from bot.improve.stages.runtime import STAGE, checks
from bot.improve.testing.inside import boot
from tests.improve.testing.toys import gate

WELL: dict[str, Any] = {
    "ready": True, "ready_seconds": 1.0, "port": 4000, "listening": [4000], "peak_mb": 60.0, "rss_mb": 55,
    "exit": 0, "stop_seconds": 0.4, "reached": [], "started": [],
    "answers": [{"text": "help", "status": 200, "body": json.dumps({"text": "I can", "answered": True})}],
    "probes": {
        "bad json": {"status": 400, "body": ""}, "no user": {"status": 400, "body": ""},
        "/healthz": {"status": 200, "body": ""}, "/readyz": {"status": 200, "body": ""},
        "/metrics": {"status": 200, "body": "# TYPE x counter"},
    },
}  # fmt: skip


def wrong(seen: dict[str, Any]) -> list[str]:
    return [check.name for check in checks(seen) if check.wrong]


def test_a_good_boot_has_nothing_wrong() -> None:
    assert wrong(WELL) == []
    assert len(list(checks(WELL))) == 7


def test_a_long_answer_with_a_file_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    long = json.dumps({"text": "I can", "answered": True, "files": ["x" * 20_000]})
    monkeypatch.setattr(boot, "_ask", lambda *_: (200, long))
    seen: dict[str, Any] = {"answers": [], "probes": {}}
    boot._talk(1, seen)
    assert wrong({**copy.deepcopy(WELL), "answers": seen["answers"]}) == []


@pytest.mark.parametrize(
    ("bend", "name"),
    [
        (lambda s: s.update(ready=False), "boots"),
        (lambda s: s["answers"][0].update(status=500), "answers"),
        (lambda s: s["answers"][0].update(body="<html>"), "answers"),
        (lambda s: s["answers"][0].update(body='{"text": "what?", "answered": false}'), "answers"),
        (lambda s: s["probes"]["bad json"].update(status=500), "probes"),
        (lambda s: s["probes"]["/readyz"].update(status=503), "probes"),
        (lambda s: s["probes"]["/metrics"].update(body=""), "probes"),
        (lambda s: s.update(peak_mb=200.1), "memory"),
        (lambda s: s.update(reached=["socket.connect\t(('1.2.3.4', 80),)"]), "connections"),
        (lambda s: s.update(unwatched=True), "connections"),
        (lambda s: s.update(listening=[4000, 4001]), "listens"),
        (lambda s: s.update(exit=None), "stops"),
        (lambda s: s.update(exit=-9), "stops"),
        (lambda s: s.update(stop_seconds=11.0), "stops"),
    ],
)
def test_each_thing_that_can_be_wrong_is_named(bend: Callable[[dict[str, Any]], None], name: str) -> None:
    seen = copy.deepcopy(WELL)
    bend(seen)
    assert wrong(seen) == [name]


async def test_another_repository_has_no_bot_to_boot(tmp_path: Path) -> None:
    verdict = await STAGE.run(gate(tmp_path, {"toy/a.py": ""}, {}), {})
    assert NOT_APPLICABLE in verdict.facts
