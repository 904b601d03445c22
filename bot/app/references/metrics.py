"""docs/metrics.md: every figure that bot and controller show on `/metrics`, from pages that they wrote."""

from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.prometheus.loop import LoopMetrics
from bot.adapters.web.metrics import Metrics
from bot.app.references.scan import cell, code
from bot.core.chat import Outcome
from bot.core.ids import UserId
from bot.policy.figures import BY, CONTROL, CROWDS, DISTURBED, FIGURES, GROUP, MEMBERS, parts


def metrics() -> str:
    """The page."""
    outcomes = ", ".join(code(outcome.value) for outcome in Outcome)
    return "\n".join(
        [
            "# Metrics",
            "",
            "Written by `megawatts docs` from the registries of bot and controller; a test compares the two. Both show",
            "them on `/metrics` in the Prometheus text format. No label carries a member, a channel or a text. What to",
            "do with them stands in [monitoring.md](monitoring.md).",
            "",
            "Counters and histograms also have a series that ends in `_created`.",
            "",
            "## Bot",
            "",
            f"`outcome` of messages is one of {outcomes}.",
            "",
            *_table(_bot()),
            "",
            "## Controller",
            "",
            "Counted from the [events](events.md) that it tells; shown where its metrics port is set.",
            "",
            *_table(_controller()),
            "",
            "## What the watch after a deploy reads",
            "",
            "Which of these rules count, and how, stands in the `[[health.rules]]` of `.github/charter.toml`. What",
            "each is made of stands in `bot/policy/figures.py`, and is the same where a Prometheus server is asked and",
            "where the pages of both revisions are read.",
            "",
            "| rule | made of |",
            "|---|---|",
            *(f"| {code(name)} | {_made_of(name)} |" for name in sorted(FIGURES)),
            "",
            "Beside them, so that nobody is blamed wrongly ([reverts.md](reverts.md)):",
            "",
            "| reading | made of | what |",
            "|---|---|---|",
            *(f"| {code(name)} | {made} | {what} |" for name, made, what in _beside()),
            "",
        ]
    )


def _beside() -> list[tuple[str, str, str]]:
    """Name, series and meaning of what is read beside the rules."""
    crowds = [
        (f"{MEMBERS}{rule}", f"{code(hit)} of {code(seen)}", "different members whom the bad events hit, of all")
        for rule, (hit, seen) in sorted(CROWDS.items())
    ]
    grouped = ("feedback", "reply_seconds")
    parts_of = [
        (f"{MEMBERS}{rule}/<{GROUP}>", f"the rule's, by {code(GROUP)}", "the same for one group of members alone")
        for rule in grouped
    ]
    told = f"{code(DISTURBED)}, by {code(BY)}"
    controls = [
        (f"{CONTROL}discord", told, "the connection to Discord is not ready, or calls of it fail"),
        (f"{CONTROL}models", told, "every provider of models that was asked in the last minutes fails"),
    ]
    return [*crowds, *parts_of, *controls]


def _made_of(rule: str) -> str:
    shown = (
        code(f'{part.name}{{{part.label}=~"{"|".join(part.values)}"}}' if part.label else part.name)
        for part in parts(FIGURES[rule])
    )
    return " of ".join(shown)


def _table(page: bytes) -> list[str]:
    """One row for each figure of a page."""
    shown_once = (f for f in text_string_to_metric_families(page.decode()) if not f.name.endswith("_created"))
    rows = ["| metric | type | labels | what |", "|---|---|---|---|"]
    for family in sorted(shown_once, key=lambda family: family.name):
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
        name = f"{family.name}_total" if family.type == "counter" else family.name
        shown = ", ".join(map(code, labels)) or "-"
        rows.append(f"| {code(name)} | {family.type} | {shown} | {cell(family.documentation)} |")
    return rows


def _bot() -> bytes:
    """A bot's page on which every series has a sample."""
    figures = Metrics("0" * 40, "v0.0.0")
    figures.answered(UserId("nobody"), Outcome.ANSWERED, 0.01)
    figures.tool_called("none", "ok")
    figures.voiced("up", UserId("nobody"))
    figures.stepped("none", 0.01)
    figures.control("none", lambda: False)
    figures.modelled("none", "ok", 0.01, {"input": 1}, 0.01)
    figures.allowed(1.0)
    figures.refused("0" * 40, "data")
    return figures.page()


def _controller() -> bytes:
    """A controller's page on which every series has a sample."""
    figures = LoopMetrics("0" * 40, "v0.0.0", ("none",))
    figures.heard("stage", {"of": "none", "stage": "none", "status": "runs"})
    figures.heard("stage", {"of": "none", "stage": "none", "status": "pass"})
    figures.heard("round", {"whole": True, "seconds": 0.1, "open": 1, "watched": 1})
    figures.heard("found", {"analyst": "none", "findings": 1})
    figures.heard("ranked", {"ideas": 1})
    return figures.page()
