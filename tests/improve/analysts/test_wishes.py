"""Accepted suggestions become findings, and nothing else of the table does. No finding holds a member's words."""

from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from bot.improve.analysts.wishes import Wishes, accepted, finder, wish_of
from bot.improve.authors.agent.takes import wish_id
from bot.improve.doors import Profile

PROFILE = Profile((PurePosixPath(),), (PurePosixPath("bot"),), (), None)
ROW = {
    "id": "abcdef123456",
    "user": "eve",
    "text": "greet new members by name",
    "status": "go",
    "plan": ["When? Always"],
}


def rows(*some: dict[str, Any]) -> Any:
    return lambda: [(f"eve/{row.get('id')}", row) for row in some]


async def found(tree: Path, *some: dict[str, Any], done: bool = False) -> list[Any]:
    return list(await Wishes(rows(*some), lambda _idea: done).find(SimpleNamespace(path=tree), PROFILE))  # type: ignore[arg-type]


async def test_an_accepted_suggestion_is_a_finding_without_its_words(tmp_path: Path) -> None:
    (finding,) = await found(tmp_path, ROW)
    assert finding.evidence == {"suggestion": "abcdef123456", "by": "eve", "kind": "feature"}
    assert "greet" not in repr(finding)


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "status": ""},
        {**ROW, "status": "kept"},
        {**ROW, "status": None},
        {**ROW, "status": ["go"]},
        {**ROW, "status": "", "accepted_by": ""},
        {**ROW, "status": "", "accepted_by": True},
        {**ROW, "id": "../../x"},
        {**ROW, "id": "x\nSigned-off-by: y"},
        {k: v for k, v in ROW.items() if k != "id"},
        {},
    ],
    ids=range(10),
)
async def test_what_nobody_accepted_is_left_alone(tmp_path: Path, row: dict[str, Any]) -> None:
    assert not accepted(row)
    assert await found(tmp_path, row) == []
    assert finder(rows(row))(wish_id("abcdef123456")) is None


async def test_a_maintainers_word_is_enough(tmp_path: Path) -> None:
    row = {"id": "abcdef123456", "user": "eve", "text": "x", "accepted_by": "maintainer", "kind": "docs"}
    (finding,) = await found(tmp_path, row)
    assert finding.evidence["kind"] == "docs"


async def test_a_kind_that_is_not_a_members_to_name_is_a_feature(tmp_path: Path) -> None:
    (finding,) = await found(tmp_path, {**ROW, "kind": "revert"})
    assert finding.evidence["kind"] == "feature"


async def test_what_is_done_is_not_wished_again(tmp_path: Path) -> None:
    assert await found(tmp_path, ROW, done=True) == []


async def test_a_typed_phrase_goes_the_way_without_a_model(tmp_path: Path) -> None:
    file = tmp_path / "bot/chat/intents/dice.toml"
    file.parent.mkdir(parents=True)
    file.write_text('tool = "roll_dice"\n[examples]\nen = ["throw some dice"]\n')
    typed = {**ROW, "text": 'when I say "cast the bones" you should roll dice'}
    assert await found(tmp_path, typed) == []
    assert len(await found(tmp_path, typed, {**ROW, "id": "123456abcdef"})) == 1


def test_the_words_are_looked_up_when_they_are_needed() -> None:
    find = finder(rows({**ROW, "id": "fedcba654321"}, ROW))
    wish = find(wish_id("abcdef123456"))
    assert wish is not None
    assert (wish.text, wish.plan) == ("greet new members by name", "When? Always")
    assert find(wish_id("0" * 12)) is None


def test_paths_of_a_plan_are_hints_and_none_leads_out() -> None:
    plan = "change bot/chat/service.py and ../../etc/passwd, not .git/config or /proc/self/environ; see docs/a.md"
    assert wish_of({**ROW, "plan": plan}).paths == (
        PurePosixPath("bot/chat/service.py"),
        PurePosixPath("docs/a.md"),
    )
    assert len(wish_of({**ROW, "paths": [f"a/{n}.py" for n in range(99)]}).paths) == 5
    assert wish_of({"text": 3, "plan": None, "paths": "x"}).plan == ""
