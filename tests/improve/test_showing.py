"""What people see where they look at what runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.argocd import links
from bot.core.change import Proposal
from bot.core.errors import Denied, Unavailable
from bot.core.verdict import Status
from bot.improve import showing
from bot.improve.reverts.capture import TABLE as FAILURES
from bot.improve.showing import COMMIT, PULL, REVERT, VERDICT, Showing, lines_of
from tests.improve._forgeless_case import FOUR, THREE, TWO, Case, merged

OPEN = merged(4, FOUR, reverts=THREE, merged_as=None, merged_at=None)
BACK = merged(4, FOUR, reverts=THREE)


class Page(Case):
    """An application's page, and what was put on it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.shown: list[Mapping[str, str]] = []
        self.fault: Exception | None = None
        self.ctx.show, self.ctx.address = self.show, "https://forge.example/pull/{}".format

    async def show(self, lines: Mapping[str, str]) -> None:
        if self.fault is not None:
            raise self.fault
        self.shown.append(lines)

    def lines(self, *proposals: Proposal, **settled: Any) -> Mapping[str, str]:
        self.sees(*proposals, **settled)
        return lines_of(self.ctx, self.seen)


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(tmp_path)


def test_the_names_are_those_of_the_deployers_page() -> None:
    for name in ("PULL", "VERDICT", "COMMIT", "REVERT"):
        assert getattr(showing, name) == getattr(links, name)


def test_before_any_merge_there_is_nothing_to_show(page: Page) -> None:
    assert page.lines(OPEN) == {}


def test_a_merge_that_is_watched(page: Page) -> None:
    assert page.lines(merged(2, TWO), merged(3, THREE)) == {
        PULL: "https://forge.example/pull/3", COMMIT: THREE, VERDICT: "its health is watched", REVERT: "",
    }  # fmt: skip


@pytest.mark.parametrize(("status", "word"), [(Status.PASS, "healthy"), (Status.FAIL, "not healthy")])
def test_how_its_watch_ended(page: Page, status: Status, word: str) -> None:
    assert page.lines(merged(3, THREE), settled={3: status})[VERDICT] == f"{word}: as it ended"


def test_why_it_is_taken_back(page: Page) -> None:
    page.records.put(FAILURES, THREE, {"because": "messages: errors doubled"})
    found = page.lines(merged(2, TWO), merged(3, THREE), OPEN)
    assert found[PULL].endswith("/3")
    assert found[VERDICT] == "being taken back by https://forge.example/pull/4"
    assert found[REVERT] == "https://forge.example/pull/3 is taken back: messages: errors doubled"
    found = page.lines(merged(2, TWO), merged(3, THREE), BACK)
    assert (found[PULL][-2:], found[COMMIT]) == ("/4", FOUR)
    assert found[REVERT] == "https://forge.example/pull/3 is taken back: messages: errors doubled"
    assert page.lines(BACK)[REVERT].startswith(THREE[:12]), "what it takes back was no pull request"


def test_the_next_merge_takes_the_reason_away(page: Page) -> None:
    page.records.put(FAILURES, TWO, {"because": "x"})
    assert page.lines(merged(2, TWO), merged(3, THREE))[REVERT] == ""


async def test_a_quiet_look_costs_no_call(page: Page) -> None:
    shown = Showing(page.ctx)
    for _ in range(3):
        await shown.show(page.seen)
    assert len(page.shown) == 1
    page.sees(merged(3, THREE), settled={3: Status.PASS})
    for _ in range(3):
        await shown.show(page.seen)
    assert len(page.shown) == 2


@pytest.mark.parametrize("fault", [Unavailable("Argo CD"), Denied("no permission"), OSError("no route")])
async def test_a_fault_stops_nothing_and_it_is_shown_later(page: Page, fault: Exception) -> None:
    shown, page.fault = Showing(page.ctx), fault
    await shown.show(page.seen)
    assert str(fault) in page.told("later")[0]
    page.fault = None
    await shown.show(page.seen)
    assert len(page.shown) == 1


async def test_where_there_is_no_page_nothing_is_asked(page: Page) -> None:
    page.ctx.show = page.ctx.records = None
    await Showing(page.ctx).show(page.seen)
    assert page.events == []
