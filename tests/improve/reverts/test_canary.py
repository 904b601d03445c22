"""Readings of a canary that was given up are nobody's past, in a watch of one merge as in that of a range."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.core.case import Case
from bot.core.errors import Misconfigured
from bot.core.health import Reading
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict
from bot.improve.context import Context
from bot.improve.look import View, save_readings
from bot.improve.reverts.batch import shared
from tests.policy.builders import BEFORE, CHARTER, MAIN, MERGED, NOW, merged

CANARY, STRANGER = Sha("7" * 40), Sha("8" * 40)
LINE = [BEFORE, CANARY, MERGED, MAIN]


class Git:
    """A line of commits; what is not on it is not here."""

    def resolve(self, rev: Sha) -> Sha:
        if rev not in LINE:
            raise Misconfigured(f"{rev} names no commit")
        return rev

    def is_ancestor(self, old: Sha, new: Sha) -> bool:
        return LINE.index(old) <= LINE.index(new)


class Rows(dict[tuple[str, str], dict[str, Any]]):
    """Records in memory."""

    def put(self, table: str, key: str, row: dict[str, Any]) -> None:
        self[table, key] = row

    def scan(self, table: str, prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
        return [(key, row) for (of, key), row in self.items() if of == table and key.startswith(prefix)]


@pytest.fixture
def ctx() -> Context:
    return cast("Context", SimpleNamespace(repo=Git(), records=Rows()))


def reading(revision: Sha, minutes: int) -> Reading:
    return Reading("messages", revision, NOW + timedelta(minutes=minutes), 0.0, 10.0)


async def told(ctx: Context, case: Case, *others: Any) -> set[Sha]:
    seen = View(MAIN, CHARTER, (*others, case.proposal), {})
    return {r.revision for r in (await shared(ctx, seen, case)).readings}


@pytest.mark.parametrize("odd", [CANARY, STRANGER])
async def test_one_merge_is_not_compared_with_a_canary_that_was_given_up(ctx: Context, odd: Sha) -> None:
    case = merged(readings=(reading(odd, -9), reading(BEFORE, -8), reading(BEFORE, 1), reading(MERGED, 1)))
    assert case.rollout is not None
    assert case.rollout.previous == BEFORE
    assert await told(ctx, case) == {BEFORE, MERGED}
    warm = replace(case.rollout, previous=CANARY)
    assert (await told(ctx, replace(case, rollout=warm))) == {BEFORE, MERGED} | ({odd} & {CANARY}), (
        "it is the one before"
    )


async def test_nor_is_a_range(ctx: Context) -> None:
    case = merged()
    tip = replace(case.proposal, pull=PullNumber(99), merged_as=MAIN)
    save_readings(ctx, MERGED, [reading(STRANGER, -9), reading(BEFORE, -9)])
    save_readings(ctx, MAIN, [reading(MAIN, 5)])
    assert case.rollout is not None
    case = replace(case, proposal=tip, rollout=replace(case.rollout, running=MAIN))
    assert await told(ctx, case, merged().proposal) == {BEFORE, MAIN}


async def test_what_does_not_run_yet_is_left_as_it_is(ctx: Context) -> None:
    case = merged(rollout=None, readings=(reading(STRANGER, -9),))
    assert await told(ctx, case) == {STRANGER}
    ended = merged(settled=Verdict("health", Status.PASS, "well"))
    assert await shared(ctx, View(MAIN, CHARTER, (ended.proposal,), {}), ended) == ended
