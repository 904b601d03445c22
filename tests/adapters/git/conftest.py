"""Small repositories, made once and copied."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Git = Callable[..., str]


@pytest.fixture(scope="session")
def git() -> Git:
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def run(path: Path, *argv: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["git", *argv], cwd=path, env=env, input=stdin, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return run


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory, git: Git) -> Path:
    path = tmp_path_factory.mktemp("template")
    git(path, "init", "-q", "-b", "main")
    (path / "a.txt").write_text("".join(f"line {number}\n" for number in range(1, 41)))
    (path / "b.txt").write_text("b\n")
    git(path, "add", ".")
    git(path, "commit", "-qm", "first")
    return path


@pytest.fixture
def work(_template: Path, tmp_path: Path) -> Path:
    """A repository with one commit, two files and a work tree."""
    shutil.copytree(_template, tmp_path / "work")
    return tmp_path / "work"
