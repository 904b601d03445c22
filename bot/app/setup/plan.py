"""What there is to do on GitHub, from what is there; and the doing of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.core.charter import Charter
from bot.core.verdict import Status
from bot.policy.branch_rules import Apps, Ruleset, drift, rulesets
from bot.policy.repository_setup import LABELS, Action, Change, Environment, Named, environments

if TYPE_CHECKING:
    from bot.adapters.github.repository_settings import RepositorySettings


NO_APPS = "needs both Apps: give --engine-app and --reverts-app"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line says about the repository's settings."""

    apps: Apps = field(default_factory=Apps)
    queue: bool = False
    trial: bool = False
    """Rules without Apps: anybody who may write could post the checks. For looking around, not for use."""

    @property
    def bound(self) -> bool:
        """Whether each check is bound to the App that may post it."""
        return self.apps.engine is not None and self.apps.reverts is not None


@dataclass(frozen=True, slots=True)
class Found:
    """What is on GitHub."""

    labels: frozenset[str]
    rulesets: Mapping[str, Mapping[str, Any]]
    environments: Mapping[str, frozenset[tuple[str, str]]]
    secrets: frozenset[str]
    variables: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a setup of the settings needs: the charter that will hold, choices, what is there, the table."""

    charter: Charter
    choice: Choice
    found: Found
    used: Named
    rows: tuple[Change, ...]


def find(settings: "RepositorySettings") -> Found:
    """Look at everything; five lists and each ruleset."""
    return Found(
        settings.labels(),
        settings.rulesets(),
        settings.environments(),
        settings.names("secrets"),
        settings.names("variables"),
    )


def wanted(charter: Charter, choice: Choice) -> tuple[Ruleset, ...]:
    """The rulesets of this charter and choice."""
    return rulesets(charter, choice.apps, queue=choice.queue)


def compare(charter: Charter, choice: Choice, found: Found, used: Named, *, files_wait: bool) -> Plan:
    """The plan with its table. `files_wait`: files have to be merged first, or the rules would hold that merge back."""
    rows = [
        Change("label", one.name, Action.SAME if one.name.casefold() in found.labels else Action.CREATE)
        for one in LABELS
    ]
    rows += [
        Change("environment", place.name, _place(place_rules(place), found.environments.get(place.name)))
        for place in environments(charter, used.environments)
    ]
    rows += [_rules(one, choice, found, files_wait=files_wait) for one in wanted(charter, choice)]
    rows += _names("secret", used.secrets, found.secrets) + _names("variable", used.variables, found.variables)
    return Plan(charter, choice, found, used, tuple(rows))


def place_rules(place: Environment) -> frozenset[tuple[str, str]]:
    """Who may use an environment, as (kind, pattern)."""
    return frozenset({*(("branch", one) for one in place.branches), *(("tag", one) for one in place.tags)})


def _place(rules: frozenset[tuple[str, str]], there: frozenset[tuple[str, str]] | None) -> Action:
    if there is None:
        return Action.CREATE
    return Action.SAME if rules == there else Action.UPDATE


def _rules(one: Ruleset, choice: Choice, found: Found, *, files_wait: bool) -> Change:
    there = found.rulesets.get(one.name)
    verdict = drift(one, there)
    if there is not None and verdict.status is not Status.FAIL:
        return Change("ruleset", one.name, Action.SAME, "" if verdict.passed else verdict.because)
    if files_wait:
        return Change("ruleset", one.name, Action.LATER, "after the onboarding pull request is merged: run this again")
    if not choice.trial and not choice.bound:
        return Change("ruleset", one.name, Action.LATER, NO_APPS)
    return Change("ruleset", one.name, Action.CREATE if there is None else Action.UPDATE, verdict.because)


def _names(kind: str, used: frozenset[str], there: frozenset[str]) -> list[Change]:
    because = "workflows name it: set its value in the repository's settings"
    rows = [(name, name in there) for name in sorted(used)]
    return [
        Change(kind, name, Action.SAME if known else Action.LATER, "" if known else because) for name, known in rows
    ]


def apply(settings: "RepositorySettings", plan: "Plan") -> None:
    """Carry out the rows to create or update, the rules last: they bind whoever comes after."""
    charter, found = plan.charter, plan.found
    doing = {(row.area, row.name) for row in plan.rows if row.action in {Action.CREATE, Action.UPDATE}}
    for label in LABELS:
        if ("label", label.name) in doing:
            settings.add_label(label.name, label.colour, label.what)
    for place in environments(charter, plan.used.environments):
        if ("environment", place.name) in doing:
            settings.put_environment(place.name, place_rules(place))
    for one in wanted(charter, plan.choice):
        if ("ruleset", one.name) in doing:
            there = found.rulesets.get(one.name)
            settings.put_ruleset(one.body(), int(there["id"]) if there is not None else None)
