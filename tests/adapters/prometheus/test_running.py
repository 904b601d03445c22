"""What processes say of their data, as Prometheus has it: revisions are counted, and only one refusal blames."""

from typing import Any

import pytest

from bot.adapters.prometheus import running
from bot.adapters.prometheus.queries import builds
from bot.core.errors import Unavailable
from bot.core.ids import Sha
from bot.policy.data_rollouts import Said

ONE, TWO = (Sha(char * 40) for char in "ab")


class Answers:
    """A server with two pages."""

    def __init__(self, builds_of: Any, refused: Any) -> None:
        self.asked: list[str] = []
        self._rows = {True: builds_of, False: refused}

    async def query(self, promql: str) -> tuple[float, Any]:
        self.asked.append(promql)
        rows = self._rows[promql == builds({"namespace": "live"})]
        if isinstance(rows, Exception):
            raise rows
        return 0.0, rows


async def said(builds_of: Any, refused: Any) -> Said:
    return await running.said(Answers(builds_of, refused), {"namespace": "live"})  # type: ignore[arg-type]


async def test_revisions_are_counted_and_what_is_none_is_not() -> None:
    rows = [({"revision": ONE}, 2.0), ({"revision": "unknown"}, 1.0), ({}, 1.0)]
    assert await said(rows, []) == Said({ONE: 2})


@pytest.mark.parametrize("because", ["hash", "base", "format", "unavailable", ""])
async def test_only_data_that_does_not_hold_blames_its_commit(because: str) -> None:
    rows = [({"commit": ONE, "because": because}, 3.0), ({"commit": TWO, "because": "data"}, 1.0)]
    assert await said([], rows) == Said({}, {TWO: 1})


async def test_a_server_that_does_not_answer_says_nothing() -> None:
    with pytest.raises(Unavailable):
        await said([({"revision": ONE}, 2.0)], Unavailable("Prometheus", "gone"))


def test_the_question_is_narrowed_to_the_environments_own_processes() -> None:
    asked = running.refusals({"namespace": "live"})
    assert asked == (
        "count by (commit, because) (megawatts_data_refused == 1 and on (job, instance) "
        'megawatts_build_info{namespace="live"})'
    )
