"""Impact x chance / risk: of two ideas that are worth the same, the one that lays less open goes first."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.core.change import FileChange, Finding, Idea, Kind, Origin, Severity
from bot.core.charter import Charter
from bot.core.ids import ProposalId
from bot.core.tier import Tier
from bot.improve.doors import Profile
from bot.improve.exposure import Ground, of_change, of_ideas, touched
from bot.improve.ranking import Ranked, Scales, ranked
from bot.improve.testing.lines import pack
from bot.improve.testing.results import FileLines
from bot.policy import charter as charters
from tests.improve.analysts.conftest import Here

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PROFILE = Profile((PurePosixPath(),), (PurePosixPath("said"),), (), None)
CHARTER: Charter = charters.parse("""
maintainers = ["maintainer"]
stages = ["scope"]
[[wards]]
patterns = ["*"]
tier = "sealed"
owners = ["@maintainer"]
[[wards]]
patterns = ["/said/"]
tier = "safe"
[[wards]]
patterns = ["/said/core.py"]
tier = "critical"
owners = ["@maintainer"]
""")
FILES = {
    "said/__init__.py": "",
    "said/core.py": "def f():\n    return 1\n",
    "said/chat.py": "from said.core import f\n\nx = f()\n",
    "said/app.py": "def g():\n    from said import chat\n    return chat\n",
    "said/leaf.py": "def h():\n    a = 1\n    return a\n",
}


@pytest.fixture
def work(tmp_path: Path) -> Any:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return Here(tmp_path)


def idea(path: str, number: int, kind: Kind = Kind.REFACTOR, last: int = 3) -> Idea:
    found = Finding("rule", PurePosixPath(path), 1, last, Severity.LOW, "m", "analyst", path)
    return Idea(ProposalId(f"{number:012x}"), "t", "w", kind, Origin.ANALYST, "a", (found,))


async def order(work: Any, *ideas: Idea) -> Ranked:
    return await ranked(ideas, [], NOW, Scales(work, PROFILE, CHARTER))


async def test_what_little_builds_on_goes_first(work: Any) -> None:
    core, leaf = idea("said/core.py", 1), idea("said/leaf.py", 2)
    found = await order(work, core, leaf)
    assert [one.id for one in found.ideas] == [leaf.id, core.id]
    assert found.ideas[0].value > found.ideas[1].value
    assert "tier 3 (+1.50), 2 modules build on it (+0.40), 3 lines" in found.because(core)
    assert found.because(leaf).startswith("worth ")
    assert "modules build" not in found.because(leaf)


async def test_impact_still_outweighs_a_little_risk(work: Any) -> None:
    grave = idea("said/chat.py", 1)
    grave = replace(grave, findings=(replace(grave.findings[0], severity=Severity.HIGH),))
    found = await order(work, idea("said/leaf.py", 2), grave)
    assert found.ideas[0].id == grave.id


async def test_tests_and_words_lay_no_module_open(work: Any) -> None:
    found = await order(work, idea("said/core.py", 1, Kind.TEST), idea("said/core.py", 2))
    assert found.ideas[0].kind is Kind.TEST
    assert "modules build" not in found.because(found.ideas[0])


async def test_no_idea_measures_nothing(work: Any) -> None:
    found = await order(work)
    assert (found.ideas, found.ground) == ((), None)
    assert found.because(idea("said/leaf.py", 1)) == ""


def ground(work: Any, known: Mapping[str, FileLines]) -> Ground:
    return replace(Ground.of(work, PROFILE), known=known)


def ran(*lines: int) -> FileLines:
    return FileLines(pack(frozenset(lines)))


def test_code_that_tests_run_is_less_risky(work: Any) -> None:
    one = idea("said/leaf.py", 1)
    dark = of_ideas([one], ground(work, {"said/core.py": ran(1)}), CHARTER)[one.id]
    half = of_ideas([one], ground(work, {"said/leaf.py": ran(1)}), CHARTER)[one.id]
    lit = of_ideas([one], ground(work, {"said/leaf.py": ran(1, 2, 3)}), CHARTER)[one.id]
    unknown = of_ideas([one], ground(work, {}), CHARTER)[one.id]
    assert dark.value > half.value > lit.value
    assert unknown.value == dark.value
    assert "tests run 33% of it" in half.because


def test_a_change_is_weighed_as_it_was_written(work: Any) -> None:
    path = PurePosixPath("said/core.py")
    small = FileChange(path, path, "modify", added=1, removed=1, lines=((2, 2),))
    known, spans = ground(work, {"said/core.py": ran(1, 2)}), {path: frozenset({2})}
    found = of_change([small], spans, known, Tier.CRITICAL)
    assert found.because == "tier 3 (+1.50), 2 modules build on it (+0.40), 2 lines (+0.01)"
    assert of_change([replace(small, added=300)], spans, known, Tier.CRITICAL).value > found.value
    assert of_change([small], {path: frozenset({2, 3})}, ground(work, {"said/leaf.py": ran(1)}), Tier.SAFE).because
    text = PurePosixPath("docs/x.md")
    assert of_change([FileChange(text, text, "add", added=1)], {}, known, Tier.SAFE).because == "nothing adds to it"


def test_lines_of_the_base_that_are_rewritten_or_added_between() -> None:
    path, gone = PurePosixPath("a.py"), PurePosixPath("b.py")
    changes = [FileChange(path, path, "modify"), FileChange(gone, gone, "delete"),
               FileChange(PurePosixPath("c.py"), PurePosixPath("c.py"), "add")]  # fmt: skip
    before = {path: "one\ntwo\nthree\nfour\n", gone: "x\ny\n"}
    after = {path: "one\nzwei\nthree\nadded\nfour\n"}
    assert touched(changes, lambda p: before[p], lambda p: after[p]) == {path: {2, 3, 4}, gone: {1, 2}}


def test_files_that_cannot_be_read_are_not_of_the_product(work: Any) -> None:
    (work.path / "said/odd.py").write_bytes(b"\xff\xfe")
    found = Ground.of(work, PROFILE)
    assert PurePosixPath("said/odd.py") not in found.names
    assert len(found.names) == 5
