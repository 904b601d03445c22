"""THREATS 4 and 19: what the author sets in motion finds no token wherever it looks; one process has the key."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.sandbox.choose import find
from bot.adapters.store.records import SqliteRecords
from bot.app import author_wiring, wiring
from bot.app.author_broker import Broker, hand_over
from bot.app.bot_wiring import now
from bot.app.home import Home
from bot.app.settings import load
from bot.core.change import Patch, Refusal
from bot.core.chat import Scope
from bot.core.errors import Denied
from bot.core.ids import ChannelId, Tree, UserId
from bot.core.model import Prompt
from bot.improve.authors.agent.author import Agent
from bot.improve.workspace import Checkout
from tests.improve.authors.agent.scripted import IDEA, TREE, Scripted, agent, finish
from tests.improve.testing.toys import PROFILE, SHA, write
from tests.improve.testing.toys import TREE as TREE_ID

NEEDLE = "honey-7f3a9c51e2"
KEYS = {
    "OPENAI_API_KEY": f"sk-{NEEDLE}-openai",
    "ANTHROPIC_API_KEY": f"sk-ant-{NEEDLE}",
    "LLAMA_API_KEY": f"llama-{NEEDLE}",
}
ROAD = (
    "GITHUB_TOKEN",
    "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_REVERT_APP_PRIVATE_KEY",
    "ARGOCD_AUTH_TOKEN",
    "PROMETHEUS_TOKEN",
)
"""The controller's own keys: read at the start, and then in no environment."""
OTHERS = {
    "GITHUB_TOKEN": f"ghp_{NEEDLE}",
    "DISCORD_BOT_TOKEN": f"M{NEEDLE}",
    "POSTGRES_PASSWORD": NEEDLE,
    "REDIS_PASSWORD": NEEDLE,
}
LOOKS = '''
"""Looks for tokens in every place that a test can think of."""

import os
import pathlib
import subprocess


def everything():
    found = [str(dict(os.environ))]
    for name in os.listdir("/proc"):
        for file in ("environ", "cmdline", "task/" + name + "/environ"):
            try:
                found.append(pathlib.Path("/proc", name, file).read_bytes().decode(errors="replace"))
            except (OSError, ValueError):
                pass
    for root in (".", "..", "/root", "/home", os.path.expanduser("~"), "/tmp", "/run", "/work", "/etc/megawatts"):
        for name in (".git/config", ".env", ".netrc", ".git-credentials", "person/.netrc", "secret"):
            try:
                found.append(pathlib.Path(root, name).read_text())
            except (OSError, ValueError):
                pass
    done = subprocess.run(["env"], capture_output=True, text=True, check=False)
    return "\\n".join([*found, done.stdout, done.stderr])


def test_loot():
    loot = everything()
    assert loot.count("HOME") >= 2, "its own environment, read in two ways, or nothing was looked at"
    at = loot.find("hon" + "ey-7f3a")
    assert at < 0, loot[max(0, at - 40) : at + 40]
'''


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Honey in the environment and in a home folder."""
    for name, value in {**KEYS, **OTHERS}.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "person"
    home.mkdir()
    for name in (".netrc", ".env", ".git-credentials"):
        (home / name).write_text(NEEDLE)
    monkeypatch.setenv("HOME", str(home))
    (tmp_path / "secret").write_text(NEEDLE)
    return tmp_path


@pytest.mark.sandbox
@pytest.mark.integration
async def test_what_a_model_runs_finds_no_token_anywhere(planted: Path) -> None:
    planted.chmod(0o755)
    sandbox = find()
    root = write(planted / "tree", TREE)
    root.chmod(0o755)
    work = Checkout(root, SHA, TREE_ID, Path(sys.executable), sandbox)
    calls = [
        ("create", {"path": "tests/test_loot.py", "text": LOOKS}),
        ("run_tests", {"targets": ["tests/test_loot.py"]}),
        ("check", {}),
        ("search", {"pattern": "(?i)honey|token|secret"}),
        finish(),
    ]
    model = Scripted(calls)
    patch = await agent(model, planted / "author").write(IDEA, work, PROFILE)
    assert isinstance(patch, Patch)
    assert model.heard[1] == "1 passed", "it ran, it saw environments, and in none of them a token"
    assert NEEDLE not in "".join(model.heard)
    assert NEEDLE not in repr(patch)
    assert not [path for path in holding(planted) if "person" not in path and path != "secret"]


@pytest.mark.slow
async def test_the_controller_keeps_no_key_once_it_has_started(planted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(planted / "home").create()
    source = GitRepository.begin(planted / "source.git")
    source.branch("main", commit_tree(source.git, Tree(source.git.run("mktree").line), (), "root", author="someone"))
    LocalForge.create(home.forge, source.path)
    monkeypatch.setattr(wiring, "find", SimpleNamespace)
    for name in ROAD:
        monkeypatch.setenv(name, f"{NEEDLE}-{name}")
    events: list[Any] = []
    async with wiring.controller_of(home, lambda *row: events.append(row)) as engine:
        assert not {*KEYS, *ROAD} & set(os.environ)
        agents = [author for author in engine._shop.authors if author.name == "agent"]
        assert len(agents) == 1
        assert isinstance(agents[0], Agent)
        assert NEEDLE not in repr(agents[0])
        assert NEEDLE not in repr(engine._shop)
        assert NEEDLE not in str(events)
        assert not list(holding(home.path)), "and it is written nowhere"


async def counts() -> dict[str, float]:
    return {}


def test_without_a_key_there_is_no_such_author_and_all_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*KEYS, "LLAMA_API_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    records = SqliteRecords(tmp_path / "r.db")
    for given in ({}, {"DEFAULT_AI_PROVIDER": "local"}, {**KEYS, "DEFAULT_AI_PROVIDER": "offline"}):
        settings = load(given)
        assert author_wiring.open_agent(settings, None, records, tmp_path, now) is None  # type: ignore[arg-type]
    shop = wiring.workshop(None, records, counts, tmp_path, only_requested=False)  # type: ignore[arg-type]
    assert "agent" not in {author.name for author in shop.authors}
    assert "wishes" not in {analyst.name for analyst in shop.analysts}
    assert shop.feeds == wiring.FEEDS
    assert set(author_wiring.fed(wiring.FEEDS, None).values()) >= {"nobody", "phrases"}
    records.close()


def test_what_nobody_took_goes_to_the_model_and_typed_phrases_do_not(tmp_path: Path, planted: Path) -> None:
    records = SqliteRecords(tmp_path / "r.db")
    made = author_wiring.open_agent(load(), None, records, tmp_path, now)  # type: ignore[arg-type]
    shop = wiring.workshop(None, records, counts, tmp_path, only_requested=False, agent=made)  # type: ignore[arg-type]
    assert shop.feeds["complexity"] == shop.feeds["wishes"] == "agent"
    assert shop.feeds["suggestions"] == "phrases"
    assert [author.name for author in shop.authors][-1] == "agent", "those that follow rules are asked first"
    records.close()


CHILD = """
import json, os, socket, pathlib
line = socket.socket(fileno=0).makefile("rwb", buffering=0)
first = json.loads(line.readline())
seen = pathlib.Path("/proc/self/environ").read_bytes().decode().split(chr(0))
fds = sorted(os.listdir("/proc/self/fd"))
given = dict(row.partition("=")[::2] for row in seen if row)
text = json.dumps([sorted(given), given.get("HOME"), len(fds), os.getcwd()])
line.write(json.dumps({"id": first["id"], "type": "error", "denied": True, "because": text}).encode() + b"\\n")
"""


@pytest.mark.integration
async def test_the_process_with_the_key_has_no_other_token(planted: Path) -> None:
    """Its own view of itself: the model's keys, and nothing that could write to the forge or speak on Discord."""
    broker = Broker(hand_over(os.environ), lambda *_: None, command=[sys.executable, "-I", "-S", "-c", CHILD])
    with pytest.raises(Denied) as told:
        await broker.think(Prompt("s", "t" * 10), Scope(UserId("a"), ChannelId("a")), Box())
    text = str(told.value)
    assert "OPENAI_API_KEY" in text
    assert not [name for name in OTHERS if name in text]
    assert "person" not in text, "its home is a folder of its own"
    assert not set(KEYS) & set(os.environ)


class Box:
    """No tools."""

    def schemas(self) -> list[Any]:
        return []

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        return ""


async def test_a_key_that_a_provider_repeats_is_not_in_a_refusal(planted: Path, tmp_path: Path) -> None:
    """Its type is enough; what the model's process says of its errors is tested in tests/app/test_author_broker.py."""

    class Leaks(Scripted):
        async def think(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError(KEYS["OPENAI_API_KEY"])

    from tests.improve.authors.agent.scripted import workspace

    refusal = await agent(Leaks(), tmp_path).write(IDEA, workspace(tmp_path / "w"), PROFILE)
    assert refusal == Refusal("asking the model broke (RuntimeError)", later=True)


def holding(folder: Path) -> list[str]:
    """Files below the folder that hold honey."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path.relative_to(folder)) for path in files if NEEDLE.encode() in path.read_bytes()]
