"""A controller, what runs, and a history, all in memory: for what happens while the forge is away, and afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.switch import FileSwitch
from bot.core.change import Proposal
from bot.core.errors import Denied, Unavailable
from bot.core.health import Reading, Rollout
from bot.core.ids import PullNumber, Sha, Tree
from bot.core.verdict import Status, Verdict
from bot.improve.forgeless import Forgeless
from bot.improve.look import View
from bot.policy import charter as charters
from bot.policy.reconcile import TABLE
from bot.sdk.testing import DictRecords

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ONE, TWO, THREE, FOUR = (Sha(name * 40) for name in "1234")
HISTORY = [ONE, TWO, THREE, FOUR]
CHARTER = charters.parse("""
maintainers = ["ada"]
stages = ["scope"]
[[wards]]
patterns = ["*"]
tier = "sealed"
owners = ["@ada"]
[health]
warm_up = "0s"
deadline = "10m"
interval = "1s"
[[health.rules]]
name = "messages"
kind = "rate"
worse = "up"
minimum = 2
""")


def merged(number: int, sha: Sha, *labels: str, **more: Any) -> Proposal:
    made = Proposal(
        PullNumber(number), f"b{number}", "t", sha, Tree("7" * 40), ONE, frozenset({PurePosixPath("app/x.py")}), "bot",
        NOON, labels=frozenset(labels), merged_as=sha, merged_at=NOON + timedelta(seconds=number),
    )  # fmt: skip
    return replace(made, **more)


@dataclass
class Cluster:
    """What runs is TWO, then THREE, which is bad; it goes back when it is told to, and only while held."""

    clock: Any
    running: Sha | None = THREE
    previous: Sha | None = TWO
    bad: float = 5.0
    is_held: bool = False
    refuses: str = ""
    did: list[str] = field(default_factory=list)
    reads: int = 0
    failed: str = ""
    sick: Sha = THREE

    async def rollout(self, sha: Sha) -> Rollout:
        runs = self.running
        contains = runs is not None and HISTORY.index(sha) <= HISTORY.index(runs)
        failed = "" if contains else self.failed
        return Rollout(sha, runs, contains, runs is not None, NOON, self.previous, failed, self.is_held)

    async def hold(self, reason: str) -> None:
        assert reason
        self.is_held = True
        self.did.append("hold")

    async def release(self) -> None:
        self.is_held = False
        self.did.append("release")

    async def roll_back(self, to: Sha, reason: str) -> None:
        if self.refuses:
            raise Denied(self.refuses)
        assert self.is_held
        self.running, self.previous = to, None
        self.did.append(f"back to {to[0]}: {reason}")

    async def read(self, revision: Sha) -> Sequence[Reading]:
        self.reads += 1
        return (Reading("messages", revision, self.clock(), self.bad if revision == self.sick else 0.0, 10.0),)


def doors(**named: Any) -> Any:
    """A context with only these."""
    return SimpleNamespace(**named)


class Case:
    """One controller whose forge is away, a second after it answered for the last time."""

    def __init__(self, folder: Path) -> None:
        self.time = NOON + timedelta(seconds=10)
        self.cluster = Cluster(lambda: self.time)
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        self.answers = False
        self.records = DictRecords()
        self.audit, self.switch = FileAuditLog(folder / "audit.jsonl"), FileSwitch(folder / "stop.json")
        self.ctx = doors(
            forge=self, repo=self, deployer=self.cluster, health=self.cluster, records=self.records, audit=self.audit,
            switch=self.switch, clock=lambda: self.time, crash_point=lambda _name: None,
            say=lambda event, facts: self.events.append((event, facts)), parse_charter=lambda _text: CHARTER,
        )  # fmt: skip
        self.forgeless = Forgeless(self.ctx)
        self.sees(merged(2, TWO), merged(3, THREE))

    def sees(self, *proposals: Proposal, settled: Mapping[int, Status] | None = None) -> None:
        known = {2: Status.PASS} if settled is None else settled
        found = {PullNumber(n): Verdict("health", status, "as it ended") for n, status in known.items()}
        self.seen = View(FOUR, CHARTER, proposals, found)
        self.forgeless.answered(self.seen)

    async def main(self) -> Sha:
        if not self.answers:
            raise Unavailable("the forge")
        return FOUR

    def read(self, sha: Sha, path: PurePosixPath) -> bytes | None:
        return b"the charter" if sha == FOUR and path.name == "charter.toml" else None

    def is_ancestor(self, old: Sha, new: Sha) -> bool:
        return HISTORY.index(old) <= HISTORY.index(new)

    async def rounds(self, count: int = 1, *, seconds: int = 5, doubt: str = "") -> None:
        for _ in range(count):
            await self.forgeless.round(doubt)
            self.time += timedelta(seconds=seconds)

    def told(self, event: str) -> list[str]:
        return [str(facts["because"]) for name, facts in self.events if name == event]

    def rows(self) -> list[tuple[str, dict[str, Any]]]:
        return list(self.records.scan(TABLE))

    def acts(self) -> list[str]:
        return [entry.act for entry in self.audit.entries()]
