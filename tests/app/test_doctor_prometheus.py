"""What the doctor makes of Prometheus' answers. The questions themselves: tests/contracts/test_health_source.py."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import doctor_prometheus
from bot.app.doctor_prometheus import MOST, examine, known, measured, revisions, samples_of
from bot.app.environment import Secret
from bot.app.road_settings import RoadSettings
from bot.core.errors import MegawattsError, Misconfigured
from bot.core.health import MetricKind, MetricRule
from bot.core.verdict import Status
from bot.policy.charter import PATH, parse
from bot.policy.figures import Sample, there
from tests.app.setup.peer import TOKEN, Repository, served

ROOT = Path(__file__).parents[2]

A, B = "a" * 40, "b" * 40
MEMORY = Sample("process_resident_memory_bytes", {}, 1.0)
READ = Sample("megawatts_messages_by_user_capped_total", {"outcome": "answered"}, 0.0)
RULES = (MetricRule("messages", "rate"), MetricRule("memory", "level"))


def test_no_prometheus_is_a_choice() -> None:
    (only,) = examine(RoadSettings())
    assert (only.name, only.status) == ("prometheus", Status.PASS)
    assert "not used" in only.because


@pytest.mark.integration  # it asks a port
@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"prometheus_url": "prometheus:9090"}, "PROMETHEUS_URL must be http://"),
        ({"prometheus_url": "http://192.0.2.1", "prometheus_token": Secret("s3cret")}, "use https"),
        ({"prometheus_url": "http://127.0.0.1:9"}, "check PROMETHEUS_URL and the way there"),
        ({"prometheus_url": "http://127.0.0.1:9", "prometheus_labels": "prod"}, "PROMETHEUS_LABELS"),
    ],
)
def test_one_that_cannot_be_asked_is_one_row_with_its_fix(changed: dict[str, object], because: str) -> None:
    (only,) = examine(RoadSettings(**changed), lambda: RULES)  # type: ignore[arg-type]
    assert (only.name, only.status) == ("prometheus", Status.FAIL)
    assert because in only.because
    assert "s3cret" not in only.because


@pytest.mark.parametrize(
    ("found", "elsewhere", "where", "because"),
    [
        ([], False, {}, "it scrapes no bot: let it scrape"),
        ([], False, {"namespace": "prod"}, "it scrapes no bot"),
        ([], True, {"namespace": "prod"}, "no process has namespace=prod: correct PROMETHEUS_LABELS"),
        (["unknown"], True, {}, "of which commit it is ('unknown'): build the image"),
        (["", "main", "A" * 40, "a" * 39], True, {}, "of which commit it is"),
    ],
)
def test_processes_that_do_not_say_their_commit_are_no_revisions(
    found: Sequence[str], elsewhere: bool, where: dict[str, str], because: str
) -> None:
    verdict = revisions(found, elsewhere, where)
    assert verdict.status is Status.FAIL
    assert because in verdict.because


def test_revisions_are_told_short_and_not_all_of_them() -> None:
    many = [f"{number:040x}" for number in range(MOST + 3)]
    assert revisions(["unknown", A, B], True, {}).because == f"2 of them: {A[:12]}, {B[:12]}"
    assert revisions(many, True, {}).because.count(",") == MOST - 1
    assert known(["unknown", A, f"{A}\n"]) == [A]


def test_every_rule_has_series() -> None:
    found = measured("health", RULES, [MEMORY, READ])
    assert (found.status, found.because) == (Status.PASS, "2 rules have series of a revision")


def test_a_rule_without_series_leaves_it_open_and_names_what_lacks() -> None:
    found = measured("health", RULES, [MEMORY])
    assert found.status is Status.INCONCLUSIVE
    assert "no series yet of messages (megawatts_members_hit, megawatts_members_seen, " in found.because
    assert READ.name in found.because
    assert "memory" not in found.because


@pytest.mark.parametrize(("name", "kind"), [("messages", "level"), ("mesages", "rate"), ("memory", "latency")])
def test_a_rule_that_nothing_measures_fails_whatever_is_there(name: str, kind: MetricKind) -> None:
    found = measured("health", (*RULES, MetricRule(name, kind)), [MEMORY, READ])
    assert found.status is Status.FAIL
    assert f"nothing measures {name} ({kind})" in found.because
    assert not there(MetricRule(name, kind), [MEMORY, READ])


def test_a_charter_without_rules_proves_nothing_well() -> None:
    assert measured("health", (), [MEMORY]).status is Status.FAIL


def test_what_members_bring_about_need_not_have_come_about_yet() -> None:
    rules = (MetricRule("memory", "level"), MetricRule("tools", "rate"), MetricRule("feedback", "rate"))
    found = measured("health", rules, [MEMORY])
    assert found.passed
    assert found.because == "1 rules have series of a revision; none yet of tools, feedback, which members bring about"
    assert not measured("health", (MetricRule("messages", "rate"), *rules), [MEMORY]).passed


def test_only_named_rows_are_series() -> None:
    rows = [({"__name__": MEMORY.name, "job": "bot"}, 2.0), ({"job": "bot"}, 1.0)]
    assert [(one.name, one.value) for one in samples_of(rows)] == [(MEMORY.name, 2.0)]


def test_the_rules_are_those_of_the_charter_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = doctor_prometheus._charters(RoadSettings())
    assert [rule.name for rule in ours] == [rule.name for rule in parse((ROOT / PATH).read_text()).health.rules]
    monkeypatch.setattr(doctor_prometheus, "ROOT", tmp_path)
    with pytest.raises(Misconfigured, match=r"no \.github/charter\.toml beside the code"):
        doctor_prometheus._charters(RoadSettings())


@pytest.mark.integration  # it loads PyGithub and listens on a socket
def test_on_github_they_are_those_of_the_base_branch_and_not_of_this_checkout() -> None:
    text = (ROOT / PATH).read_text().replace('name = "memory"', 'name = "cpu_seconds"').replace('"level"', '"latency"')
    with served(Repository(files={PATH: text})) as address:
        given = RoadSettings(github_repository="octo/bot", github_api_url=address, github_token=Secret(TOKEN))
        assert "cpu_seconds" in [rule.name for rule in doctor_prometheus._charters(given)]
        away = replace(given, prometheus_url="http://127.0.0.1:9", github_repository="octo/none")
        with pytest.raises(MegawattsError):
            doctor_prometheus._charters(away)
