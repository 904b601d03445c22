"""Rules and alerts, by Prometheus' own tools: what fires, and what must not; and one real way to a person."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.prometheus.loop import LoopMetrics
from tests.deploy.exported import exported, metrics_of, recorded
from tests.servers import prometheus as servers
from tests.servers.absent import absent

ROOT = Path(__file__).parent.parent.parent
RULES = sorted((ROOT / "deploy/prometheus").glob("*.yaml"))
CONFIG = ROOT / "deploy/alertmanager/alertmanager.yml"


def rules() -> list[dict[str, Any]]:
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}
BOT, NEW = 'job="bot",instance="a"', 'job="bot",instance="b"'
LOOP = 'job="controller",instance="c"'
MESSAGES = "megawatts_messages_by_user_capped_total"
UP, BUILD = f"up{{{BOT}}}", f'megawatts_build_info{{{BOT},revision="old",version="1"}}'
NEW_UP, NEW_BUILD = f"up{{{NEW}}}", f'megawatts_build_info{{{NEW},revision="new",version="2"}}'
FAILED, NEW_FAILED = f'{MESSAGES}{{{BOT},outcome="failed"}}', f'{MESSAGES}{{{NEW},outcome="failed"}}'
QUICK = f'megawatts_reply_seconds_bucket{{{BOT},le="0.1"}}'
MODEL_DOWN = f'megawatts_model_calls_total{{{BOT},model="m",outcome="down"}}'
COST = f'megawatts_model_cost_dollars_total{{{BOT},model="m"}}'
BUDGET = f'megawatts_budget_dollars{{{BOT},of="day"}}'
CONTROLLER = f'megawatts_controller_info{{{LOOP},revision="old",version="1"}}'
ROUND = f"megawatts_loop_last_round_timestamp_seconds{{{LOOP}}}"
WHOLE, HELD = (f'megawatts_loop_rounds_total{{{LOOP},result="{result}"}}' for result in ("whole", "held"))
NO_FORGE, NO_ARGO = (
    f'megawatts_loop_troubles_total{{{LOOP},event="held",door="{door}"}}' for door in ("GitHub", "Argo CD")
)
REVERTS, PAGES = f"megawatts_reverts_total{{{LOOP}}}", f"megawatts_pages_total{{{LOOP}}}"
STOPPED, AUDIT = f"megawatts_stopped{{{LOOP}}}", f"megawatts_audit_whole{{{LOOP}}}"
CHECKED = f"megawatts_audit_checked_timestamp_seconds{{{LOOP}}}"
DENIED = f'megawatts_sandbox_denied_total{{{LOOP},stage="runtime"}}'
NO_STAGE = f'validation_success_total{{{LOOP},type="tests",result="error"}}'
ZERO, ONE, ONCE, ENDS = "0x130", "1x130", "0x20 1x110", "1x20 stale"
"""A sample a minute: never, always, once after twenty minutes, and gone then."""
QUIET = {
    UP: ONE,
    BUILD: ONE,
    f"process_start_time_seconds{{{BOT}}}": ZERO,
    f"process_resident_memory_bytes{{{BOT}}}": "5e7x130",
    f'{MESSAGES}{{{BOT},outcome="answered"}}': "0+40x130",
    FAILED: ZERO,
    QUICK: "0+40x130",
    f'megawatts_reply_seconds_bucket{{{BOT},le="5"}}': "0+40x130",
    f'megawatts_reply_seconds_bucket{{{BOT},le="+Inf"}}': "0+40x130",
    f'megawatts_model_calls_total{{{BOT},model="m",outcome="ok"}}': "0+16x130",
    MODEL_DOWN: ZERO,
    COST: "0+0.01x130",
    BUDGET: "20x130",
    f"up{{{LOOP}}}": ONE,
    CONTROLLER: ONE,
    ROUND: "0+60x130",
    WHOLE: "0+12x130",
    HELD: ZERO,
    NO_FORGE: ZERO,
    REVERTS: ZERO,
    PAGES: ZERO,
    STOPPED: ZERO,
    AUDIT: ONE,
    CHECKED: "0+60x130",
    DENIED: ZERO,
    NO_STAGE: ZERO,
    f'validation_success_total{{{LOOP},type="tests",result="fail"}}': "0+4x130",
}
"""Two processes that are well; the old revision started at 0."""
CANARY = {
    NEW_UP: ONE,
    NEW_BUILD: ONE,
    f"process_start_time_seconds{{{NEW}}}": "600x130",
    f'{MESSAGES}{{{NEW},outcome="answered"}}': "0+36x130",
    NEW_FAILED: ZERO,
}
DOWN = "1x20 0x110"
Change = Mapping[str, str | None]
CASES: dict[str, tuple[Change, str, set[str]]] = {
    "quiet": ({}, "75m", set()),
    "the bot is away": ({UP: DOWN, BUILD: ENDS}, "23m", {"MegawattsBotDown"}),
    "one of two bots is away": ({**CANARY, NEW_UP: DOWN, NEW_BUILD: ENDS}, "23m", {"MegawattsBotDown"}),
    "another program that is away is not ours": ({'up{job="other",instance="z"}': ZERO}, "23m", set()),
    "both revisions are well": (CANARY, "30m", set()),
    "the new revision is worse": ({**CANARY, NEW_FAILED: "0+4x130"}, "30m", {"MegawattsNewRevisionWorse"}),
    "both are as bad": ({**CANARY, NEW_FAILED: "0+4x130", FAILED: "0+4x130"}, "30m", set()),
    "the old revision is worse, which no revert mends": ({**CANARY, FAILED: "0+4x130"}, "30m", set()),
    "messages fail, and there is one revision": ({FAILED: "0+20x130"}, "30m", {"MegawattsMessagesFail"}),
    "replies are slow": ({QUICK: ZERO}, "30m", {"MegawattsSlowReplies"}),
    "a model fails": ({MODEL_DOWN: "0+36x130"}, "30m", {"MegawattsModelsFail"}),
    "the budget is spent": ({COST: "0+2x130"}, "30m", {"MegawattsBudgetSpent"}),
    "no budget is set": ({COST: "0+2x130", BUDGET: ZERO}, "30m", set()),
    "a revert": ({REVERTS: ONCE}, "27m", {"MegawattsReverted"}),
    "a revert of long ago": ({REVERTS: ONCE}, "50m", set()),
    "a person is needed": ({PAGES: ONCE}, "27m", {"MegawattsPersonNeeded"}),
    "no controller": ({CONTROLLER: None}, "20m", {"MegawattsControllerDown"}),
    "the loop is stuck": ({ROUND: "0+60x5 300x125"}, "20m", {"MegawattsLoopStuck"}),
    "the forge does not answer": ({NO_FORGE: "0x20 0+4x110"}, "32m", {"MegawattsForgeUnavailable"}),
    "another door does not answer": ({NO_ARGO: "0x20 0+4x110"}, "32m", set()),
    "no round is whole": ({HELD: "0+4x130", WHOLE: "9x130"}, "30m", {"MegawattsLoopHeld"}),
    "some rounds are not whole": ({HELD: "0+4x130"}, "30m", set()),
    "a stage could not run": ({NO_STAGE: ONCE}, "30m", {"MegawattsGateErrors"}),
    "stopped for long": ({STOPPED: ONE}, "75m", {"MegawattsStopped"}),
    "stopped just now": ({STOPPED: ONE}, "30m", set()),
    "the audit log is broken": ({AUDIT: DOWN}, "30m", {"MegawattsAuditBroken"}),
    "the audit log was not looked at yet": ({AUDIT: None}, "30m", set()),
    "nobody looks at the audit log": ({CHECKED: ZERO}, "75m", {"MegawattsAuditUnchecked"}),
    "the sandbox denied something": ({DENIED: ONCE}, "30m", {"MegawattsSandboxDenied"}),
}


@pytest.fixture(scope="module")
def promtool() -> str:
    try:
        return servers.promtool()
    except servers.Missing as error:
        absent(error)


def run(*argv: str | Path) -> str:
    done = subprocess.run([str(one) for one in argv], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_alert_is_seen_to_fire_and_something_like_it_is_seen_not_to() -> None:
    fired = {name for _change, _at, names in CASES.values() for name in names}
    assert fired == set(ALERTS)
    assert sum(not names for _change, _at, names in CASES.values()) >= 8


@pytest.mark.integration
def test_each_case_fires_what_it_should_and_nothing_else(promtool: str, tmp_path: Path) -> None:
    expr = 'count by (alertname) (ALERTS{alertstate="firing"})'
    tests = [
        {
            "name": name,
            "interval": "1m",
            "input_series": [{"series": s, "values": v} for s, v in {**QUIET, **change}.items() if v is not None],
            "promql_expr_test": [
                {
                    "expr": f"max by (alertname) (({expr}) > bool 0)",
                    "eval_time": at,
                    "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(alerts)],
                }
            ],
        }
        for name, (change, at, alerts) in CASES.items()
    ]
    file = tmp_path / "tests.json"
    file.write_text(json.dumps({"rule_files": [str(p) for p in RULES], "evaluation_interval": "1m", "tests": tests}))
    run(promtool, "test", "rules", file)


@pytest.mark.integration
def test_recorded_figures_are_by_revision(promtool: str, tmp_path: Path) -> None:
    series = {**QUIET, **CANARY, NEW_FAILED: "0+4x130"}
    expected = {
        "megawatts:message_failure_ratio:rate5m": [("old", 0.0), ("new", 0.1)],
        "megawatts:newest_revision": [("new", 600.0)],
        "megawatts:memory_bytes:avg": [("old", 5e7)],
        "megawatts:reply_seconds:p95_5m": [("old", 0.095)],
    }
    test = {
        "interval": "1m",
        "input_series": [{"series": s, "values": v} for s, v in series.items()],
        "promql_expr_test": [
            {
                "expr": f"sum by (revision) (round({name}, 0.001))",
                "eval_time": "30m",
                "exp_samples": [{"labels": f'{{revision="{rev}"}}', "value": value} for rev, value in rows],
            }
            for name, rows in expected.items()
        ],
    }
    file = tmp_path / "tests.json"
    file.write_text(json.dumps({"rule_files": [str(p) for p in RULES], "evaluation_interval": "1m", "tests": [test]}))
    run(promtool, "test", "rules", file)


@pytest.mark.integration
def test_the_tools_accept_every_file(promtool: str) -> None:
    run(promtool, "check", "config", ROOT / "deploy/prometheus/prometheus.yml")
    run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *RULES)
    run(servers.amtool(), "check-config", CONFIG)


@pytest.mark.integration
def test_a_misspelt_rule_would_be_refused(promtool: str, tmp_path: Path) -> None:
    text = RULES[0].read_text()
    for number, (old, new) in enumerate([("expr: ", "exprr: "), ("increase(", "increaze("), ("for: 1m", "for: 1x")]):
        assert old in text
        (tmp_path / f"{number}.yaml").write_text(text.replace(old, new, 1))
        with pytest.raises(AssertionError):
            run(promtool, "check", "rules", tmp_path / f"{number}.yaml")


def test_rules_name_only_what_is_exported_or_recorded() -> None:
    known = exported() | recorded()
    named = {rule.get("alert") or rule["record"]: metrics_of(rule["expr"]) for rule in rules()}
    assert {name: odd for name, used in named.items() if (odd := used - known - {"up"})} == {}
    assert all(named.values()), "an expression without a metric was not read"


def test_every_alert_says_what_is_wrong_how_grave_it_is_and_what_to_do() -> None:
    guide = (ROOT / "docs/monitoring.md").read_text()
    headings = {line[4:].strip().casefold() for line in guide.splitlines() if line.startswith("### ")}
    for name, rule in ALERTS.items():
        assert rule["labels"]["severity"] in {"page", "warn", "info"}, name
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}, name
        assert rule["annotations"]["runbook_url"] == f"docs/monitoring.md#{name.casefold()}", name
        assert name.casefold() in headings, f"docs/monitoring.md does not say what to do about {name}"


def test_no_annotation_carries_what_a_member_wrote() -> None:
    used = {label for rule in ALERTS.values() for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))}
    assert used <= {"job", "instance", "revision", "model", "door", "type", "stage"}


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Where Alertmanager tells people: a peer that keeps what it was told."""
    told: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    with served(Handler) as where:
        yield where, told


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def page_of(figures: LoopMetrics) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(figures.page())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    return Handler


