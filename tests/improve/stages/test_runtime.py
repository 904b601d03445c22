"""V-12: what is wrong with a boot, told from what was seen, and whether the change or the machine is to blame."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.core.sandbox import Finished
from bot.core.verdict import Status, Verdict
from bot.improve.doors import NOT_APPLICABLE, Gate
from bot.improve.stages.runtime import STAGE, attributed, checks, judge
from bot.improve.testing.inside import boot, wires
from tests.improve.testing.toys import gate

WELL: dict[str, Any] = {
    "ready": True, "ready_seconds": 1.0, "port": 4000, "listening": [4000], "peak_mb": 60.0,
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
    monkeypatch.setattr(wires, "_listeners", set)
    seen: dict[str, Any] = {"answers": [], "probes": {}}
    boot._talk(wires.Loopback(), 1, seen)
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


def ended(out: str, code: int | None = 0, limit: str = "", err: bytes = b"") -> Finished:
    return Finished(code, out.encode(), err, 1.0, limit=limit)


GROUND = '{"way": "handed"}\n'


@pytest.mark.parametrize("way", ["loopback", "handed"])
def test_a_good_boot_passes_and_says_how_it_was_spoken_to(way: str) -> None:
    verdict = judge("runtime", ended(json.dumps({"way": way}) + "\n" + json.dumps(WELL)))
    assert (verdict.status, verdict.facts["way"]) == (Status.PASS, way)


def test_a_machine_on_which_no_bot_can_be_spoken_to_is_not_the_changes_fault() -> None:
    verdict = judge("runtime", ended('{"way": ""}\n'))
    assert verdict.status is Status.ERROR
    assert "megawatts doctor" in verdict.because


def test_what_is_said_after_no_way_was_found_counts_for_nothing() -> None:
    assert judge("runtime", ended('{"way": ""}\n' + json.dumps(WELL))).status is Status.ERROR


@pytest.mark.parametrize("out", ["", "\n", "[]\n", "oops\n" + json.dumps(WELL), json.dumps(WELL)])
def test_a_check_that_never_began_is_an_error_with_what_was_said(out: str) -> None:
    verdict = judge("runtime", ended(out, 127, err=b"python: not found"))
    assert verdict.status is Status.ERROR
    if not out.strip():
        assert "python: not found" in verdict.because


@pytest.mark.parametrize(
    ("rest", "code", "limit", "said"),
    [("", None, "memory", "memory"), ("", -9, "", "code -9"), ("{", 1, "", "code 1"), ("[]", 0, "", "code 0")],
)
def test_whoever_ends_the_check_while_the_bot_runs_is_to_blame(
    rest: str, code: int | None, limit: str, said: str
) -> None:
    verdict = judge("runtime", ended(GROUND + rest, code, limit))
    assert verdict.status is Status.FAIL
    assert said in verdict.because


def test_a_bot_that_does_not_boot_fails_wherever_it_is_tried() -> None:
    seen = {"ready": False, "log": "ImportError: x", "exit": 1}
    verdict = judge("runtime", ended(GROUND + json.dumps(seen)))
    assert verdict.status is Status.FAIL
    assert "ImportError" in verdict.because


def looked_at(**bent: Any) -> Verdict:
    return judge("runtime", ended(GROUND + json.dumps({**copy.deepcopy(WELL), **bent})))


DEAD = {"ready": False, "log": "OSError: no room", "exit": 1}
LARGE, LATE = {"peak_mb": 300.0}, {"stop_seconds": 12.0}


@pytest.mark.parametrize("wrong", [DEAD, LARGE, LATE, {**LARGE, **LATE}])
def test_what_only_the_change_does_wrong_is_its_fault(wrong: dict[str, Any]) -> None:
    head = looked_at(**wrong)
    assert attributed(head, looked_at()) is head
    assert head.status is Status.FAIL


@pytest.mark.parametrize(("head", "base"), [(LARGE, LARGE), (LATE, {**LARGE, **LATE}), (DEAD, DEAD), (LARGE, DEAD)])
def test_what_the_base_does_wrong_here_too_is_not_the_changes_fault(head: dict[str, Any], base: dict[str, Any]) -> None:
    told = attributed(looked_at(**head), looked_at(**base))
    assert told.status is Status.ERROR
    assert "not the change" in told.because
    assert looked_at(**head).because in told.because


@pytest.mark.parametrize(("head", "base"), [({**LARGE, **LATE}, LATE), (DEAD, LARGE)])
def test_one_thing_more_than_the_base_does_wrong_is_a_fault(head: dict[str, Any], base: dict[str, Any]) -> None:
    assert attributed(looked_at(**head), looked_at(**base)).status is Status.FAIL


def test_a_check_that_ended_early_on_both_is_an_error_and_on_one_is_not() -> None:
    early = judge("runtime", ended(GROUND, None, "memory"))
    assert attributed(early, early).status is Status.ERROR
    assert attributed(early, looked_at()).status is Status.FAIL
    assert attributed(early, judge("runtime", ended(""))).status is Status.ERROR


class Twice:
    """A workspace whose boots end so, one after another."""

    def __init__(self, path: Path, *ends: Finished) -> None:
        self.path, self.python, self.ends = path, Path("python"), list(ends)

    async def run(self, *_: Any, **__: Any) -> Finished:
        return self.ends.pop(0)


async def stage(folder: Path, head: Finished, base: Finished | None) -> Verdict:
    (folder / "bot" / "app").mkdir(parents=True)
    (folder / "bot" / "app" / "bot_process.py").touch()
    made = SimpleNamespace(
        profile=SimpleNamespace(own=True),
        head=Twice(folder, head),
        base=Twice(folder, *([] if base is None else [base])),
        progress=lambda *_: None,
    )
    return await STAGE.run(cast("Gate", made), {})


async def test_the_base_is_booted_only_where_the_change_fails(tmp_path: Path) -> None:
    well, dead = (ended(GROUND + json.dumps(seen)) for seen in (WELL, DEAD))
    assert (await stage(tmp_path / "a", well, None)).status is Status.PASS
    assert (await stage(tmp_path / "b", dead, well)).status is Status.FAIL
    assert (await stage(tmp_path / "c", dead, dead)).status is Status.ERROR
    assert (await stage(tmp_path / "d", ended('{"way": ""}\n'), None)).status is Status.ERROR
