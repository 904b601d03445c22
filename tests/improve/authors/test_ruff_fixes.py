"""ruff's safe fixes: one rule, one file, on a copy."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import pytest

from bot.core.change import Claim, Finding, Idea, Kind, Patch, Refusal
from bot.core.ids import Sha, Tree
from bot.core.sandbox import Finished, Limits
from bot.improve.analysts.ruff_findings import RuffFindings
from bot.improve.authors.ruff_fixes import RuffFixes
from bot.improve.doors import Profile

PROFILE = Profile((PurePosixPath(),), (PurePosixPath("pkg"),), (PurePosixPath("tests"),), "pytest")
PATH = PurePosixPath("pkg/a.py")
CODE = "import os\nimport sys\n\nx   = f'a'\nprint( sys, set([1]) )\n"
BASE, CONTENT = Sha("a" * 40), Tree("b" * 40)


@dataclass
class Here:
    path: Path
    sha: Sha = BASE
    tree: Tree = CONTENT
    python: Path = Path("/usr/bin/python3")
    ran: list[tuple[Sequence[str], Sequence[Path]]] = field(default_factory=list)
    does: Callable[[Sequence[str]], Finished] | None = None

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
        self.ran.append((argv, writable))
        if self.does is not None:
            return self.does(argv)
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=self.path, env=dict(env or {}), stdin=-1, stdout=-1, stderr=-1
        )
        out, err = await process.communicate(stdin)
        return Finished(process.returncode, out, err, 0.0)


@pytest.fixture
def work(tmp_path: Path) -> Here:
    (tmp_path / "pkg").mkdir()
    (tmp_path / PATH).write_text(CODE)
    return Here(tmp_path)


FOUND: list[Finding] = []


async def idea_of(work: Here, rule: str) -> Idea:
    """The idea for what ruff finds in the code above; ruff is asked once, since it says the same each time."""
    if not FOUND:
        FOUND.extend(await RuffFindings().find(work, PROFILE))
    return next(idea for idea in RuffFixes().ideas(FOUND) if idea.findings[0].rule == rule)


async def test_one_rule_at_a_time(work: Here) -> None:
    idea = await idea_of(work, "F401")
    made = await RuffFixes().write(idea, work, PROFILE)
    assert isinstance(made, Patch)
    assert dict(made.files) == {PATH: CODE.replace("import os\n", "").encode()}
    assert (idea.kind, idea.claim) == (Kind.REFACTOR, Claim.PRESERVING)


async def test_the_checkout_stays_as_it_was_and_only_the_copy_is_writable(work: Here) -> None:
    idea = await idea_of(work, "F541")
    assert isinstance(await RuffFixes().write(idea, work, PROFILE), Patch)
    assert (work.path / PATH).read_text() == CODE
    argv, writable = next((a, w) for a, w in work.ran if "--fix-only" in a)
    assert "--no-unsafe-fixes" in argv
    assert all(not folder.is_relative_to(work.path) and not work.path.is_relative_to(folder) for folder in writable)
    assert not any(folder.exists() for folder in writable)


async def test_unsafe_fixes_are_no_findings(work: Here) -> None:
    rules = {f.rule for f in await RuffFindings().find(work, PROFILE)}
    assert "C405" not in rules
    assert rules == {"F401", "F541"}


async def test_the_repositorys_configuration_holds(work: Here) -> None:
    (work.path / "ruff.toml").write_text('lint.select = ["F541"]\n')
    (idea,) = RuffFixes().ideas(await RuffFindings().find(work, PROFILE))
    made = await RuffFixes().write(idea, work, PROFILE)
    assert isinstance(made, Patch)
    assert b"import os" in (made.files[PATH] or b"")


@pytest.mark.parametrize("rule", ["ALL", "F", "--config=x", "F401,F541", ""])
async def test_a_rule_that_is_none_is_refused_before_anything_runs(work: Here, rule: str) -> None:
    idea = await idea_of(work, "F401")
    work.ran.clear()
    odd = replace(idea, findings=(replace(idea.findings[0], rule=rule),))
    assert isinstance(await RuffFixes().write(odd, work, PROFILE), Refusal)
    assert work.ran == []


async def test_tests_are_never_written_to(work: Here) -> None:
    idea = await idea_of(work, "F401")
    odd = replace(idea, findings=(replace(idea.findings[0], path=PurePosixPath("tests/test_a.py")),))
    assert isinstance(await RuffFixes().write(odd, work, PROFILE), Refusal)


async def test_ruff_that_ends_badly_is_a_refusal(work: Here) -> None:
    idea = await idea_of(work, "F401")
    work.does = lambda _argv: Finished(None, b"", b"", 60.0, limit="seconds")
    made = await RuffFixes().write(idea, work, PROFILE)
    assert isinstance(made, Refusal)
    assert "seconds" in made.because


async def test_a_link_in_place_of_the_file_is_not_read(work: Here) -> None:
    idea = await idea_of(work, "F401")

    def plays(argv: Sequence[str]) -> Finished:
        Path(argv[-1]).unlink()
        Path(argv[-1]).symlink_to("/etc/hostname")
        return Finished(0, b"", b"", 0.1)

    work.does = plays
    made = await RuffFixes().write(idea, work, PROFILE)
    assert isinstance(made, Refusal)
    assert "no file" in made.because


async def test_what_changes_nothing_is_refused(work: Here) -> None:
    idea = await idea_of(work, "F401")
    (work.path / PATH).write_text("import sys\nprint(sys)\n")
    assert isinstance(await RuffFixes().write(idea, work, PROFILE), Refusal)
