"""docs/metrics.md: every figure that the bot shows on `/metrics`, from a page that it wrote."""

from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.web.metrics import Metrics
from bot.app.references.scan import cell, code
from bot.core.chat import Outcome
from bot.core.ids import UserId


def metrics() -> str:
    """The page."""
    shown_once = (f for f in text_string_to_metric_families(_page()) if not f.name.endswith("_created"))
    families = sorted(shown_once, key=lambda family: family.name)
    rows = []
    for family in families:
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
        name = f"{family.name}_total" if family.type == "counter" else family.name
        shown = ", ".join(map(code, labels)) or "-"
        rows.append(f"| {code(name)} | {family.type} | {shown} | {cell(family.documentation)} |")
    outcomes = ", ".join(code(outcome.value) for outcome in Outcome)
    return "\n".join(
        [
            "# Metrics",
            "",
            "Written by `megawatts docs` from the bot's own registry; a test compares the two. The bot shows them on",
            "`/metrics` in the Prometheus text format. No label carries a member, a channel or a text.",
            "",
            f"`outcome` is one of {outcomes}. Counters and histograms also have a series that ends in `_created`.",
            "",
            "| metric | type | labels | what |",
            "|---|---|---|---|",
            *rows,
            "",
            "The watch after a deploy reads `megawatts_messages_by_user_capped_total`, `megawatts_reply_seconds` and",
            "`process_resident_memory_bytes` of both revisions (`bot/adapters/scrape/source.py`); which of them count,",
            "and how, stands in the `[[health.rules]]` of `.github/charter.toml`.",
            "",
        ]
    )


def _page() -> str:
    """A page on which every series has a sample."""
    figures = Metrics("0" * 40, "v0.0.0")
    figures.answered(UserId("nobody"), Outcome.ANSWERED, 0.01)
    figures.tool_called("none", "ok")
    figures.voiced("up")
    return figures.page().decode()
