"""Grafana's dashboards, written by `python -m bot.app.dashboards`: five pages over the figures of bot and controller.

A page is data here; the foundation SDK, which only developers have, gives it Grafana's own form.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "grafana"
_SOURCE = "${datasource}"


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture: a name and what is drawn, by legend. `unit` is Grafana's id of a unit."""

    title: str
    queries: Mapping[str, str]
    unit: str = "short"
    what: str = ""
    kind: str = "timeseries"
    """`timeseries`, `stat` or `table`."""
    width: int = 12


@dataclass(frozen=True, slots=True)
class Page:
    """One dashboard: rows of panels by their heading."""

    name: str
    title: str
    rows: Mapping[str, tuple[Panel, ...]]


MARKS = {
    "Deploys": (
        "count by (revision) (megawatts_build_info) unless count by (revision) (megawatts_build_info offset 1m)",
        "{{revision}} runs",
        "blue",
    ),
    "Merges": ('sum by (type) (increase(modifications_total{result="merged"}[1m])) > 0', "{{type}} merged", "green"),
    "Reverts": ("sum(increase(megawatts_reverts_total[1m])) > 0", "taken back", "red"),
}
"""Marks over all panels: expression, text and colour."""


def _quantile(share: float, metric: str, by: str = "") -> str:
    label = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({label}) (rate({metric}_bucket[5m])))"


def _rate(metric: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}[5m]))"


