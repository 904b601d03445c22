"""Reads the charter: the one file in which people decide what the engine may do."""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import cast, get_args

from bot.core.charter import BackupRule, Charter, Freeze, Promotion, Quotas, RedTeam, Ward
from bot.core.errors import Misconfigured
from bot.core.health import HealthPolicy, MetricKind, MetricRule, Worse
from bot.core.tier import Tier
from bot.core.votes import Quorum
from bot.policy import pattern
from bot.policy.schema import Complaints, Table, nearest

PATH = ".github/charter.toml"
"""Where the charter lives; read at the base commit of whatever is judged."""

STAGES = (
    "scope", "format", "types", "lint", "security", "dependencies", "tests",
    "coverage", "mutation", "behaviour", "performance", "runtime", "approval",
)  # fmt: skip
"""Names of the validation stages V-1 to V-13, in order."""

_ADAPTERS = ("argocd", "git", "github", "localdeploy", "localforge", "prometheus", "sandbox", "scrape", "store")
SEALED_CORE = (
    ".github/", "CODEOWNERS", "docs/CODEOWNERS", "bot/core/", "bot/policy/", "bot/improve/", "bot/votes/",
    *(f"bot/adapters/{name}/" for name in _ADAPTERS), "tests/policy/", "tests/house/", "tests/attacks/",
)  # fmt: skip
"""What every charter must seal: whoever could change these could change the rules."""

