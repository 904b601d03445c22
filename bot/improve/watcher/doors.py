"""What the watcher may use: the same doors as the engine, and nothing that writes code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.ids import Sha
from bot.core.ports import AuditLog, Clock, Deployer, Forge, HealthSource, Records, Repository, Switch
from bot.core.verdict import Verdict
from bot.improve.context import Say


@dataclass(frozen=True, slots=True)
class Doors:
    """Doors by name, of one application and its repository."""

    forge: Forge
    repo: Repository
    deployer: Deployer
    health: HealthSource
    records: Records
    audit: AuditLog
    switch: Switch
    inverse: Callable[[Sha, Sha, Sha], Verdict]
    """(merged, revert head, base) -> the proof that the head is the exact inverse."""
    reverts: Callable[[Sha], Mapping[Sha, frozenset[Sha]]]
    """What the history of a commit says was taken back, and by which commits."""
    clock: Clock
    say: Say
    crash_point: Callable[[str], None] = lambda _name: None