@pytest.mark.integration
def test_a_revert_reaches_a_person(tmp_path: Path) -> None:
    """The controller's own page, Prometheus, our rules, Alertmanager with our configuration, and a webhook."""
    figures = LoopMetrics("a" * 40, "1", ("tests",))
    with ExitStack() as stack:
        where, told = stack.enter_context(webhook())
        text = CONFIG.read_text().replace("http://megawatts-alerts:9095/alerts", f"http://{where}/alerts")
        text = text.replace("group_wait: 10s", "group_wait: 0s").replace("group_interval: 1m", "group_interval: 1s")
        assert where in text
        try:
            manager = stack.enter_context(servers.alertmanager(tmp_path / "alertmanager", text))
            pattern = str(ROOT / "deploy/prometheus/*.yaml")
            server = stack.enter_context(
                servers.prometheus(tmp_path / "prometheus", rules=pattern, alertmanager=manager)
            )
        except servers.Missing as error:
            absent(error)
        server.scrape(controller=stack.enter_context(served(page_of(figures))))
        servers.until(lambda: server.query("megawatts_reverts_total"), "the controller is scraped")
        assert "MegawattsReverted" not in server.firing()

        figures.heard("revert", {"pull": 7, "kind": "fix", "revert": 8, "because": "9 of 10 failed"})
        servers.until(lambda: "MegawattsReverted" in server.firing(), "the alert fires")
        servers.until(lambda: any(alerts_of(one) for one in told), "people are told")

        found = [alert for one in told for alert in alerts_of(one)]
        assert {alert["labels"]["severity"] for alert in found} == {"warn"}
        assert found[0]["annotations"]["summary"] == "A change was taken back"
        assert "MegawattsLoopStuck" not in server.firing()
        assert "9 of 10" not in json.dumps(told), "what was said of it stays in the pull request"


def alerts_of(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [alert for alert in told["alerts"] if alert["labels"]["alertname"] == "MegawattsReverted"]
