import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.adapters.store.switch import FileSwitch
from bot.app.vital import Vital
from bot.core.errors import Unavailable
from bot.sdk.testing import DictRecords

SHA = "d" * 40


class Away(DictRecords):
    def get(self, table: str, key: str) -> Any:
        raise Unavailable("records", "disk full at /secret")


def vital(tmp_path: Path, records: Any = None) -> Vital:
    found = Vital(SHA, time.monotonic() - 3700)
    found.house = SimpleNamespace(records=records or DictRecords(), switch=FileSwitch(tmp_path / "stop.json"))
    return found


def test_health_when_all_is_well(tmp_path: Path) -> None:
    found = vital(tmp_path).health()
    assert (found["status"], found["revision"]) == ("ok", SHA)
    assert found["memory_bytes"] > 1e6
    assert {check["name"] for check in found["checks"]} == {"records", "emergency_stop"}
    assert "discord" not in found


def test_health_tells_of_the_emergency_stop(tmp_path: Path) -> None:
    it = vital(tmp_path)
    it.house.switch.stop("a drill", "ann")
    assert it.health()["status"] == "stopped"
    assert it.ready()


def test_health_tells_of_records_that_are_away_but_not_where(tmp_path: Path) -> None:
    it = vital(tmp_path, Away())
    assert it.health()["status"] == "degraded"
    assert "secret" not in json.dumps(it.health())
    assert not it.ready()


def test_a_house_that_is_not_there_yet_is_not_ready() -> None:
    assert not Vital(SHA, 0).ready()


def test_members_hear_how_long_it_runs_and_what_is_wrong_with_discord(tmp_path: Path) -> None:
    it = vital(tmp_path)
    assert it.status()["up"] == "1 h 1 min"
    assert "discord" not in it.status()
    it.discord = lambda: {"problem": "Discord refuses the token.", "shards": []}
    assert it.status()["discord"] == "Discord refuses the token."
    assert it.health()["discord"] == {"problem": "Discord refuses the token.", "shards": []}
