"""Data is looked at where it lies before it is read: a request leads nowhere else, and nothing odd is opened."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.app.data_files import REQUESTS, checked, wanted
from bot.core.errors import Misconfigured
from bot.policy.hot_path import LARGEST

SHA = "a" * 40


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = tmp_path / "trees" / SHA
    for name, file in (("intents", "joke.toml"), ("prompts", "system.md"), ("texts", "en.toml")):
        (made / "bot" / "chat" / name).mkdir(parents=True)
        (made / "bot" / "chat" / name / file).write_text("x")
    for name in ("tuning.toml", "flags.toml"):
        (made / "bot" / "chat" / name).write_text("x")
    return made


def ask(folder: Path, text: str) -> None:
    (folder / REQUESTS).mkdir(exist_ok=True)
    (folder / REQUESTS / "7.json").write_text(text)


def test_a_request_names_a_commit_and_the_place_follows(tmp_path: Path, tree: Path) -> None:
    ask(tmp_path, json.dumps({"revision": SHA}))
    assert wanted(tmp_path, 7) == (SHA, tree / "bot" / "chat")
    with pytest.raises(Misconfigured, match="asks for nothing"):
        wanted(tmp_path, 8)


@pytest.mark.parametrize("named", ["", "..", "../../etc", f"{SHA}/..", "A" * 40, f"{SHA}\n", "/etc", f"{SHA[:-1]}"])
def test_a_request_leads_nowhere_else(tmp_path: Path, tree: Path, named: str) -> None:
    ask(tmp_path, json.dumps({"revision": named}))
    with pytest.raises(Misconfigured, match="which is no commit"):
        wanted(tmp_path, 7)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"other": 1}'])
def test_a_broken_request_asks_for_nothing(tmp_path: Path, tree: Path, text: str) -> None:
    ask(tmp_path, text)
    with pytest.raises(Misconfigured, match="asks for nothing that can be read"):
        wanted(tmp_path, 7)


def link(path: Path, target: Path) -> None:
    path.unlink()
    path.symlink_to(target)


def linked_folder(tree: Path) -> None:
    (tree / "bot" / "chat" / "intents").rename(tree / "elsewhere")
    (tree / "bot" / "chat" / "intents").symlink_to(tree / "elsewhere")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tree: link(tree / "bot/chat/intents/joke.toml", Path("/etc/passwd")),
        lambda tree: link(tree / "bot/chat/tuning.toml", tree / "bot/chat/texts/en.toml"),
        linked_folder,
        lambda tree: os.mkfifo(tree / "bot/chat/intents/pipe.toml"),
        lambda tree: (tree / "bot/chat/texts/de.toml").mkdir(),
        lambda tree: (tree / "bot/chat/texts/de.toml").write_bytes(bytes(LARGEST + 1)),
        lambda tree: (tree / "bot/chat/tuning.toml").unlink(),
        lambda tree: (tree / "bot/chat/prompts").rename(tree / "bot/chat/other"),
    ],
)
def test_a_link_a_pipe_and_a_huge_file_are_not_opened(tree: Path, spoil: Callable[[Path], object]) -> None:
    assert checked(tree) == tree / "bot" / "chat"
    spoil(tree)
    with pytest.raises(Misconfigured, match="deploy instead"):
        checked(tree)


def test_what_nobody_reads_is_not_looked_at(tree: Path) -> None:
    (tree / "bot/chat/intents/joke.py").write_text("boom = 1 / 0\n")
    assert checked(tree) == tree / "bot" / "chat"