BOT = Page(
    "bot",
    "Megawatts: bot",
    {
        "Messages": (
            Panel("Messages by how they ended", {"{{outcome}}": _rate("megawatts_messages_total", "outcome")}, "reqps"),
            Panel(
                "Failed or rejected, by revision",
                {"{{revision}}": "megawatts:message_failure_ratio:rate5m"},
                "percentunit",
                "At most six messages a member and minute count, so that one member's flood is no outage.",
            ),
            Panel(
                "Time to an answer",
                {f"p{int(q * 100)}": _quantile(q, "megawatts_reply_seconds") for q in (0.5, 0.95, 0.99)},
                "s",
            ),
            Panel("p95 of each step", {"{{step}}": _quantile(0.95, "megawatts_step_seconds", "step")}, "s"),
        ),
        "Tools and members": (
            Panel(
                "Tool calls", {"{{tool}} {{outcome}}": _rate("megawatts_tool_calls_total", "tool, outcome")}, "reqps"
            ),
            Panel("Feedback in an hour", {"{{value}}": "sum by (value) (increase(megawatts_feedback_total[1h]))"}),
            Panel(
                "Feedback that the health gate counts, in an hour",
                {"{{value}}": "sum by (value) (increase(megawatts_feedback_by_user_capped_total[1h]))"},
                what="One voice a member and hour; the gate looks at it where the charter names it.",
            ),
            Panel(
                "Members who gave feedback in the last hour",
                {"all": "sum(megawatts_members_voiced)", "bad": "sum(megawatts_members_displeased)"},
            ),
            Panel("Out of order beside the bot", {"{{by}}": "max by (by) (megawatts_disturbed)"}),
            Panel("Not understood, by revision", {"{{revision}}": "megawatts:unanswered_ratio:rate5m"}, "percentunit"),
            Panel(
                "Members in the last minute",
                {
                    "wrote": "sum(megawatts_members_seen)",
                    "rejected or failed": "sum(megawatts_members_hit)",
                    "over a rate limit": "sum(megawatts_rejected_users)",
                },
            ),
        ),
    },
)
LOOP = Page(
    "loop",
    "Megawatts: self-improvement loop",
    {
        "Modification activity": (
            Panel(
                "Changes in a day, by kind and what became of them",
                {"{{type}} {{result}}": "megawatts:modifications:increase1d > 0"},
            ),
            Panel("Proposals", {"{{state}}": "sum by (state) (megawatts_proposals)"}),
            Panel("Decisions", {"{{step}}": "sum by (step) (increase(megawatts_decisions_total[1h]))"}),
            Panel(
                "Reverts and calls for a person, in a day",
                {
                    "reverts": "sum(increase(megawatts_reverts_total[1d]))",
                    "calls": "sum(increase(megawatts_pages_total[1d]))",
                },
            ),
            Panel("Findings by analyst", {"{{analyst}}": "max by (analyst) (megawatts_findings)"}),
            Panel("Ideas at the last search", {"ideas": "max(megawatts_ideas)"}, kind="stat"),
        ),
        "Validation results": (
            Panel(
                "Results in an hour",
                {"{{type}} {{result}}": "sum by (type, result) (increase(validation_success_total[1h])) > 0"},
            ),
            Panel(
                "Passed in a day, by stage", {"{{type}}": "megawatts:validation_pass_ratio:increase1d"}, "percentunit"
            ),
            Panel("p95 of each stage", {"{{stage}}": _quantile(0.95, "megawatts_stage_seconds", "stage")}, "s"),
            Panel("Denied by the sandbox, in an hour", {"{{stage}}": "increase(megawatts_sandbox_denied_total[1h])"}),
        ),
    },
)
COST = Page(
    "cost",
    "Megawatts: models and cost",
    {
        "Cost": (
            Panel(
                "US dollars in a day", {"spent": "sum(megawatts:cost_dollars:increase1d)"}, "currencyUSD", kind="stat"
            ),
            Panel(
                "The day's budget", {"budget": 'max(megawatts_budget_dollars{of="day"})'}, "currencyUSD", kind="stat"
            ),
            Panel(
                "US dollars an hour, by model",
                {"{{model}}": "sum by (model) (increase(megawatts_model_cost_dollars_total[1h]))"},
                "currencyUSD",
            ),
            Panel("Tokens", {"{{model}} {{kind}}": _rate("megawatts_model_tokens_total", "model, kind")}),
        ),
        "The model as author": (
            Panel(
                "US dollars in a day",
                {"spent": "sum(increase(megawatts_author_cost_dollars_total[1d]))"},
                "currencyUSD",
                "What the controller pays for changes that a model writes, whatever became of them.",
                kind="stat",
            ),
            Panel(
                "What a day may cost", {"budget": "max(megawatts_author_budget_dollars)"}, "currencyUSD", kind="stat"
            ),
            Panel(
                "Attempts in a day", {"{{result}}": "sum by (result) (increase(megawatts_author_attempts_total[1d]))"}
            ),
            Panel("Tokens in an hour", {"tokens": "sum(increase(megawatts_author_tokens_total[1h]))"}),
        ),
        "Models": (
            Panel("Calls", {"{{model}} {{outcome}}": _rate("megawatts_model_calls_total", "model, outcome")}, "reqps"),
            Panel("Failed calls", {"{{model}}": "megawatts:model_failure_ratio:rate5m"}, "percentunit"),
            Panel("p95 of the models' time", {"{{model}}": _quantile(0.95, "megawatts_model_seconds", "model")}, "s"),
        ),
    },
)
REVISIONS = Page(
    "revisions",
    "Megawatts: revisions",
    {
        "What runs": (
            Panel(
                "Processes by revision",
                {"": "count by (job, revision, version) (megawatts_build_info)"},
                what="The label revision is the commit; the same stands on the image, the pods and the pull request.",
                kind="table",
                width=24,
            ),
        ),
        "New against old": (
            Panel("Failed or rejected", {"{{revision}}": "megawatts:message_failure_ratio:rate5m"}, "percentunit"),
            Panel("Not understood", {"{{revision}}": "megawatts:unanswered_ratio:rate5m"}, "percentunit"),
            Panel("p95 to an answer", {"{{revision}}": "megawatts:reply_seconds:p95_5m"}, "s"),
            Panel("Messages", {"{{revision}}": "sum by (revision) (megawatts:messages:rate5m)"}, "reqps"),
            Panel("Memory of one process", {"{{revision}}": "megawatts:memory_bytes:avg"}, "bytes"),
            Panel("Processor", {"{{revision}}": "megawatts:cpu:rate5m"}, "percentunit"),
        ),
    },
)
HEALTH = Page(
    "health",
    "Megawatts: system health",
    {
        "Processes": (
            Panel("Answering", {"{{job}} {{instance}}": 'up{job=~".*(bot|controller).*"}'}),
            Panel("Running since", {"{{job}} {{instance}}": "time() - process_start_time_seconds"}, "s", kind="stat"),
            Panel("Memory", {"{{job}} {{instance}}": "process_resident_memory_bytes"}, "bytes"),
            Panel("Processor", {"{{job}} {{instance}}": "rate(process_cpu_seconds_total[5m])"}, "percentunit"),
        ),
        "The loop": (
            Panel("Since the last round", {"seconds": "time() - megawatts_loop_last_round_timestamp_seconds"}, "s"),
            Panel("Rounds", {"{{result}}": _rate("megawatts_loop_rounds_total", "result")}, "reqps"),
            Panel("p95 of a round", {"p95": _quantile(0.95, "megawatts_loop_round_seconds")}, "s"),
            Panel(
                "Troubles in an hour",
                {"{{door}} {{event}}": "sum by (door, event) (increase(megawatts_loop_troubles_total[1h])) > 0"},
            ),
        ),
        "What people set and what must hold": (
            Panel("Backups in a day", {"{{result}}": "sum by (result) (increase(megawatts_backups_total[1d]))"}),
            Panel("Since the last backup", {"seconds": "time() - max(megawatts_backup_timestamp_seconds > 0)"}, "s"),
            Panel("Audit log whole", {"whole": "min(megawatts_audit_whole)"}, kind="stat", width=6),
            Panel("Emergency stop", {"stopped": "max(megawatts_stopped)"}, kind="stat", width=6),
            Panel("Alerts", {"": 'ALERTS{alertstate="firing", alertname=~"Megawatts.*"}'}, kind="table"),
        ),
    },
)
PAGES = (BOT, LOOP, COST, REVISIONS, HEALTH)


