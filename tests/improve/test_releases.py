"""A release's text comes from the fragments in the trees of its tag and of the one before."""

from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.improve import releases
from bot.sdk.testing import DictRecords
from tests.policy.builders import NOW, proposal

OLD, NEW = Sha("1" * 40), Sha("2" * 40)
TREES = {OLD: {"changelog.d/a.fix.md": b"It ends.\n"}, NEW: {"changelog.d/a.fix.md": b"It ends.\n"}}


class Repo:
    """Two commits, and their files."""

    def __init__(self, trees: dict[Sha, dict[str, bytes]]) -> None:
        self.trees = trees

    def files(self, sha: Sha) -> dict[PurePosixPath, str]:
        return {PurePosixPath(path): "oid" for path in self.trees[sha]}

    def read(self, sha: Sha, path: PurePosixPath) -> bytes | None:
        return self.trees[sha].get(str(path))


class Forge:
    """Takes releases of its tags, unless it is told to refuse."""

    def __init__(self, tags: dict[str, Sha]) -> None:
        self.given, self.taken, self.refuses = tags, dict[str, str](), ""

    async def tags(self) -> dict[str, Sha]:
        return self.given

    async def release(self, name: str, text: str) -> None:
        if self.refuses:
            raise Denied(self.refuses)
        self.taken[name] = text


def context(forge: Forge, trees: dict[Sha, dict[str, bytes]]) -> Any:
    told: list[tuple[str, Any]] = []
    return SimpleNamespace(
        forge=forge, repo=Repo(trees), records=DictRecords(), clock=lambda: NOW, told=told,
        say=lambda event, facts: told.append((event, facts)), crash_point=lambda _name: None,
    )  # fmt: skip


async def test_it_is_what_the_tag_has_and_the_one_before_had_not() -> None:
    trees = {OLD: TREES[OLD], NEW: {**TREES[NEW], "changelog.d/b.feature.md": b"It sings.\n", "x.py": b""}}
    ctx = context(Forge({"v0.1.0": OLD, "v0.2.0": NEW, "nightly": NEW}), trees)
    for _ in range(2):
        await releases.publish(ctx, "v0.2.0", proposal())
    assert ctx.forge.taken == {"v0.2.0": "### Added\n- It sings.\n"}
    assert ctx.records.scan(releases.TABLE) == []
    assert ctx.told == []


@pytest.mark.parametrize(("trees", "text"), [(TREES, "Nothing that a user can notice.\n"), ({OLD: {}, NEW: {}}, None)])
async def test_without_a_fragment_it_says_so_and_without_a_changelog_it_names_the_change(
    trees: dict[Sha, dict[str, bytes]], text: str | None
) -> None:
    ctx = context(Forge({"v0.1.0": OLD, "v0.1.1": NEW}), trees)
    await releases.publish(ctx, "v0.1.1", proposal(title="docs: <b>better</b> @all\n# x"))
    found = ctx.forge.taken["v0.1.1"]
    assert found == (text or "- docs: \\<b\\>better\\</b\\> \\@all \\# x (#7)\n")


async def test_the_first_version_brings_all_its_fragments() -> None:
    ctx = context(Forge({"v0.0.1": OLD}), TREES)
    await releases.publish(ctx, "v0.0.1", proposal())
    assert ctx.forge.taken == {"v0.0.1": "### Fixed\n- It ends.\n"}


async def test_what_is_refused_is_said_and_kept_for_later() -> None:
    ctx = context(Forge({"v0.0.1": OLD}), TREES)
    ctx.forge.refuses = "it needs the permission contents=write"
    await releases.publish(ctx, "v0.0.1", proposal())
    assert [(event, facts["version"]) for event, facts in ctx.told] == [("release_late", "v0.0.1")]
    assert "contents=write" in ctx.told[0][1]["because"]
    assert [key for key, _row in ctx.records.scan(releases.TABLE)] == ["v0.0.1"]
    ctx.forge.refuses = ""
    await releases.publish(ctx, "v0.0.1", proposal())
    assert ctx.records.scan(releases.TABLE) == []


async def test_what_is_late_is_not_tried_while_stopped_nor_too_soon_nor_for_nobody() -> None:
    ctx = context(Forge({"v0.0.1": OLD}), TREES)
    ctx.records.put(releases.TABLE, "v0.0.1", {"pull": 7, "at": (NOW - releases.AGAIN).isoformat()})
    ctx.records.put(releases.TABLE, "v0.0.2", {"pull": 7, "at": NOW.isoformat()})
    ctx.records.put(releases.TABLE, "v0.0.3", {"pull": 99, "at": NOW.isoformat()})
    seen: Any = SimpleNamespace(proposals=(proposal(),))
    ctx.switch = SimpleNamespace(state=lambda: "stopped")
    await releases.catch_up(ctx, seen)
    assert ctx.forge.taken == {}
    ctx.switch = SimpleNamespace(state=lambda: None)
    await releases.catch_up(ctx, seen)
    assert list(ctx.forge.taken) == ["v0.0.1"]
    assert [key for key, _row in ctx.records.scan(releases.TABLE)] == ["v0.0.2"]
