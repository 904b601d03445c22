"""The rules that GitHub itself holds over a repository's branches and tags, derived from the charter; and their drift.

The rules are split (SI-11). What nobody passes asks for a pull request and for `megawatts/consent`, which the
engine's App alone may post: of a revert it is the proof that it is the exact inverse, of anything else the agreement of
those who own it. Reviews and the long checks stand in a rule that the reverts' App may pass, which in turn can post no
status: to merge without a review takes both Apps.
Source: https://docs.github.com/en/rest/repos/rules
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.charter import Charter
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict, worst

GATE, CONSENT = "megawatts/gate", "megawatts/consent"
CI_CHECKS = ("gate", "policy")
"""Jobs of GitHub Actions that have to pass, by the names under which they report."""
ACTIONS = 15368
"""App id of GitHub Actions on github.com; an enterprise server has one of its own."""
MAINTAIN, ADMIN = 2, 5
"""Ids of GitHub's built-in repository roles."""
ENGINE_BRANCHES = "refs/heads/megawatts/**/*"
ENGINE_BRANCH = "refs/heads/megawatts/*"
VERSIONS = "refs/tags/v*"
CONTROLLER = "refs/tags/controller*"
"""What the control plane follows: people move it, so that a bot that went bad does not deploy its own watcher."""


@dataclass(frozen=True, slots=True)
class Apps:
    """App ids, where they are known. Without one, a check is taken from anybody who may write: for trials only."""

    engine: int | None = None
    reverts: int | None = None
    actions: int | None = ACTIONS


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One ruleset of a repository. `bypass` holds (kind, id, mode); `rules` the parameters of each rule by its type."""

    name: str
    target: str
    refs: tuple[str, ...]
    rules: Mapping[str, Mapping[str, Any]]
    bypass: tuple[tuple[str, int, str], ...] = ()
    why: str = field(default="", compare=False)

    def body(self) -> dict[str, Any]:
        """The JSON object that GitHub's API and its "Import a ruleset" take."""
        rules = [{"type": kind, **({"parameters": dict(told)} if told else {})} for kind, told in self.rules.items()]
        return {
            "name": self.name,
            "target": self.target,
            "enforcement": "active",
            "bypass_actors": [
                {"actor_id": one, "actor_type": kind, "bypass_mode": mode} for kind, one, mode in self.bypass
            ],
            "conditions": {"ref_name": {"include": list(self.refs), "exclude": []}},
            "rules": rules,
        }


def rulesets(
    charter: Charter, apps: Apps, *, queue: bool = False, checks: Iterable[str] = CI_CHECKS
) -> tuple[Ruleset, ...]:
    """Every ruleset that the charter asks for. `queue` is a repository's own choice."""
    base = (f"refs/heads/{charter.base_branch}",)
    passing = (("Integration", apps.reverts, "pull_request"),) if apps.reverts is not None else ()
    green = _checks([(GATE, apps.engine), *((name, apps.actions) for name in checks)])
    reviewed: dict[str, Mapping[str, Any]] = {
        "pull_request": _pull_request(owners=_owned(charter)),
        "required_status_checks": green,
    }
    if queue:
        reviewed["merge_queue"] = _QUEUE
    always = {
        "deletion": {},
        "non_fast_forward": {},
        "pull_request": _pull_request(owners=False),
        "required_status_checks": _checks([(CONSENT, apps.engine)]),
    }
    return (
        Ruleset("megawatts: always", "branch", base, always, why="nobody passes: no direct push, and consent"),
        Ruleset("megawatts: reviewed and green", "branch", base, reviewed, passing, "the reverts' App passes"),
        *_refs(apps),
    )


def _refs(apps: Apps) -> tuple[Ruleset, ...]:
    """Names that are somebody's: versions stay, the controller's tag is people's, the engine's branches are its own."""
    frozen: dict[str, Mapping[str, Any]] = {"deletion": {}, "non_fast_forward": {}, "update": {}}
    closed: dict[str, Mapping[str, Any]] = {"creation": {}, "deletion": {}, "update": {}}
    people = (("RepositoryRole", MAINTAIN, "always"), ("RepositoryRole", ADMIN, "always"))
    found = (
        Ruleset("megawatts: versions", "tag", (VERSIONS,), frozen, why="a version stays what it was"),
        Ruleset("megawatts: controller", "tag", (CONTROLLER,), closed, people, "only people move the control plane"),
    )
    if apps.engine is None:
        return found
    own = (("Integration", apps.engine, "always"),)
    refs = (ENGINE_BRANCH, ENGINE_BRANCHES)
    why = "what stands on the engine's branches is its own"
    return (*found, Ruleset("megawatts: engine's branches", "branch", refs, closed, own, why))


_QUEUE: Mapping[str, Any] = {
    "check_response_timeout_minutes": 60,
    "grouping_strategy": "ALLGREEN",
    "max_entries_to_build": 1,
    "max_entries_to_merge": 1,
    "merge_method": "MERGE",
    "min_entries_to_merge": 1,
    "min_entries_to_merge_wait_minutes": 0,
}
"""One at a time: what is merged is what was validated, and a culprit has one name."""


def _owned(charter: Charter) -> bool:
    return any(ward.owners and ward.tier >= Tier.CRITICAL for ward in charter.wards)


def _pull_request(*, owners: bool) -> dict[str, Any]:
    """No count of approvals beside the owners': paths of tier 1 and 2 have none, `megawatts/consent` holds them."""
    return {
        "dismiss_stale_reviews_on_push": owners,
        "require_code_owner_review": owners,
        "require_last_push_approval": False,
        "required_approving_review_count": 0,
        "required_review_thread_resolution": False,
    }