def generated() -> Mapping[str, str]:
    """Every dashboard as JSON, by the name of its file. Needs grafana-foundation-sdk."""
    return {f"megawatts-{page.name}.json": _json(page) for page in PAGES}


def _json(page: Page) -> str:
    from grafana_foundation_sdk.builders import dashboard  # noqa: PLC0415  (developers only)
    from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: PLC0415

    source = dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    board = dashboard.Dashboard(page.title).uid(f"megawatts-{page.name}").tags(["megawatts"]).readonly()
    board = board.refresh("10s").time("now-6h", "now").timezone("browser").with_variable(source)
    for name, (expr, _text, colour) in MARKS.items():
        board = board.annotation(
            dashboard.AnnotationQuery().name(name).datasource(_where()).enable(True).icon_color(colour).expr(expr)
        )
    for heading, panels in page.rows.items():
        board = board.with_row(dashboard.Row(heading))
        for panel in panels:
            board = board.with_panel(_panel(panel))
    data: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True).encode(board.build()))
    for mark in data["annotations"]["list"]:
        # Fields of the Prometheus data source, which the SDK's general type does not have.
        mark |= {"titleFormat": MARKS[mark["name"]][1], "step": "60s"}
    for number, panel in enumerate(data["panels"], start=1):
        panel["id"] = number
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def _panel(panel: Panel) -> Any:
    from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries  # noqa: PLC0415

    kinds: Mapping[str, Any] = {"timeseries": timeseries, "stat": stat, "table": table}
    made = kinds[panel.kind].Panel().title(panel.title).unit(panel.unit).datasource(_where())
    made = made.description(panel.what or panel.title).span(panel.width).height(8)
    for number, (legend, expr) in enumerate(panel.queries.items()):
        query = prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(chr(ord("A") + number))
        made = made.with_target(query.instant() if panel.kind == "table" else query)
    return made


def _where() -> Any:
    from grafana_foundation_sdk.models.dashboard import DataSourceRef  # noqa: PLC0415

    return DataSourceRef(type_val="prometheus", uid=_SOURCE)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in generated().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
