from typing import Any

import pytest

from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN

__all__ = ["place"]


def outcome(place: Desk, name: str, **more: Any) -> None:
    row = {
        "author": "codemods", "rule": "de-morgan", "kind": "refactor", "result": "accepted", "because": "", "pull": 3,
        "at": "2026-03-01T12:00:00+00:00", "title": f"tidy {name}", **more,
    }  # fmt: skip
    place.records.put("outcomes", name, row)


async def test_what_was_found_and_what_became_of_it(place: Desk) -> None:
    outcome(place, "a")
    outcome(place, "b", result="refused", rule="complexity", at="2026-03-02T12:00:00+00:00", title="", pull=0)
    called = await do(place, "code_analysis", user=ANN)
    assert called.result.text.splitlines() == [
        "1 accepted, 1 refused. The newest:", "- complexity: refused, by codemods",
        "- #3 tidy a: accepted, by codemods",
    ]  # fmt: skip
    assert (await do(place, "code_analysis", about="COMPLEX")).result.facts["count"] == 1
    assert (await do(place, "code_analysis", about="nonsense")).result.key == "none"


def decision(place: Desk, at: str, status: str, gate: bool = True) -> None:
    tests = {"name": "tests", "status": status, "because": "12 passed", "seconds": 1.25, "children": []}
    suites = {"name": "runtime", "status": "pass", "because": "ran", "seconds": 0, "children": [tests]}
    verdict = {"name": "gate", "status": status, "because": "all stages", "seconds": 2, "children": [suites]}
    place.records.put("decisions", f"12/{at}/Merge", {"at": at, "case": {"gate": verdict if gate else None}})


async def test_the_newest_validation_stage_by_stage(place: Desk) -> None:
    decision(place, "2026-03-01", "fail")
    decision(place, "2026-03-02", "pass")
    decision(place, "2026-03-03", "pass", gate=False)
    called = await do(place, "validation", user=ANN, pull=12)
    assert called.result.text == "#12: pass, all stages\n- runtime: pass, ran"
    tests = await do(place, "testing", user=ANN, pull=12)
    assert tests.result.text == "Tests of #12:\n- tests: pass, 1.2 s, 12 passed"


@pytest.mark.parametrize("tool", ["validation", "testing"])
async def test_a_proposal_without_one(place: Desk, tool: str) -> None:
    decision(place, "2026-03-01", "pass")
    called = await do(place, tool, pull=1)
    assert (called.fate, called.result.key) == ("refused", "none")
    assert (await do(place, tool, pull=0)).fate == "bad_arguments"


async def test_a_wish_to_change_the_code_is_a_suggestion_and_nothing_more(place: Desk) -> None:
    called = await place.ask("code_modification", text="show the time of reminders", by_model=True)
    assert called.fate == "confirm"
    assert place.records.scan("suggestions") == []
    assert (await place.press(called)).fate == "ok"
    [(_, row)] = place.records.scan("suggestions")
    assert row["text"] == "show the time of reminders"
    assert place.records.scan("requests") == [], "the loop decides for itself what it takes up"
    assert place.guild.acts == []
