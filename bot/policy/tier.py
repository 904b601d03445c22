"""How much consent a change needs: the highest of its paths, its kind, its origin and what the gate saw."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from bot.core.change import FileChange, Kind, Origin
from bot.core.charter import Charter, Ward
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy import pattern

KIND_FLOOR = {Kind.DEPENDENCY: Tier.CRITICAL, Kind.FEATURE: Tier.VALIDATED}
"""Kinds that raise the tier whatever their paths: foreign code, and new behaviour."""

ORIGIN_FLOOR = {
    Origin.MEMBER: (Tier.VALIDATED, "a member's words caused it"),
    Origin.PLUGIN: (Tier.VALIDATED, "a plugin asked for it"),
    Origin.PERSON: (Tier.VALIDATED, "a person wrote it, and another one has to look"),
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """The tier of a change, and the tree that explains it. The verdict is FAIL only for what the engine may not do."""

    tier: Tier
    because: Verdict


def only_adds(changes: Iterable[FileChange]) -> frozenset[str]:
    """The paths of changes that only add: plain text files that are new, or that gain lines and lose none."""
    kept = ("add", "modify")
    return frozenset(
        str(c.path) for c in changes if c.action in kept and not c.removed and not c.binary and c.mode == "100644"
    )


def floor(kind: Kind, origin: Origin) -> Tier:
    """The least tier of such a change, whatever its paths."""
    return max(KIND_FLOOR.get(kind, Tier.SAFE), ORIGIN_FLOOR.get(origin, (Tier.SAFE, ""))[0])


def ward_of(path: PurePosixPath | str, charter: Charter, *, adds: bool = False) -> Ward | None:
    """The ward that speaks for a change of one file: the last that matches and applies. None: sealed, as new ground."""
    wards = (ward for ward in reversed(charter.wards) if adds or not ward.only_adds)
    return next((ward for ward in wards if pattern.matches(ward.pattern, path)), None)


def tier_of(
    paths: Collection[PurePosixPath],
    kind: Kind,
    origin: Origin,
    adds: Collection[str],
    charter: Charter,
    *,
    pending: Sequence[str] = (),
) -> Ruling:
    """The tier of a change, never claimed by the change itself.

    `paths` holds both ends of a rename; `adds` those that only add; `pending` the stages that ask for a person.
    """
    rules = [_paths(paths, adds, charter), _kind(kind), _origin(origin), _evidence(pending)]
    tier = max(rule.tier for rule in rules)
    lead = next(rule for rule in rules if rule.tier is tier)
    refused = tier is Tier.SEALED and origin is not Origin.PERSON
    facts = {"tier": tier.name.lower(), "by": lead.because.name}
    text = f"{tier.name.lower()}, by its {lead.because.name}: {lead.because.because}"
    whole = Verdict("tier", Status.PASS, text, tuple(rule.because for rule in rules), facts=facts)
    return Ruling(tier, _refuse(whole) if refused else whole)


def _refuse(verdict: Verdict) -> Verdict:
    """The same tree with FAIL wherever something is sealed."""
    sealed = verdict.facts["tier"] == Tier.SEALED.name.lower()
    status = Status.FAIL if sealed else verdict.status
    return replace(verdict, status=status, children=tuple(_refuse(child) for child in verdict.children))


def _rule(name: str, tier: Tier, because: str, children: tuple[Verdict, ...] = ()) -> Ruling:
    return Ruling(tier, Verdict(name, Status.PASS, because, children, facts={"tier": tier.name.lower()}))


def _paths(paths: Collection[PurePosixPath], adds: Collection[str], charter: Charter) -> Ruling:
    if not paths:
        return _rule("paths", Tier.SEALED, "it names no path, so nothing is known about it")
    groups: dict[Ward | None, list[str]] = {}
    for path in sorted(paths):
        groups.setdefault(ward_of(path, charter, adds=str(path) in adds), []).append(str(path))
    wards = sorted((_ward(ward, held) for ward, held in groups.items()), key=lambda rule: -rule.tier)
    children = tuple(rule.because for rule in wards)
    return _rule("paths", wards[0].tier, children[0].because, children)


def _ward(ward: Ward | None, held: list[str]) -> Ruling:
    """What one ward says of the paths that it speaks for."""
    some = ", ".join(held[:3]) + (f" and {len(held) - 3} more" if len(held) > 3 else "")
    if ward is None:
        rule = _rule("new ground", Tier.SEALED, f"{some}: no ward matches, so it is sealed")
    else:
        how = ", for additions only" if ward.only_adds else ""
        rule = _rule(ward.pattern, ward.tier, f"{some}: ward `{ward.pattern}` is {ward.tier.name.lower()}{how}")
    facts = {**rule.because.facts, "paths": held, "owners": list(ward.owners) if ward else []}
    return Ruling(rule.tier, Verdict(rule.because.name, Status.PASS, rule.because.because, facts=facts))


def _kind(kind: Kind) -> Ruling:
    floor = KIND_FLOOR.get(kind, Tier.SAFE)
    return _rule("kind", floor, f"kind {kind.value} is {floor.name.lower()} at least")


def _origin(origin: Origin) -> Ruling:
    floor, why = ORIGIN_FLOOR.get(origin, (Tier.SAFE, "the engine found it itself"))
    return _rule("origin", floor, f"{why}: {floor.name.lower()} at least")


def _evidence(pending: Sequence[str]) -> Ruling:
    if not pending:
        return _rule("evidence", Tier.SAFE, "no stage asks for a person")
    return _rule("evidence", Tier.VALIDATED, f"{', '.join(pending)} ask for a person: validated at least")
