"""Counters of experiments by process: another start of one is another process."""

from typing import Any

import pytest

from bot.adapters.prometheus.trials import query, trials
from bot.core.errors import Unavailable


class Told:
    """A server that answers with rows."""

    def __init__(self, *rows: tuple[dict[str, str], float]) -> None:
        self.rows, self.asked = rows, ""

    async def query(self, promql: str) -> Any:
        self.asked = promql
        return 0.0, self.rows


TARGET = {"job": "bot", "instance": "a:1"}
SERIES = {
    **TARGET, "__name__": "megawatts_experiment_outcomes_total",
    "experiment": "hint-m", "side": "on", "metric": "unanswered", "outcome": "bad",
}  # fmt: skip


async def test_each_start_of_a_process_counts_by_itself() -> None:
    other = {**TARGET, "instance": "b:1"}
    started = {"__name__": "process_start_time_seconds"}
    server = Told(
        (SERIES, 4.0), ({**SERIES, **other}, 5.0), ({**TARGET, **started}, 100.5), ({**other, **started}, 7.0)
    )
    found = await trials(server)  # type: ignore[arg-type]  # what is asked of a server
    assert found == {
        "bot/a:1@100.500": {("hint-m", ("on", "unanswered", "bad")): 4.0},
        "bot/b:1@7.000": {("hint-m", ("on", "unanswered", "bad")): 5.0},
    }


async def test_only_processes_of_ours_are_asked_for() -> None:
    server = Told()
    assert await trials(server, {"namespace": "prod"}) == {}  # type: ignore[arg-type]
    assert 'megawatts_build_info{namespace="prod"}' in server.asked
    assert server.asked == query({"namespace": "prod"})


async def test_a_server_that_does_not_answer_is_not_an_experiment_without_members() -> None:
    class Away:
        async def query(self, _promql: str) -> Any:
            raise Unavailable("Prometheus", "no answer")

    with pytest.raises(Unavailable):
        await trials(Away())  # type: ignore[arg-type]
