from bot.adapters.scrape.source import parse
from bot.adapters.web.metrics import Metrics


def test_figures_are_by_side_and_name_nobody() -> None:
    metrics = Metrics("c" * 40, "1")
    metrics.flags.decided("near_hint", "on")
    metrics.flags.decided("near_hint", "on")
    metrics.flags.counted("near_hint-m", "off", "unanswered", "bad")
    page = metrics.page().decode()
    assert 'megawatts_flag_decisions_total{flag="near_hint",side="on"} 2.0' in page
    labels = {name: dict(labels) for name, labels in parse(page)}
    assert labels["megawatts_experiment_outcomes_total"] == {
        "experiment": "near_hint-m", "side": "off", "metric": "unanswered", "outcome": "bad",
    }  # fmt: skip
