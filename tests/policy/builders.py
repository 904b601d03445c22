"""Builders for the tests of decisions: each test changes one field and asserts what follows, and what does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from hypothesis import HealthCheck, settings

from bot.core.case import Case, Surroundings
from bot.core.change import Kind, Origin, Proposal
from bot.core.charter import Charter, Quotas, Ward
from bot.core.health import HealthPolicy, MetricRule, Rollout
from bot.core.ids import ProposalId, PullNumber, Sha, Tree, UserId
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict, worst
from bot.core.votes import Approval, Ballot, Choice, Poll, Quorum, Voter
from bot.policy.charter import STAGES

PROPERTY = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""The same examples each time: a gate must not refuse one change for what chance found in another."""

Judge = Callable[..., None]
"""Sets what the health judge says: a status, and one for each metric by name."""

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HEAD, OLD_HEAD, MAIN, BASE, MERGED, BEFORE = (Sha(char * 40) for char in "adbcef")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

CHARTER = Charter(
    wards=(
        Ward("*", Tier.SEALED, ("@root",)),
        Ward("/infra/", Tier.CRITICAL, ("@olga", "@org/ops")),
        Ward("/keys/", Tier.CRITICAL, ("@kim",)),
        Ward("/tests/", Tier.CRITICAL, ("@olga",)),
        Ward("/chat/", Tier.VALIDATED),
        Ward("/docs/", Tier.SAFE),
        Ward("/tests/**/test_*.py", Tier.SAFE, only_adds=True),
        Ward("/.github/", Tier.SEALED, ("@root",)),
    ),
    quorum=Quorum(minimum=3, majority=0.6, late_swing=timedelta(hours=2)),
    quotas=Quotas(min_between_deploys=timedelta(minutes=10)),
    health=HealthPolicy(
        rules=(MetricRule("messages", "rate"), MetricRule("memory", "level", guard=False)),
        deadline=timedelta(minutes=30),
        reverts_per_day=5,
    ),
    maintainers=("mara", "Max"),
    teams={"org/ops": ("otto",)},
)


def paths(*names: str) -> frozenset[PurePosixPath]:
    return frozenset(PurePosixPath(name) for name in names)


def proposal(*names: str, **changed: Any) -> Proposal:
    """An engine's proposal on docs, up to date with the base branch; `names` are its paths."""
    plain = Proposal(
        pull=PullNumber(7),
        branch="megawatts/idea",
        title="docs: say it better",
        head=HEAD,
        head_tree=Tree("1" * 40),
        base=MAIN,
        paths=paths(*(names or ("docs/a.md",))),
        author="megawatts",
        opened=NOW - DAY,
        kind=Kind.REFACTOR,
        origin=Origin.ANALYST,
        idea=ProposalId("idea"),
    )
    return replace(plain, **changed)


def gate(status: Status = Status.PASS, stage: str = "tests", **others: Status) -> Verdict:
    """A gate in which every stage ran and passed, but one."""
    marks = dict.fromkeys(STAGES, Status.PASS) | {stage: status} | others
    return worst("gate", [Verdict(name, mark, f"{name} says {mark.name}") for name, mark in marks.items()])


def case(*names: str, around: dict[str, Any] | None = None, **changed: Any) -> Case:
    """A green case that may merge at once. Fields of the proposal go by their names, others to the case."""
    known = {name for name in Proposal.__dataclass_fields__ if name in changed}
    asked = proposal(*names, **{name: changed.pop(name) for name in known})
    surroundings = Surroundings(**{"main": MAIN, **(around or {})})
    return replace(Case(asked, surroundings, gate=gate(), gate_base=asked.base), **changed)


def approval(
    who: str, head: Sha = HEAD, *, approves: bool = True, at: datetime = NOW - HOUR, why: str = ""
) -> Approval:
    return Approval(who, head, at, approves, why)


def voter(name: str, **changed: Any) -> Voter:
    """A member who has been here for long."""
    return replace(Voter(UserId(name), frozenset({"member"}), NOW - 400 * DAY, NOW - 90 * DAY), **changed)


def ballot(name: str, choice: Choice = "for", at: datetime = NOW - 40 * HOUR) -> Ballot:
    return Ballot(UserId(name), choice, at)


def poll(pro: str = "", con: str = "", **changed: Any) -> Poll:
    """A vote that closed an hour ago; each letter of `pro` and `con` is a member who voted early."""
    ballots = (*(ballot(name) for name in pro), *(ballot(name, "against") for name in con))
    plain = Poll(
        pull=PullNumber(7),
        head=HEAD,
        opened=NOW - 49 * HOUR,
        closes=NOW - HOUR,
        electorate=tuple(voter(name) for name in "abcdefghij"),
        ballots=ballots,
    )
    return replace(plain, **changed)


def merged(*names: str, around: dict[str, Any] | None = None, **changed: Any) -> Case:
    """A case that merged five minutes ago and runs since four."""
    running = Rollout(MERGED, MERGED, contains=True, ready=True, at=NOW - timedelta(minutes=4), previous=BEFORE)
    plain = {"merged_as": MERGED, "merged_at": NOW - timedelta(minutes=5), "rollout": running}
    return case(*names, around=around, **{**plain, **changed})