def _checks(wanted: Iterable[tuple[str, int | None]]) -> dict[str, Any]:
    rows = [{"context": name} if app is None else {"context": name, "integration_id": app} for name, app in wanted]
    return {"required_status_checks": rows, "strict_required_status_checks_policy": True}


def drift(wanted: Ruleset, found: Mapping[str, Any] | None) -> Verdict:
    """How a ruleset on the forge differs from the wanted one, rule by rule. Rules beside ours only make it stricter."""
    if found is None:
        return Verdict(wanted.name, Status.FAIL, "is missing")
    there = {str(rule.get("type")): rule.get("parameters") or {} for rule in found.get("rules") or ()}
    parts = [_scope(wanted, found), _bypass(wanted, found)]
    parts += [_rule(kind, told, there.get(kind)) for kind, told in wanted.rules.items()]
    return worst(wanted.name, parts)


def _scope(wanted: Ruleset, found: Mapping[str, Any]) -> Verdict:
    names = ((found.get("conditions") or {}).get("ref_name")) or {}
    wrong = []
    if found.get("enforcement") != "active":
        wrong.append(f"enforcement is {found.get('enforcement')!r}, not active")
    if found.get("target", "branch") != wanted.target:
        wrong.append(f"target is {found.get('target')!r}, not {wanted.target}")
    if set(names.get("include") or ()) != set(wanted.refs):
        wrong.append(f"it is about {_list(names.get('include'))}, not {', '.join(wanted.refs)}")
    if names.get("exclude"):
        wrong.append(f"it leaves out {_list(names['exclude'])}")
    return _said("scope", wrong, "active, on the right names")


def _bypass(wanted: Ruleset, found: Mapping[str, Any]) -> Verdict:
    """Who passes. GitHub shows that only to those who may change the ruleset."""
    if "bypass_actors" not in found:
        return Verdict("bypass", Status.INCONCLUSIVE, "this token may not see who passes: look with an admin's")
    rows = found["bypass_actors"] or ()
    there = {(str(r.get("actor_type")), r.get("actor_id"), str(r.get("bypass_mode", "always"))) for r in rows}
    wrong = [f"{_actor(one)} passes and should not" for one in sorted(there - set(wanted.bypass), key=str)]
    wrong += [f"{_actor(one)} should pass and does not" for one in wanted.bypass if one not in there]
    return _said("bypass", wrong, "nobody passes" if not wanted.bypass else "only whom the rule names passes")


def merges(rules: Iterable[Mapping[str, Any]], repository: Mapping[str, Any]) -> Verdict:
    """Whether merge commits are allowed where these rules (from wherever they come) hold on the base branch.

    A merge commit names the base and the head that were judged, and what a revert takes back; a squash or a rebase
    makes commits that nobody judged.
    """
    wrong = [said for rule in rules if (said := _forbids(str(rule.get("type")), rule.get("parameters") or {}))]
    if repository.get("allow_merge_commit") is False:
        wrong.append("the repository's settings allow no merge commits")
    fix = "allow merge commits, which are what the loop proves its merges and reverts by"
    return _said("merges", [f"{'; '.join(dict.fromkeys(wrong))}: {fix}"] if wrong else [], "by merge commits")


def _forbids(kind: str, told: Mapping[str, Any]) -> str:
    if kind == "required_linear_history":
        return "a rule asks for a linear history"
    if kind == "pull_request" and "merge" not in told.get("allowed_merge_methods", ("merge",)):
        return f"a rule allows only {_list(told['allowed_merge_methods'])}"
    if kind == "merge_queue" and told.get("merge_method", "MERGE") != "MERGE":
        return f"the merge queue merges by {told['merge_method']}"
    return ""


def _rule(kind: str, wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> Verdict:
    if found is None:
        return Verdict(kind, Status.FAIL, "the rule is missing")
    if kind == "required_status_checks":
        return _said(kind, [*_lacking(wanted, found), *_differing(wanted, found, but="required_status_checks")])
    return _said(kind, _differing(wanted, found))


def _lacking(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Required checks that are not asked for, or that others may post."""
    there = {str(row.get("context")): row.get("integration_id") for row in found.get("required_status_checks") or ()}
    wrong = []
    for row in wanted["required_status_checks"]:
        name, app = row["context"], row.get("integration_id")
        if name not in there:
            wrong.append(f"{name} is not required")
        elif app is not None and there[name] != app:
            wrong.append(f"{name} is taken from {_app(there[name])}, not from App {app} alone")
    return wrong


def _differing(wanted: Mapping[str, Any], found: Mapping[str, Any], but: str = "") -> list[str]:
    names = [name for name in wanted if name != but and found.get(name) != wanted[name]]
    return [f"{name} is {found.get(name)!r}, not {wanted[name]!r}" for name in names]


def _said(name: str, wrong: list[str], well: str = "as the charter asks") -> Verdict:
    return Verdict(name, Status.FAIL if wrong else Status.PASS, "; ".join(wrong) or well)


def _list(names: Any) -> str:
    return ", ".join(map(str, names or ())) or "nothing"


def _app(app: Any) -> str:
    return "anybody" if app is None else f"App {app}"


def _actor(actor: tuple[str, Any, str]) -> str:
    kind, one, mode = actor
    return f"{kind} {one}" + (" (without a pull request)" if mode == "always" else "")
