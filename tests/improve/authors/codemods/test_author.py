"""The author: one place, one file, laid out as the file was, and no to everything else."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import pytest

from bot.core.change import Claim, Finding, Idea, Kind, Patch, Refusal, Severity
from bot.core.ids import Sha, Tree
from bot.core.sandbox import Finished, Limits
from bot.improve.analysts.codemod_findings import places
from bot.improve.authors.codemods.author import Codemods
from bot.improve.authors.codemods.source import Source
from bot.improve.doors import Profile

PATH = PurePosixPath("pkg/a.py")
PROFILE = Profile((PurePosixPath(),), (PurePosixPath("pkg"),), (PurePosixPath("tests"),), "pytest")
FLAG = '''"""Doc."""


def f(xs):
    found = False
    for x in xs:
        if x > 1:
            found = True
            break
    return found
'''
BASE, CONTENT = Sha("a" * 40), Tree("b" * 40)


@dataclass
class Here:
    """A checkout in a folder; ruff runs without a sandbox."""

    path: Path
    sha: Sha = BASE
    tree: Tree = CONTENT
    python: Path = Path("/usr/bin/python3")
    fails: bool = False
    ran: list[Sequence[str]] = field(default_factory=list)

    async def run(
        self,
        argv: Sequence[str],
        *,
        writable: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limits: Limits | None = None,
    ) -> Finished:
        self.ran.append(argv)
        if self.fails:
            return Finished(None, b"", b"", 1.0, limit="seconds")
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=self.path, env=dict(env or {}), stdin=-1, stdout=-1, stderr=-1
        )
        out, err = await process.communicate(stdin)
        return Finished(process.returncode, out, err, 0.0)


@pytest.fixture
def work(tmp_path: Path) -> Here:
    (tmp_path / "pkg").mkdir()
    return Here(tmp_path)


def put(work: Here, text: str) -> list[Idea]:
    (work.path / PATH).write_bytes(text.encode())
    return list(Codemods().ideas(list(places(Source(text), PATH))))


def content(made: Patch | Refusal) -> str:
    assert isinstance(made, Patch), made
    assert set(made.files) == {PATH}
    data = made.files[PATH]
    assert data is not None
    return data.decode()


async def test_one_idea_for_each_place_with_names_that_last(work: Here) -> None:
    twice = FLAG + FLAG.replace('"""Doc."""', "").replace("def f", "def g")
    ideas = put(work, twice)
    assert len({idea.id for idea in ideas}) == 2
    assert [(i.kind, i.claim, i.author) for i in ideas] == [(Kind.REFACTOR, Claim.PRESERVING, "codemods")] * 2
    assert {i.id for i in ideas} == {i.id for i in put(work, "import os\n\n" + twice)}


async def test_only_that_place_is_rewritten(work: Here) -> None:
    twice = FLAG + FLAG.replace('"""Doc."""', "").replace("def f", "def g")
    _first, second = put(work, twice)
    after = content(await Codemods().write(second, work, PROFILE))
    assert after.startswith(FLAG)
    assert "def g(xs):\n    found = any(x > 1 for x in xs)\n" in after
    assert (work.path / PATH).read_text() == twice


async def test_a_file_that_ruff_lays_out_stays_laid_out(work: Here) -> None:
    long = FLAG.replace("x > 1", " and ".join(f"a_long_name_{n} > {n}" for n in range(3)))
    (idea,) = put(work, long)
    after = content(await Codemods().write(idea, work, PROFILE))
    assert "    found = any(\n        a_long_name_0 > 0" in after


async def test_a_file_with_a_layout_of_its_own_keeps_it(work: Here) -> None:
    (idea,) = put(work, FLAG + "x   = ( 1 )\n")
    after = content(await Codemods().write(idea, work, PROFILE))
    assert after.endswith("x   = ( 1 )\n")


async def test_no_long_line_into_such_a_file(work: Here) -> None:
    long = FLAG.replace("x > 1", " and ".join(f"a_rather_long_name_{n} > {n}" for n in range(6)))
    (idea,) = put(work, long + "x   = ( 1 )\n")
    made = await Codemods().write(idea, work, PROFILE)
    assert isinstance(made, Refusal)
    assert "columns" in made.because


async def test_a_formatter_that_hangs_leaves_the_layout(work: Here) -> None:
    (idea,) = put(work, FLAG)
    work.fails = True
    assert "any(x > 1 for x in xs)" in content(await Codemods().write(idea, work, PROFILE))


async def test_line_ends_stay(work: Here) -> None:
    (idea,) = put(work, FLAG.replace("\n", "\r\n"))
    after = content(await Codemods().write(idea, work, PROFILE))
    assert after.count("\r\n") == after.count("\n") > 0


async def test_no_more_to_do(work: Here) -> None:
    (idea,) = put(work, FLAG)
    (work.path / PATH).write_text("x = 1\n")
    assert isinstance(await Codemods().write(idea, work, PROFILE), Refusal)


@pytest.mark.parametrize("path", ["tests/test_a.py", "pkg/_vendor/a.py", "pkg/a_pb2.py"])
async def test_what_is_not_the_products_is_refused(work: Here, path: str) -> None:
    (idea,) = put(work, FLAG)
    place = PurePosixPath(path)
    (work.path / place).parent.mkdir(parents=True, exist_ok=True)
    (work.path / place).write_text(FLAG)
    other = replace(idea, findings=(replace(idea.findings[0], path=place),))
    assert isinstance(await Codemods().write(other, work, PROFILE), Refusal)


def test_findings_of_others_are_left_to_others() -> None:
    row = Finding("any_flag", PATH, 1, 2, Severity.LOW, "no place named", "somebody", "f")
    assert Codemods().ideas([row, replace(row, rule="tuning", evidence={"digest": "x"})]) == []
