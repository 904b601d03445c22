"""`megawatts route explain`: which model would be asked, and why."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bot.adapters.store.records import SqliteRecords
from bot.app import models, route_cmd
from bot.app.bot_wiring import now
from bot.app.home import Home
from bot.app.settings import Settings, load
from bot.core.errors import Unavailable
from bot.core.ids import GuildId, UserId
from bot.policy.budget import accounts
from tests.agent.doubles import PAID, Scripted, said

CLOUD = Scripted("openai", said(), price=PAID, model="mini", size="small")
LARGE = Scripted("openai", said(), price=replace(PAID, output=60.0), model="big", size="large")
HOME = Scripted("llama", said(), local=True, model="llama3.2")


class Away(Scripted):
    async def candidates(self) -> Any:
        raise Unavailable("the model server at box (LLAMA_API_ENDPOINT)", "ConnectionError")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> list[Scripted]:
    """The providers, whatever the settings say."""
    found: list[Scripted] = [CLOUD, LARGE, HOME]
    monkeypatch.setattr(models, "providers", lambda _settings: found)
    monkeypatch.setattr(models, "configured", lambda _settings: tuple(one.name for one in found))
    return found


def run(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    app = typer.Typer()
    route_cmd.register(app)
    argv = ["route", "explain", *words, "--home", str(folder)]
    done = CliRunner().invoke(app, argv, env={"COLUMNS": "200", **environment})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def told(folder: Path, *words: str, **environment: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, *words, "--json", **environment)[1])
    return found


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "LLAMA_API_ENDPOINT", "DEFAULT_AI_PROVIDER"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_key_it_says_who_answers_and_how_to_add_a_model(tmp_path: Path) -> None:
    code, text = run(tmp_path, "hello")
    assert code == 0
    assert "offline responder answers" in text
    assert "trivial: small talk" in text
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "LLAMA_API_ENDPOINT", "DEFAULT_AI_PROVIDER=local"):
        assert name in text
    assert not list(tmp_path.iterdir()), "nothing is made in the home"


def test_offline_by_choice_is_told_as_such(tmp_path: Path) -> None:
    found = told(tmp_path, "hello", DEFAULT_AI_PROVIDER="offline", OPENAI_API_KEY="k")
    assert found["chain"] == []
    assert "DEFAULT_AI_PROVIDER is offline" in found["notes"][0]


def test_the_table_has_every_candidate_with_its_points_price_and_reason(there: list[Scripted], tmp_path: Path) -> None:
    code, text = run(tmp_path, "What is the capital of France?")
    assert code == 0
    assert text.index("llama:llama3.2") < text.index("openai:mini") < text.index("openai:big")
    for part in ("simple:", "free", "1 / 10", "fits a simple task", "llama:llama3.2 is asked first"):
        assert part in text


def test_the_json_is_the_tree_of_the_decision(there: list[Scripted], tmp_path: Path) -> None:
    found = told(tmp_path, "Compare both designs and explain step by step why.")
    assert found["chain"] == ["llama:llama3.2", "openai:big", "openai:mini"]
    tree = found["verdict"]
    assert tree["status"] == "pass"
    assert [child["name"] for child in tree["children"]] == ["complexity", *found["chain"]]
    assert {row["name"] for row in tree["children"][1]["children"]} >= {"class", "cost", "latency"}


def test_private_text_and_the_setting_for_it(there: list[Scripted], tmp_path: Path) -> None:
    found = told(tmp_path, "hello you there", "--private", AI_PRIVATE_LOCAL_ONLY="true")
    assert found["chain"] == ["llama:llama3.2"]
    there.remove(HOME)
    code, text = run(tmp_path, "hello you there", "--private", AI_PRIVATE_LOCAL_ONLY="true")
    assert code == 1
    assert "own machines only" in text


def test_what_the_records_say_was_spent_counts(there: list[Scripted], tmp_path: Path) -> None:
    there.remove(HOME)
    records = SqliteRecords(Home.find(tmp_path).records)
    user, *_rest = accounts(now(), UserId("7"), GuildId(""))
    records.put("budget", f"{user.key}p1", {"usd": 0.5})
    records.close()
    assert told(tmp_path, "hello you there", "--user", "7")["chain"] == []
    assert len(told(tmp_path, "hello you there", "--user", "8")["chain"]) == 2


def test_a_server_that_is_away_is_a_note_and_the_others_are_still_told(there: list[Scripted], tmp_path: Path) -> None:
    there[2] = Away("llama", said())
    found = told(tmp_path, "hello you there")
    assert found["chain"] == ["openai:mini", "openai:big"]
    assert found["notes"] == ["the model server at box (LLAMA_API_ENDPOINT) is unavailable: ConnectionError"]
    assert "box (LLAMA_API_ENDPOINT)" in run(tmp_path, "hello you there")[1]


def test_no_model_is_asked(there: list[Scripted], tmp_path: Path) -> None:
    told(tmp_path, "hello you there")
    assert all(one.requests == [] for one in (CLOUD, LARGE, HOME))
    assert all(one.closed for one in (CLOUD, LARGE, HOME))


async def test_real_settings_give_real_candidates() -> None:
    given = load({"OPENAI_API_KEY": "k", "OPENAI_MODEL": "gpt-5-mini,gpt-5"})
    found = await route_cmd.explain(given, route_cmd.Asked("hello you there", home=Path("/nonexistent")))
    assert [one.name for one in found.route.chain] == ["openai:gpt-5-mini", "openai:gpt-5"]
    assert isinstance(given, Settings)
