import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from bot.app import flags_cmd
from bot.app.commands import build
from bot.app.home import Home
from bot.app.settings import load
from bot.app.stores import open_records
from bot.policy.flag_stops import TABLE
from bot.policy.flags_file import parse

run = CliRunner()
TEXT = """[near_hint]
family = "experimental"
what = "Names what is near."
owner = "ada"
share = 50
[near_hint.experiment]
metric = "unanswered"
"""


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch):
    flags = parse(TEXT)
    monkeypatch.setattr(flags_cmd, "declared", SimpleNamespace(load=lambda: flags))
    return flags["near_hint"]


def show(*words: str):
    argv = ["flags", *words]
    return run.invoke(build(argv), argv)


@pytest.mark.integration
def test_the_shipped_flags_without_a_home(tmp_path: Path) -> None:
    result = show("--home", str(tmp_path / "none"))
    assert result.exit_code == 0
    assert "model_answers = True  [safety]" in result.stdout
    assert not (tmp_path / "none").exists(), "nothing is made by looking"


@pytest.mark.integration
def test_what_holds_for_somebody_with_stops_and_experiments(tmp_path: Path, declared) -> None:
    home = Home(tmp_path).create()
    records = open_records(load({}), home)
    stop = {"flag": "near_hint", "guild": "7", "by": "ada", "reason": "loud", "at": "2026", "mark": ""}
    records.put(TABLE, "near_hint/7/", stop)
    figures = {"members_on": 31.0}
    row = {
        "flag": "near_hint",
        "began": "2026",
        "state": "running",
        "because": "until",
        "looks": {},
        "figures": figures,
    }
    records.put("experiments", declared.trial, row)
    records.close()
    (found,) = json.loads(show("--json", "--user", "42", "--guild", "7", "--home", str(tmp_path)).stdout)
    assert (found["value"], found["because"]) == (False, "ada stopped it on this server: loud")
    assert found["experiment"]["figures"] == figures
    assert found["experiment"]["trial"] == declared.trial
    text = show("--user", "42", "--home", str(tmp_path)).stdout
    assert "its 50 %" in text
    assert "stopped in 7 by ada: loud" in text
    assert "members_on 31.0" in text


def test_an_experiment_that_nobody_has_looked_at_yet(tmp_path: Path, declared) -> None:
    (found,) = json.loads(show("--json", "--home", str(tmp_path)).stdout)
    assert found["experiment"]["state"] == "not seen yet"
