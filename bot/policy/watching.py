"""The watcher of any application: its settings, whether what it would have done was right, and how far it may go."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bot.core.errors import Misconfigured
from bot.core.health import HealthPolicy
from bot.policy.charter import health_of
from bot.policy.red_team import lower_bound
from bot.policy.schema import Complaints, Table

REVISION = "$revision"
"""Stands for the commit in a query."""
CONFIDENCE = 0.95
_TOP = ("application", "repository", "branch", "mode", "score_after", "trust", "health", "queries")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")


class Mode(StrEnum):
    """How far the watcher goes."""

    SHADOW = "shadow"
    """Says what it would have done."""
    PROPOSE = "propose"
    """Opens the revert; people merge it."""
    ACT = "act"
    """Merges the revert, once it is proved to be the exact inverse."""


class Would(StrEnum):
    """What the watch of one revision came to."""

    NOTHING = "nothing"
    REVERT = "revert"
    PERSON = "person"


class Score(StrEnum):
    """What became of it, in the end."""

    RIGHT = "right"
    WRONG = "wrong"
    """An alarm over what people kept."""
    MISSED = "missed"
    """No alarm over what people took back."""
    UNCLEAR = "unclear"
    """It was repaired forward, or a person was called: neither right nor wrong."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a metric is read by, in PromQL with `$revision`. For a rate, `value` counts the bad and `total` all."""

    rule: str
    value: str
    total: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the watcher has to have shown before it may merge by itself."""

    alarms: int = 5
    """Fewest alarms with a score."""
    precision: float = 0.8


@dataclass(frozen=True, slots=True)
class Settings:
    """One file of the watcher: one application."""

    application: str
    repository: str
    branch: str = "main"
    mode: Mode = Mode.SHADOW
    score_after: timedelta = timedelta(hours=24)
    """How long people have to take back what was alarmed about."""
    trust: Trust = field(default_factory=Trust)
    health: HealthPolicy = field(default_factory=HealthPolicy)
    queries: tuple[Query, ...] = ()


def parse(text: str, where: str = "watch.toml") -> Settings:
    """The settings in a TOML text. Raises one Misconfigured that tells every error, a line each, with its fix."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{where}: is not valid TOML ({error}); correct that line") from error
    complaints = Complaints(where)
    top = Table(complaints, "", data, _TOP)
    settings = Settings(
        application=_name(top, "application", "web-shop"),
        repository=_name(top, "repository", "owner/name"),
        branch=_name(top, "branch", "main", default="main"),
        mode=Mode(top.choice("mode", Mode.SHADOW.value, [mode.value for mode in Mode])),
        score_after=top.duration("score_after", Settings("", "").score_after, least=1),
        trust=_trust(top.table("trust", ("alarms", "precision"))),
        health=health_of(top),
        queries=tuple(_query(one) for one in top.tables("queries", ("rule", "value", "total"))),
    )
    _fitting(top, settings)
    if complaints.found:
        raise Misconfigured("\n".join(complaints.found))
    return settings


def _name(top: Table, key: str, example: str, default: str = "") -> str:
    value = top.text(key, default)
    if not value:
        top.complain(key, f'is missing; write {key} = "{example}"')
    elif not _NAME.fullmatch(value) or ".." in value:
        top.complain(key, f'is "{value[:80]}"; write letters, digits and . _ - / only, such as "{example}"')
    return value


def _trust(table: Table) -> Trust:
    plain = Trust()
    return Trust(table.whole("alarms", plain.alarms), table.number("precision", plain.precision, 0.0, 1.0))


def _query(table: Table) -> Query:
    query = Query(table.text("rule"), table.text("value"), table.text("total"))
    for name in ("rule", "value"):
        if not getattr(query, name):
            table.complain(name, "is missing; a query names its rule and what it asks")
    for name in ("value", "total"):
        if getattr(query, name) and REVISION not in getattr(query, name):
            table.complain(name, f"does not say of which revision; use {REVISION} in it")
    return query


