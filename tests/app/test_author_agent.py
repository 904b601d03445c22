"""The whole way of a model's change: real client, real kernel in its own process, real sandbox, real gate."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.app.improve_run import Asked, Improvement, Report
from bot.app.improve_view import Teller
from bot.core.errors import Misconfigured
from bot.core.verdict import Status
from tests.improve.authors.agent.fake_openai import Call, FakeOpenAI, serving

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.integration]
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
CHAIN = "".join(f'    if n == {number}:\n        return "{name}"\n' for number, name in enumerate(NUMBERS, 1))
CODE = f'''"""Numbers in words."""


def name_of(n: int) -> str:
    """The word for a number."""
{CHAIN}    return "many"
'''
TESTS = f"""import pytest

from toy import name_of


@pytest.mark.parametrize(("number", "name"), list(enumerate({NUMBERS!r}, 1)))
def test_small(number, name):
    assert name_of(number) == name


def test_large():
    assert name_of(11) == "many"
    assert name_of(0) == "many"
"""
BODY = """    for number, name in enumerate(_NUMBERS, 1):
        if n == number:
            return name
    return "many"
"""
GOOD = f'''"""Numbers in words."""

_NUMBERS = {NUMBERS!r}


def name_of(n: int) -> str:
    """The word for a number."""
{BODY}'''.replace("'", '"')
FINISH = ("finish", {"summary": "A table in the place of ten comparisons."})
RUN = ("run_tests", {"targets": ["test_toy.py"]})


def script(text: str, *more: Call) -> list[Call]:
    return [
        ("read", {"path": "toy.py"}),
        ("write", {"path": "toy.py", "text": text}),
        *more,
        RUN,
        ("check", {}),
        FINISH,
    ]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "toy.py").write_text(CODE)
    (folder / "test_toy.py").write_text(TESTS)
    (folder / "pyproject.toml").write_text('[project]\nname = "toy"\nversion = "1"\ndependencies = []\n')
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "1"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return folder


async def improve(folder: Path, calls: Sequence[Call], monkeypatch: pytest.MonkeyPatch) -> tuple[Report, FakeOpenAI]:
    async with serving(calls) as fake:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-honey-7f3a9c51e2")
        monkeypatch.setenv("OPENAI_BASE_URL", fake.url)
        monkeypatch.setenv("OPENAI_MODEL", "gpt-5-mini,gpt-5")
        report = await Improvement(Asked(folder, most=1, authors=("agent",)), Teller(quiet=True)).run()
    return report, fake


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def branches(folder: Path) -> list[str]:
    return git(folder, "branch", "--list", "megawatts/*", "--format=%(refname:short)").split()


async def test_a_good_change_passes_the_gate_and_becomes_a_branch(repository: Path, monkeypatch: Any) -> None:
    report, fake = await improve(repository, script(GOOD), monkeypatch)
    attempts = [attempt for attempt in report.attempts if attempt.idea.title == "make name_of simpler"]
    assert [a.verdict.because for a in attempts if not a.accepted] == []
    (attempt,) = attempts
    assert attempt.files == ("toy.py",)
    assert branches(repository) == [attempt.branch]
    said = fake.said()
    assert "12 passed" not in said[0]
    assert "11 passed" in said[2]
    assert {body["model"] for body in fake.bodies} == {"gpt-5"}, "the larger one writes"
    assert set(fake.keys) == {"Bearer sk-honey-7f3a9c51e2"}
    assert "sk-honey" not in str(fake.bodies)
    message = git(repository, "log", "-1", "--format=%B", attempt.branch)
    assert "The model's words: A table in the place of ten comparisons." in message
    assert message.startswith("refactor: make name_of simpler")


async def test_a_change_that_no_test_notices_is_refused_by_the_gate(repository: Path, monkeypatch: Any) -> None:
    report, fake = await improve(repository, script(GOOD.replace("n == number", "abs(n) == number")), monkeypatch)
    (attempt,) = [one for one in report.attempts if one.idea.title == "make name_of simpler"]
    assert "11 passed" in fake.said()[2], "its own tests are content"
    assert not attempt.accepted
    assert attempt.verdict.status is Status.FAIL
    assert any(stage.name == "behaviour" and stage.status is Status.FAIL for stage in attempt.verdict.children)
    assert branches(repository) == []


async def test_a_dependency_does_not_come_in_unnoticed(repository: Path, monkeypatch: Any) -> None:
    add = ("edit", {"path": "pyproject.toml", "old": "dependencies = []", "new": 'dependencies = ["reqeusts"]'})
    report, _fake = await improve(repository, script(GOOD, add), monkeypatch)
    (attempt,) = [one for one in report.attempts if one.idea.title == "make name_of simpler"]
    assert not attempt.accepted
    refused = {stage.name for stage in attempt.verdict.children if stage.status is not Status.PASS}
    assert refused & {"dependencies", "scope"}, attempt.verdict.because
    assert branches(repository) == []


async def test_without_a_model_it_says_what_to_set(repository: Path, monkeypatch: Any) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "LLAMA_API_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Misconfigured, match="set OPENAI_API_KEY"):
        await Improvement(Asked(repository, authors=("agent",)), Teller(quiet=True)).run()
    with pytest.raises(Misconfigured, match="nobody of that name writes here; there are codemods"):
        await Improvement(Asked(repository, authors=("ghost",)), Teller(quiet=True)).run()
