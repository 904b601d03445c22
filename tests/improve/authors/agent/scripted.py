"""A model that does what a test says: it plays tool calls and hears what the tools say."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from bot.core.change import Claim, Finding, Idea, Kind, Origin, Severity
from bot.core.charter import Charter
from bot.core.chat import Scope, Sink
from bot.core.ids import ProposalId
from bot.core.model import Prompt, Reply, Toolbox, Usage
from bot.improve.authors.agent.author import Agent
from bot.improve.authors.agent.meter import Ledger
from bot.policy import charter as charters
from bot.sdk.testing import DictRecords
from tests.improve.testing.toys import PlainWorkspace, write

Call = tuple[str, Mapping[str, Any]]
CHARTER = charters.parse("""
maintainers = ["maintainer"]
stages = ["scope"]
[[wards]]
patterns = ["*"]
tier = "sealed"
owners = ["@maintainer"]
[[wards]]
patterns = ["/toy/", "/tests/test_*.py", "/docs/a.md", "/pyproject.toml"]
tier = "critical"
owners = ["@maintainer"]
[[wards]]
patterns = ["/toy/core/"]
tier = "sealed"
owners = ["@maintainer"]
[quotas]
max_lines = 60
max_files = 3
""")
TREE = {
    "toy/__init__.py": "",
    "toy/a.py": 'def double(x: int) -> int:\n    """Twice."""\n    return x * 2\n',
    "toy/core/__init__.py": "",
    "toy/core/rules.py": "LIMIT = 3\n",
    "tests/test_a.py": "from toy.a import double\n\n\ndef test_double() -> None:\n    assert double(2) == 4\n",
    "docs/a.md": "# A\n",
}
FINDING = Finding(
    "complexity", PurePosixPath("toy/a.py"), 1, 3, Severity.MEDIUM, "double: complexity 12", "x", "double"
)
IDEA = Idea(
    ProposalId("0123456789ab"), "make double simpler", "why", Kind.REFACTOR, Origin.ANALYST, "agent", (FINDING,),
    claim=Claim.PRESERVING,
)  # fmt: skip


class Scripted:
    """`core.model.Thinker`: one list of calls a turn, then a reply. `heard` is what the tools said, in order."""

    def __init__(self, *turns: Sequence[Call], usage: Usage = Usage(), hangs: bool = False) -> None:  # noqa: B008
        self.turns, self.usage, self.hangs = list(turns), usage, hangs
        self.heard: list[str] = []
        self.prompts: list[Prompt] = []
        self.cancelled = 0

    async def think(
        self, prompt: Prompt, scope: Scope, tools: Toolbox | None = None, sink: Sink | None = None
    ) -> Reply:
        assert tools is not None
        self.prompts.append(prompt)
        calls = self.turns.pop(0) if self.turns else ()
        try:
            for name, arguments in calls:
                self.heard.append(await tools.call(name, arguments))
            if self.hangs:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Reply("I am done.", "scripted:model", self.usage, tools=tuple(name for name, _ in calls))


class Forever(Scripted):
    """Calls the same tool for ever, whatever it is told."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.one = call

    async def think(
        self, prompt: Prompt, scope: Scope, tools: Toolbox | None = None, sink: Sink | None = None
    ) -> Reply:
        assert tools is not None
        while True:
            self.heard.append(await tools.call(*self.one))
            await asyncio.sleep(0)


def workspace(folder: Path, files: Mapping[str, str] | None = None) -> PlainWorkspace:
    """A toy tree whose programs run as plain processes."""
    return PlainWorkspace(write(folder / "tree", TREE if files is None else files))


def agent(thinker: Any, folder: Path, *, charter: Charter = CHARTER, **fields: Any) -> Agent:
    """An author over that model."""
    folder.mkdir(exist_ok=True)
    (folder / "cache").mkdir(exist_ok=True)
    ledger = fields.pop("ledger", None) or Ledger(DictRecords(), fields.pop("clock", noon()))
    return Agent(thinker, lambda _sha: charter, ledger, folder / "cache", **fields)


def noon() -> Callable[[], Any]:
    """A clock that stands still."""
    from datetime import UTC, datetime

    return lambda: datetime(2026, 6, 1, 12, tzinfo=UTC)


def finish(summary: str = "Says it shorter.", **more: str) -> Call:
    return "finish", {"summary": summary, **more}