def _fitting(top: Table, settings: Settings) -> None:
    rules = {rule.name: rule for rule in settings.health.rules}
    if not rules:
        top.complain("health.rules", "are missing; without one nothing is watched: add [[health.rules]]")
    named = [query.rule for query in settings.queries]
    for name in sorted(set(named)):
        if name not in rules:
            top.complain("queries", f"name the rule `{name}`, which [[health.rules]] does not have; add it there")
        elif named.count(name) > 1:
            top.complain("queries", f"name `{name}` {named.count(name)} times; keep one")
    for query in settings.queries:
        rule = rules.get(query.rule)
        if rule is not None and (rule.kind == "rate") != bool(query.total):
            top.complain("queries", f"of `{query.rule}`: a rate needs `total`, and no other kind has one")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a revision, as git, the forge and the deployer show it."""

    age: timedelta
    taken_back: bool = False
    """Reverted by people, or what runs went back to before it."""
    repaired: bool = False
    """A later change touched the same files."""


def score(would: Would, fate: Fate, horizon: timedelta) -> Score | None:
    """Whether it was right; None: too early to say. A call for a person is neither."""
    if would is Would.PERSON:
        return Score.UNCLEAR
    if fate.taken_back:
        return Score.RIGHT if would is Would.REVERT else Score.MISSED
    if fate.age < horizon:
        return None
    if would is Would.NOTHING:
        return Score.RIGHT
    return Score.UNCLEAR if fate.repaired else Score.WRONG


@dataclass(frozen=True, slots=True)
class Tally:
    """How it went so far. Rates are None where nothing was counted."""

    alarms_right: int = 0
    alarms_wrong: int = 0
    quiet_right: int = 0
    missed: int = 0
    unclear: int = 0
    waiting: int = 0

    @property
    def alarms(self) -> int:
        """Alarms with a score."""
        return self.alarms_right + self.alarms_wrong

    @property
    def precision(self) -> float | None:
        """Share of alarms that were right."""
        return self.alarms_right / self.alarms if self.alarms else None

    @property
    def precision_at_least(self) -> float:
        """Its lower bound (exact, one-sided, 95 percent)."""
        return lower_bound(self.alarms_right, self.alarms, CONFIDENCE)

    @property
    def recall(self) -> float | None:
        """Share of what people took back that was alarmed about."""
        bad = self.alarms_right + self.missed
        return self.alarms_right / bad if bad else None


def tally(outcomes: Sequence[tuple[Would, Score | None]]) -> Tally:
    """Count outcomes."""
    counts: Mapping[tuple[bool, Score | None], int] = {
        (alarm, kind): sum((would is Would.REVERT) == alarm and found is kind for would, found in outcomes)
        for alarm in (True, False)
        for kind in (*Score, None)
    }
    return Tally(
        alarms_right=counts[True, Score.RIGHT],
        alarms_wrong=counts[True, Score.WRONG],
        quiet_right=counts[False, Score.RIGHT],
        missed=counts[False, Score.MISSED],
        unclear=counts[True, Score.UNCLEAR] + counts[False, Score.UNCLEAR],
        waiting=counts[True, None] + counts[False, None],
    )


def in_force(settings: Settings, so_far: Tally) -> tuple[Mode, str]:
    """The mode that holds, and why it is not the one that is set: merging is earned in the modes before it."""
    trust = settings.trust
    if settings.mode is not Mode.ACT:
        return settings.mode, ""
    if so_far.alarms < trust.alarms:
        return Mode.PROPOSE, f"{so_far.alarms} of {trust.alarms} alarms have a score: it only proposes until then"
    precision = so_far.precision if so_far.precision is not None else 1.0
    if precision < trust.precision:
        return Mode.PROPOSE, f"{precision:.0%} of its alarms were right, {trust.precision:.0%} are asked for"
    return Mode.ACT, ""
