"""The tools: what each answers, and that a wrong call is told in words and does nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.change import Kind, Origin
from bot.improve.authors.agent.box import Box
from bot.improve.authors.agent.draft import Draft, Rules
from bot.improve.authors.agent.finish import Finish, begin
from bot.improve.authors.agent.meter import Meter, Till
from bot.improve.authors.agent.sandboxed import Bench
from bot.improve.authors.agent.tools import CHARACTERS, LINES, Tools, clip
from bot.policy.author_budget import Budget
from tests.improve.authors.agent.scripted import CHARTER, IDEA, TREE, workspace
from tests.improve.testing.toys import PROFILE, PlainWorkspace


class Desk:
    """A box over a toy tree, and what lies behind it."""

    def __init__(self, folder: Path, files: Mapping[str, str] | None = None, **budget: Any) -> None:
        self.work: PlainWorkspace = workspace(folder, files)
        (folder / "scratch").mkdir()
        (folder / "cache").mkdir()
        self.draft = Draft(self.work.path, Rules(CHARTER, Kind.REFACTOR, Origin.ANALYST))
        self.finish: Finish = begin(IDEA)
        self.meter = Meter(Budget(**budget), lambda: 0.0, Till())
        self.meter.turn(0)
        bench = Bench(self.work, PROFILE, folder / "scratch", folder / "cache")
        self.tools = Tools(self.draft, bench, self.finish, self.meter.left)
        self.box = Box(self.tools.all(), self.meter, self.finish)

    async def __call__(self, tool: str, **arguments: Any) -> str:
        return await self.box.call(tool, arguments)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_every_tool_has_a_schema_that_allows_no_other_argument(desk: Desk) -> None:
    schemas = desk.box.schemas()
    assert [one.name for one in schemas] == [
        "list_files", "read", "search", "edit", "create", "write", "delete", "run_tests", "check", "finish"
    ]  # fmt: skip
    for one in schemas:
        assert one.parameters["additionalProperties"] is False
        assert set(one.parameters["required"]) <= set(one.parameters["properties"])
        assert one.description.endswith(".")


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("rm", {}, "there is no tool rm"),
        ("read", {}, "needs path"),
        ("read", {"path": 1}, "must be string"),
        ("read", {"path": "toy/a.py", "start": "1"}, "must be integer"),
        ("read", {"path": "toy/a.py", "start": True}, "must be integer"),
        ("read", {"path": "toy/a.py", "mode": "w"}, "has no argument mode"),
        ("run_tests", {"targets": "tests"}, "must be array"),
        ("run_tests", {"targets": [1]}, "must be array"),
        ("edit", None, "takes an object"),
        ("edit", [], "takes an object"),
        ("check", {"path": "x"}, "takes none"),
    ],
)
async def test_a_wrong_call_is_told_in_words_and_does_nothing(desk: Desk, tool: str, arguments: Any, said: str) -> None:
    assert said in await desk.box.call(tool, arguments)
    assert desk.draft.changed() == {}
    assert desk.work.runs == 0


async def test_files_are_listed_and_read_with_their_numbers(desk: Desk) -> None:
    assert (await desk("list_files")).splitlines() == sorted(TREE)
    assert (await desk("list_files", folder="docs")) == "docs/a.md"
    assert await desk("list_files", folder="nowhere") == "no files there"
    assert (await desk("read", path="toy/a.py", start=2, end=2)).splitlines()[1] == '2\t    """Twice."""'
    assert "no such lines" in await desk("read", path="toy/a.py", start=99)
    assert "there is no file" in await desk("read", path="toy/none.py")


async def test_answers_have_an_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"toy/long.py": "x = 1\n" * 1000, "toy/wide.txt": "y" * 50_000})
    said = await desk("read", path="toy/long.py")
    assert f"lines 1 to {LINES} of 1000" in said
    assert len(await desk("read", path="toy/wide.txt")) < CHARACTERS + 100
    assert clip("a\u202eb") == "ab"


async def test_edits_are_seen_by_later_calls(desk: Desk) -> None:
    assert await desk("edit", path="toy/a.py", old="x * 2", new="x + x") == "toy/a.py is written"
    assert "x + x" in await desk("read", path="toy/a.py")
    assert "toy/b.py is written" in await desk("create", path="toy/b.py", text="y = 1\n")
    assert "toy/b.py" in await desk("list_files", folder="toy")
    assert await desk("delete", path="toy/b.py") == "toy/b.py is deleted"


async def test_code_that_does_not_parse_is_said_so_at_once(desk: Desk) -> None:
    assert "does not parse" in await desk("create", path="toy/b.py", text="def (:\n")


async def test_a_search_sees_the_draft_and_not_what_is_deleted(desk: Desk) -> None:
    await desk("edit", path="toy/a.py", old="x * 2", new="needle")
    await desk("delete", path="docs/a.md")
    assert await desk("search", pattern="need.e") == "toy/a.py:3: return needle"
    assert "nothing matches" in await desk("search", pattern="# A")
    assert await desk("search", pattern="LIMIT", folder="toy/core") == "toy/core/rules.py:1: LIMIT = 3"
    assert "nothing matches" in await desk("search", pattern="LIMIT", folder="tests")
    assert "no regular expression" in await desk("search", pattern="(")


@pytest.mark.slow
async def test_a_search_that_takes_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.improve.authors.agent.sandboxed.SEARCH_SECONDS", 0.5)
    desk = Desk(tmp_path, {"toy/a.py": "a" * 60 + "!\n"})
    assert "limit" in await desk("search", pattern="(a+)+$")


@pytest.mark.integration
async def test_a_change_is_handed_in_after_its_tests(desk: Desk) -> None:
    assert "nothing is changed" in await desk("finish", summary="x")
    await desk("edit", path="toy/a.py", old="x * 2", new="x + x")
    assert "no tests ran" in await desk("finish", summary="x")
    assert not desk.finish.done()
    assert "1 passed" in await desk("run_tests", targets=["tests/test_a.py"])
    assert "handed in" in await desk("finish", summary="x")
    assert desk.finish.done()
    assert desk.box.over.is_set()
    assert "already" in await desk("edit", path="toy/a.py", old="x + x", new="evil")
    assert "evil" not in desk.draft.text(next(iter(desk.draft.changed())))


async def test_tests_that_cannot_run_do_not_keep_a_change_back_for_ever(desk: Desk) -> None:
    await desk("edit", path="toy/a.py", old="x * 2", new="x + x")
    await desk("finish", summary="x")
    assert "handed in" in await desk("finish", summary="x"), "said once; the gate is the judge"


@pytest.mark.integration
async def test_failures_are_shown_and_the_tree_is_the_draft(desk: Desk) -> None:
    await desk("edit", path="toy/a.py", old="x * 2", new="x * 3")
    said = await desk("run_tests", targets=["tests/test_a.py::test_double"])
    assert "1 failed" in said
    assert "test_double" in said
    assert str(desk.work.path.parent) not in said, "paths of this machine are nobody's business"


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (["-p", "evil"], "no test file"),
        (["/etc/passwd"], "not a path inside"),
        (["../x.py"], "not a path inside"),
        (["tests/none.py"], "no test file"),
        (["tests"], "no test file"),
        (["tests/test_a.py", "tests/test_a.py::test_double"], "not both"),
    ],
)
async def test_only_test_files_of_the_draft_are_run(desk: Desk, targets: list[str], said: str) -> None:
    assert said in await desk("run_tests", targets=targets)
    assert desk.work.runs == 0


async def test_checkers_see_the_draft(desk: Desk) -> None:
    assert "no Python file" in await desk("check")
    await desk("create", path="toy/b.py", text="import os\n")
    said = await desk("check")
    assert "toy/b.py:1" in said
    assert "F401" in said


@pytest.mark.integration
async def test_types_are_checked_where_the_repository_does(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {**TREE, "pyproject.toml": "[tool.mypy]\nstrict = true\n"})
    await desk("edit", path="toy/a.py", old="return x * 2", new="return str(x)")
    said = await desk("check")
    assert "toy/a.py:3" in said
    assert "return-value" in said


async def test_calls_are_done_one_after_the_other(desk: Desk) -> None:
    edits = [desk("edit", path="toy/a.py", old="x * 2", new=f"x * 2 + {n}") for n in range(3)]
    said = await asyncio.gather(*edits)
    assert sum("is written" in one for one in said) == 3
    assert desk.meter.calls == 3


async def test_past_the_budget_no_call_comes_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk("list_files"), 0.05)
    assert desk.box.over.is_set()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk("edit", path="toy/a.py", old="x * 2", new="evil"), 0.05)
    assert desk.draft.changed() == {}


async def test_a_tool_that_breaks_breaks_nothing_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_given: Any) -> str:
        raise ZeroDivisionError("/home/honey")

    box = Box([replace(tool, run=broken) for tool in desk.tools.all()], desk.meter, desk.finish)
    said = await box.call("list_files", {})
    assert said == "refused: list_files could not be done (ZeroDivisionError)"
