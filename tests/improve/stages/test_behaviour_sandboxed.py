"""V-10 and V-11 over real repositories, in the sandbox."""

import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.repository import GitRepository
from bot.adapters.sandbox.choose import find
from bot.app.gate_factory import Question, open_gate
from bot.core.change import Claim, Patch
from bot.core.verdict import Status, Verdict
from bot.improve.stages.behaviour import STAGE as BEHAVIOUR
from bot.improve.stages.performance import STAGE as PERFORMANCE

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
TESTS = "from words import longest\n\n\ndef test():\n    assert longest(['ab', 'c']) == 'ab'\n"
BASE = '''"""Words."""


def longest(words: list[str]) -> str:
    """The longest word.

    >>> longest(["a", "bcd"])
    'bcd'
    """
    best = ""
    for word in words:
        if len(word) > len(best):
            best = word
    return best
'''


def begin(folder: Path) -> None:
    (folder / "words.py").write_text(BASE)
    (folder / "test_words.py").write_text(TESTS)
    who = ["-c", "user.name=T", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "feat: begin"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


async def judged(folder: Path, head: str, claim: Claim, path: str = "words.py") -> tuple[Verdict, Verdict | None]:
    """Of behaviour and, where that holds, of performance: it is measured for seconds."""
    begin(folder)
    repo = GitRepository(folder)
    base = repo.resolve("HEAD")
    made = repo.commit(Patch(base, {PurePosixPath(path): head.encode()}), "x", author="T <t@example.invalid>")
    question = Question(repo, base, made, claim=claim, python=Path(sys.executable))
    async with open_gate(question, find(), cache=folder / "cache") as gate:
        first = await BEHAVIOUR.run(gate, {})
        return first, await PERFORMANCE.run(gate, {BEHAVIOUR.name: first}) if first.passed else None


async def test_a_rewrite_that_keeps_behaviour_passes(tmp_path):
    start = BASE.index("    best")
    head = BASE[:start] + '    return max(words, key=len, default="")\n'
    behaviour, performance = await judged(tmp_path, head, Claim.PRESERVING)
    assert behaviour.status is Status.PASS, behaviour
    assert performance.status in {Status.PASS, Status.INCONCLUSIVE}, performance


@pytest.mark.parametrize(("claim", "status"), [(Claim.PRESERVING, Status.FAIL), (Claim.NONE, Status.PENDING)])
async def test_a_difference_is_refused_or_shown_to_a_person(tmp_path, claim, status):
    behaviour, _ = await judged(tmp_path, BASE.replace("> len(best)", ">= len(best)"), claim)
    assert behaviour.status is status
    assert "longest" in str(behaviour.facts["differences"])


async def test_a_new_required_parameter_breaks_the_interface(tmp_path):
    head = BASE.replace("words: list[str]", "words: list[str], least: int")
    behaviour, _ = await judged(tmp_path, head, Claim.PRESERVING)
    assert behaviour.status is Status.FAIL
    assert behaviour.facts["breakages"]


async def test_quadratic_growth_is_seen(tmp_path):
    squared = "[w for i, w in enumerate(words) if words[: i + 1]]"
    head = BASE.replace("for word in words:", f"for word in {squared}:")
    behaviour, performance = await judged(tmp_path, head, Claim.PRESERVING)
    assert behaviour.status is Status.PASS, behaviour
    assert performance.status is Status.FAIL, performance


async def test_more_input_and_output_is_seen(tmp_path):
    head = BASE.replace(
        "    best", "    for _ in range(3):\n        with open(__file__) as file:\n            file.read()\n    best", 1
    )
    behaviour, performance = await judged(tmp_path, head, Claim.PRESERVING)
    assert behaviour.status is Status.PASS, behaviour
    assert performance.status is Status.FAIL, performance
    assert "calls of input and output; was none" in performance.because


async def test_docs_alone_have_no_subject(tmp_path):
    behaviour, performance = await judged(tmp_path, "# Words\n", Claim.PRESERVING, "README.md")
    assert behaviour.status is performance.status is Status.PASS
    assert "no product function" in behaviour.because
    assert "not_applicable" in behaviour.facts
