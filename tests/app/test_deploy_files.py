"""What the chart takes from the charter, the settings and the rules is fresh, and bounds who is given what."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.app import deploy_files
from bot.app.deploy_files import SCHEMA, files, schema, stale, write
from bot.app.environment import Secret
from bot.app.road_settings import RoadSettings
from bot.app.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENT = json.loads((ROOT / SCHEMA).read_text())
FRESH = f"write it: python -c 'from pathlib import Path; from {deploy_files.__name__} import write; write(Path())'"


def test_every_generated_file_is_what_it_is_made_from() -> None:
    assert stale(ROOT) == {}, FRESH


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (".github/charter.toml", SCHEMA):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "deploy" / "prometheus").mkdir(parents=True)
    (tmp_path / "deploy" / "grafana" / "dashboards").mkdir(parents=True)
    return tmp_path


def test_writing_makes_what_is_missing_mends_what_is_stale_and_takes_away_what_has_no_source(checkout: Path) -> None:
    rules = checkout / "deploy" / "prometheus" / "alerts.yaml"
    rules.write_text("# words\ngroups:\n  - name: a\n    rules: []\n")
    (checkout / "deploy" / "prometheus" / "prometheus.yml").write_text("scrape_configs: []\n")
    (checkout / "deploy" / "grafana" / "dashboards" / "bot.json").write_text("{}\n")
    gone = checkout / "charts" / "megawatts" / "files" / "rules" / "old.yaml"
    gone.parent.mkdir(parents=True)
    gone.write_text("groups: []\n")
    copies = {
        f"charts/megawatts/files/{name}" for name in ("analysis.json", "rules/alerts.yaml", "dashboards/bot.json")
    }
    assert stale(checkout).keys() == copies | {str(gone.relative_to(checkout))}
    assert set(write(checkout)) == copies | {str(gone.relative_to(checkout))}
    assert stale(checkout) == {}
    assert write(checkout) == []
    assert not gone.exists()
    assert not (gone.parent / "prometheus.yaml").exists(), "a configuration is no rule"
    rules.write_text(rules.read_text() + "  - name: b\n    rules: []\n")
    assert list(stale(checkout)) == ["charts/megawatts/files/rules/alerts.yaml"]


def test_a_looser_charter_makes_the_analysis_stale(checkout: Path) -> None:
    write(checkout)
    charter = checkout / ".github" / "charter.toml"
    charter.write_text(charter.read_text().replace('deadline = "30m"', 'deadline = "20m"'))
    assert list(stale(checkout)) == ["charts/megawatts/files/analysis.json"]


def allows(part: str, what: str, name: str) -> bool:
    value: Any = {"name": "a", "key": "b"} if what == "secrets" else "x"
    wanted = {"$schema": DOCUMENT["$schema"], "$ref": f"#/$defs/{part}{what.title()}", "$defs": DOCUMENT["$defs"]}
    return jsonschema.Draft202012Validator(wanted).is_valid({name: value})


def names(*kinds: Any, secret: bool) -> list[str]:
    found = (one for kind in kinds for one in fields(kind))
    return [one.name.upper() for one in found if isinstance(one.default, Secret) == secret]


MANAGED = {"DISCORD_SHARD_COUNT", "DISCORD_SHARD_IDS", "CONTROLLER_HOST", "CONTROLLER_PORT"}


def test_every_setting_has_its_place_and_no_secret_is_a_plain_value() -> None:
    for name in names(Settings, RoadSettings, secret=True):
        assert not any(allows(part, "settings", name) for part in ("bot", "controller")), name
        assert any(allows(part, "secrets", name) for part in ("bot", "controller")), name
    for name in names(Settings, RoadSettings, secret=False):
        assert not any(allows(part, "secrets", name) for part in ("bot", "controller")), name
        assert any(allows(part, "settings", name) for part in ("bot", "controller")) is (name not in MANAGED), name


def test_what_reads_members_holds_nothing_of_the_road_and_the_road_not_discords_token() -> None:
    """Three hands that never join."""
    road = [*names(RoadSettings, secret=True), *names(RoadSettings, secret=False)]
    assert {"GITHUB_TOKEN", "ARGOCD_AUTH_TOKEN"} <= set(road)
    for name in road:
        assert not allows("bot", "settings", name)
        assert not allows("bot", "secrets", name)
    assert allows("bot", "secrets", "DISCORD_BOT_TOKEN")
    assert not allows("controller", "secrets", "DISCORD_BOT_TOKEN")
    assert allows("controller", "secrets", "DATABASE_URL")
    assert allows("controller", "secrets", "GITHUB_APP_PRIVATE_KEY")
    assert allows("controller", "settings", "GITHUB_REPOSITORY")


def test_a_client_librarys_own_settings_pass_but_not_its_secrets_in_the_open() -> None:
    for part in ("bot", "controller"):
        assert allows(part, "settings", "OTEL_EXPORTER_OTLP_ENDPOINT")
        assert not allows(part, "settings", "OTEL_EXPORTER_OTLP_HEADERS")
        assert allows(part, "secrets", "OTEL_EXPORTER_OTLP_HEADERS")
        assert not allows(part, "settings", "LD_PRELOAD")
        assert not allows(part, "settings", "MEGAWATTS_UNSAFE_NO_SANDBOX")


def test_the_schema_is_written_over_itself_without_a_change() -> None:
    text = (ROOT / SCHEMA).read_text()
    assert schema(text) == text
    emptied = json.loads(text)
    emptied["$defs"]["botSecrets"] = {}
    assert schema(json.dumps(emptied)) == text
    assert schema(text).count("DISCORD_BOT_TOKEN") == 1


def test_every_generated_file_lies_in_the_chart() -> None:
    assert all(re.fullmatch(r"charts/megawatts/(files/[\w./-]+|values\.schema\.json)", name) for name in files(ROOT))