_TIERS = {tier.name.lower(): tier for tier in Tier}
_OWNER = re.compile(r"@[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_LOGIN = re.compile(r"[A-Za-z0-9][\w.-]*")
_BRANCH = re.compile(r"[A-Za-z0-9_][\w./-]*")
_APP = re.compile(r"[A-Za-z0-9][\w.-]*(\[bot\])?", re.ASCII)
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{0,30}")
_TOP = (
    "base_branch", "home_guild", "maintainers", "stages", "teams", "wards", "quorum", "quotas", "health", "freezes",
    "red_team", "promotion", "backup",
)  # fmt: skip


def parse(text: str, where: str = PATH) -> Charter:
    """The charter in a TOML text. Raises one Misconfigured that tells every error, a line each, with its fix."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{where}: is not valid TOML ({error}); correct that line") from error
    complaints = Complaints(where)
    top = Table(complaints, "", data, _TOP)
    teams = top.free("teams")
    charter = Charter(
        wards=_wards(top, teams.keys()),
        quorum=_quorum(top.table("quorum", _names(Quorum))),
        quotas=_quotas(top.table("quotas", _names(Quotas))),
        health=health_of(top),
        freezes=_freezes(top),
        stages=_stages(top),
        maintainers=_logins(top, "maintainers"),
        teams=teams,
        home_guild=top.text("home_guild"),
        base_branch=_branch(top),
        red_team=_red_team(top.table("red_team", _names(RedTeam))) if "red_team" in top else None,
        promotion=_promotion(top.table("promotion", _names(Promotion))) if "promotion" in top else None,
        backup=_backup(top.table("backup", _names(BackupRule))) if "backup" in top else None,
    )
    for missing in _unsealed(charter.wards):
        complaints.add("wards", missing)
    if complaints.found:
        raise Misconfigured("\n".join(complaints.found))
    return charter


def _branch(top: Table) -> str:
    name = top.text("base_branch", "main")
    if not _BRANCH.fullmatch(name):
        top.complain("base_branch", f'is "{name}", which names no branch; write it as git lists it, such as "main"')
    return name


def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


def _wards(top: Table, teams: Sequence[str] | object) -> tuple[Ward, ...]:
    wards: list[Ward] = []
    for table in top.tables("wards", ("patterns", "tier", "owners", "only_adds", "why")):
        tier = _TIERS[table.choice("tier", "sealed", _TIERS)]
        if "tier" not in table:
            table.complain("tier", f"is missing; write one of {', '.join(_TIERS)}")
        table.text("why")
        owners = _owners(table, tier, cast("Sequence[str]", teams))
        only_adds = table.flag("only_adds", default=False)
        patterns = table.texts("patterns")
        if not patterns:
            table.complain("patterns", "is empty; name at least one path")
        for one in patterns:
            if wrong := pattern.problem(one):
                table.complain("patterns", f"holds `{one}`, which {wrong}")
            wards.append(Ward(one, tier, owners, only_adds))
    for (one, _), count in Counter((ward.pattern, ward.only_adds) for ward in wards).items():
        if count > 1:
            top.complain("wards", f"name `{one}` {count} times; keep one, the last would hide the others")
    return tuple(wards)


def _owners(table: Table, tier: Tier, teams: Sequence[str]) -> tuple[str, ...]:
    owners = table.texts("owners")
    if tier >= Tier.CRITICAL and not owners:
        table.complain("owners", f'is missing; tier {tier.name.lower()} needs at least one, such as ["@login"]')
    if tier < Tier.CRITICAL and owners:
        table.complain("owners", f"has no meaning at tier {tier.name.lower()}; remove it or raise the tier")
    for owner in owners:
        if not _OWNER.fullmatch(owner):
            table.complain("owners", f"names `{owner}`, which is neither `@login` nor `@org/team`; write one of these")
        elif "/" in owner and owner[1:] not in teams:
            table.complain("owners", f'names `{owner}`, a team without members here; add "{owner[1:]}" under [teams]')
    return owners


def _logins(table: Table, name: str) -> tuple[str, ...]:
    logins = tuple(login.removeprefix("@") for login in table.texts(name))
    for login in logins:
        if not _LOGIN.fullmatch(login):
            table.complain(
                name, f"names `{login}`, which is not a login; write it as the forge shows it, without spaces"
            )
    return logins


def _stages(top: Table) -> tuple[str, ...]:
    stages = top.texts("stages")
    for stage in stages:
        if stage not in STAGES:
            top.complain("stages", f"names `{stage}`, which is not a stage; {nearest(stage, STAGES)}")
    return stages


def _quorum(table: Table) -> Quorum:
    plain = Quorum()
    return Quorum(
        minimum=table.whole("minimum", plain.minimum, least=1),
        majority=table.number("majority", plain.majority, 0.5, 1.0),
        account_age=table.duration("account_age", plain.account_age),
        member_age=table.duration("member_age", plain.member_age),
        roles=frozenset(table.texts("roles")),
        open_for=table.duration("open_for", plain.open_for, least=1),
        late_swing=table.duration("late_swing", plain.late_swing),
    )


def _quotas(table: Table) -> Quotas:
    plain = Quotas()
    numbers = {
        name: table.whole(name, getattr(plain, name)) for name in _names(Quotas) if name != "min_between_deploys"
    }
    return Quotas(**numbers, min_between_deploys=table.duration("min_between_deploys", plain.min_between_deploys))


def health_of(top: Table) -> HealthPolicy:
    """The health policy of a file with a table `[health]` as the charter's."""
    return _health(top.table("health", _names(HealthPolicy)))


def _health(table: Table) -> HealthPolicy:
    plain = HealthPolicy()
    rules = tuple(_rule(one) for one in table.tables("rules", _names(MetricRule)))
    for name, count in Counter(rule.name for rule in rules).items():
        if count > 1:
            table.complain("rules", f"name `{name}` {count} times; keep one")
    return HealthPolicy(
        rules=rules,
        warm_up=table.duration("warm_up", plain.warm_up),
        deadline=table.duration("deadline", plain.deadline, least=1),
        reverts_per_day=table.whole("reverts_per_day", plain.reverts_per_day),
        interval=table.duration("interval", plain.interval, least=1),
    )


def _rule(table: Table) -> MetricRule:
    plain = MetricRule("", "level")
    for name in ("name", "kind"):
        if name not in table:
            table.complain(name, "is missing; a rule names its metric and its kind")
    kind = table.choice("kind", "level", get_args(MetricKind))
    worse = table.choice("worse", "both" if kind == "level" else "up", get_args(Worse))
    return MetricRule(
        name=table.text("name"),
        kind=cast("MetricKind", kind),
        worse=cast("Worse", worse),
        minimum=table.whole("minimum", plain.minimum, least=2),
        effect=table.number("effect", plain.effect, 0.0, 100.0),
        floor=table.number("floor", plain.floor, 0.0, 1e12),
        alpha=table.number("alpha", plain.alpha, 1e-9, 0.5),
        guard=table.flag("guard", default=plain.guard),
    )


def _red_team(table: Table) -> RedTeam:
    plain = RedTeam()
    floor = table.number("floor", plain.floor, 0.5, 0.999)
    return RedTeam(floor, table.duration("max_age", plain.max_age, least=3600))


def _promotion(table: Table) -> Promotion:
    promoter, environments = table.text("promoter"), table.texts("environments")
    if not _APP.fullmatch(promoter):
        table.complain("promoter", f'is "{promoter}", no login of an App; write it as in "my-promoter[bot]"')
    if not environments:
        table.complain("environments", 'is empty; name at least one, such as ["staging"]')
    for one in environments:
        if not _ENVIRONMENT.fullmatch(one):
            table.complain("environments", f"names `{one}`, no folder of an environment; use small letters, digits, -")
        elif one.startswith("prod"):
            # What one controller watches is one environment: nothing here can show that it ran well in another first.
            table.complain("environments", f"names `{one}`; remove it: into production people promote")
    return Promotion(promoter, environments)


def _backup(table: Table) -> BackupRule:
    plain = BackupRule()
    migrations = table.texts("migrations") or plain.migrations
    for one in migrations:
        if wrong := pattern.problem(one):
            table.complain("migrations", f"holds `{one}`, which {wrong}")
    max_age = table.duration("max_age", plain.max_age, least=60)
    return BackupRule(max_age, table.whole("keep", plain.keep, least=1), migrations)


def _freezes(top: Table) -> tuple[Freeze, ...]:
    freezes = []
    for table in top.tables("freezes", _names(Freeze)):
        starts, ends = table.moment("starts"), table.moment("ends")
        why = table.text("why")
        if starts and ends and ends <= starts:
            table.complain("ends", "is not after `starts`; swap or correct them")
        if starts and ends:
            freezes.append(Freeze(starts, ends, why))
    return tuple(freezes)


def _unsealed(wards: Sequence[Ward]) -> list[str]:
    """What is wrong with the seals: places of the core that a ward opens, or that no sealed ward covers."""
    opened: dict[str, list[str]] = {}
    for place in SEALED_CORE:
        ward = _deciding(wards, place)
        if ward is None or _opens(ward):
            opened.setdefault(ward.pattern if ward else "", []).append(f"`{place}`")
    bare = opened.pop("", [])
    wrong = [f"open {', '.join(at)} by `{by}`; put the sealed ward of these after it" for by, at in opened.items()]
    return [*wrong, f"leave without a seal: {', '.join(bare)}; add them to a ward of tier sealed"] if bare else wrong


def _opens(ward: Ward) -> bool:
    return ward.tier is not Tier.SEALED


def _deciding(wards: Sequence[Ward], place: str) -> Ward | None:
    """The last ward that could open a place of the core, or that seals all of it."""
    for ward in reversed(wards):
        if pattern.may_reach(ward.pattern, place) if _opens(ward) else _seals(ward, place):
            return ward
    return None


def _seals(ward: Ward, place: str) -> bool:
    probes = (f"{place}Qx", f"{place}Qx/Qx.Qx") if place.endswith("/") else (place,)
    return not ward.only_adds and all(pattern.matches(ward.pattern, probe) for probe in probes)
