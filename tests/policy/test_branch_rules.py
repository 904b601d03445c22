"""What the charter asks of GitHub's own rules, and how a difference is told."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.charter import Charter, Ward
from bot.core.tier import Tier
from bot.core.verdict import Status
from bot.improve import context
from bot.policy.branch_rules import ACTIONS, CONSENT, GATE, Apps, Ruleset, drift, merges, rulesets
from bot.policy.charter import parse

CHARTER = parse((Path(__file__).parents[2] / ".github/charter.toml").read_text())
APPS = Apps(engine=11, reverts=22)
ALL = rulesets(CHARTER, APPS)
ALWAYS, REVIEWED, VERSIONS, CONTROLLER, OWN = ALL


def parameters(ruleset: Ruleset, kind: str) -> dict[str, Any]:
    return next(rule.get("parameters", {}) for rule in ruleset.body()["rules"] if rule["type"] == kind)


def required(ruleset: Ruleset) -> dict[str, int | None]:
    rows = parameters(ruleset, "required_status_checks")["required_status_checks"]
    return {row["context"]: row.get("integration_id") for row in rows}


def test_the_names_are_those_that_the_engine_reports() -> None:
    assert (GATE, CONSENT) == (context.GATE, context.CONSENT)


def test_nobody_passes_the_rule_that_holds_the_exact_inverse() -> None:
    assert ALWAYS.bypass == ()
    assert required(ALWAYS) == {CONSENT: 11}
    assert {"deletion", "non_fast_forward", "pull_request", "required_status_checks"} == set(ALWAYS.rules)
    assert parameters(ALWAYS, "required_status_checks")["strict_required_status_checks_policy"] is True


def test_the_reverts_app_passes_reviews_and_long_checks_by_pull_request_alone() -> None:
    assert REVIEWED.bypass == (("Integration", 22, "pull_request"),)
    assert required(REVIEWED) == {GATE: 11, "gate": ACTIONS, "policy": ACTIONS}
    review = parameters(REVIEWED, "pull_request")
    assert (review["require_code_owner_review"], review["dismiss_stale_reviews_on_push"]) == (True, True)
    assert review["required_approving_review_count"] == 0, "tier 1 has no owner and waits for nobody"
    assert sum(any(kind == "Integration" and app == 22 for kind, app, _ in one.bypass) for one in ALL) == 1


def test_a_charter_whose_wards_nobody_owns_asks_no_code_owner() -> None:
    bare = Charter(wards=(Ward("*", Tier.SAFE),))
    assert not parameters(rulesets(bare, APPS)[1], "pull_request")["require_code_owner_review"]


def test_the_rules_are_about_the_charters_base_branch() -> None:
    other = rulesets(Charter(wards=CHARTER.wards, base_branch="trunk"), APPS)
    assert {one.refs for one in other[:2]} == {("refs/heads/trunk",)}


def test_versions_stay_and_the_controller_is_moved_by_people() -> None:
    assert (VERSIONS.bypass, VERSIONS.target) == ((), "tag")
    assert "creation" not in VERSIONS.rules, "the engine tags what it released"
    assert {"update", "deletion"} <= set(VERSIONS.rules)
    assert {"creation", "update", "deletion"} == set(CONTROLLER.rules)
    assert {kind for kind, _, _ in CONTROLLER.bypass} == {"RepositoryRole"}


def test_nobody_else_writes_on_the_engines_branches() -> None:
    assert OWN.bypass == (("Integration", 11, "always"),)
    assert all(ref.startswith("refs/heads/megawatts/") for ref in OWN.refs)
    assert "refs/heads/main" not in OWN.refs


def test_without_apps_checks_are_anybodys_and_nobody_passes() -> None:
    trial = rulesets(CHARTER, Apps(actions=None))
    assert len(trial) == len(ALL) - 1
    assert all(one.bypass == () for one in trial[:3])
    assert required(trial[1]) == {GATE: None, "gate": None, "policy": None}


def test_a_queue_is_a_repositorys_own_choice() -> None:
    plain, chosen = rulesets(CHARTER, APPS)[1], rulesets(CHARTER, APPS, queue=True)[1]
    assert set(chosen.rules) - set(plain.rules) == {"merge_queue"}
    assert parameters(chosen, "merge_queue")["max_entries_to_merge"] == 1


def test_what_is_as_wanted_is_well() -> None:
    for one in ALL:
        assert drift(one, one.body()).passed, one.name


def test_what_github_adds_by_itself_is_no_drift() -> None:
    found = REVIEWED.body()
    for rule in found["rules"]:
        rule.setdefault("parameters", {}).update(allowed_merge_methods=["merge"], required_reviewers=[])
    found |= {"id": 7, "source_type": "Repository", "_links": {}}
    found["rules"].append({"type": "required_signatures"})
    assert drift(REVIEWED, found).passed


def changed(ruleset: Ruleset, change: Any) -> dict[str, Any]:
    found = copy.deepcopy(ruleset.body())
    change(found)
    return found


def rule(found: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(one["parameters"] for one in found["rules"] if one["type"] == kind)


@pytest.mark.parametrize(
    ("ruleset", "change", "said"),
    [
        (ALWAYS, lambda f: f.update(enforcement="disabled"), "enforcement is 'disabled'"),
        (ALWAYS, lambda f: f.update(enforcement="evaluate"), "enforcement is 'evaluate'"),
        (ALWAYS, lambda f: f.update(target="tag"), "target is 'tag'"),
        (ALWAYS, lambda f: f["conditions"]["ref_name"].update(include=["refs/heads/old"]), "refs/heads/old"),
        (ALWAYS, lambda f: f["conditions"]["ref_name"].update(exclude=["refs/heads/main"]), "leaves out"),
        (ALWAYS, lambda f: f.update(conditions=None), "it is about nothing"),
        (
            ALWAYS,
            lambda f: f["bypass_actors"].append(
                {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
            ),
            "RepositoryRole 5 (without a pull request) passes and should not",
        ),
        (REVIEWED, lambda f: f.update(bypass_actors=[]), "Integration 22 should pass and does not"),
        (REVIEWED, lambda f: f["bypass_actors"][0].update(bypass_mode="always"), "Integration 22 (without"),
        (ALWAYS, lambda f: f["rules"].pop(0), "deletion: the rule is missing"),
        (
            REVIEWED,
            lambda f: rule(f, "pull_request").update(require_code_owner_review=False),
            "require_code_owner_review is False",
        ),
        (
            REVIEWED,
            lambda f: rule(f, "required_status_checks")["required_status_checks"].pop(0),
            "megawatts/gate is not required",
        ),
        (
            ALWAYS,
            lambda f: rule(f, "required_status_checks")["required_status_checks"][0].pop("integration_id"),
            "megawatts/consent is taken from anybody, not from App 11",
        ),
        (
            ALWAYS,
            lambda f: rule(f, "required_status_checks")["required_status_checks"][0].update(integration_id=22),
            "megawatts/consent is taken from App 22",
        ),
        (
            ALWAYS,
            lambda f: rule(f, "required_status_checks").update(strict_required_status_checks_policy=False),
            "strict_required_status_checks_policy is False",
        ),
    ],
)
def test_each_difference_is_named(ruleset: Ruleset, change: Any, said: str) -> None:
    verdict = drift(ruleset, changed(ruleset, change))
    assert verdict.status is Status.FAIL
    assert said in verdict.because


def test_a_missing_one_is_named() -> None:
    assert (drift(ALWAYS, None).status, drift(ALWAYS, None).because) == (Status.FAIL, "is missing")


def test_who_passes_may_be_hidden_and_then_it_is_not_known() -> None:
    found = changed(ALWAYS, lambda f: f.pop("bypass_actors"))
    verdict = drift(ALWAYS, found)
    assert verdict.status is Status.INCONCLUSIVE
    assert "admin" in verdict.because


@given(st.sampled_from(ALL), st.data())
def test_a_rule_that_is_taken_away_is_always_seen(one: Ruleset, data: st.DataObject) -> None:
    found = one.body()
    gone = data.draw(st.integers(0, len(found["rules"]) - 1))
    kind = found["rules"].pop(gone)["type"]
    assert f"{kind}: the rule is missing" in drift(one, found).because


@given(st.recursive(st.none() | st.booleans() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_an_odd_answer_is_never_well(odd: Any) -> None:
    assert not drift(ALWAYS, {"rules": [], "bypass_actors": [], "odd": odd}).passed


@pytest.mark.parametrize("queue", [True, False])
def test_what_we_ask_for_takes_merge_commits(queue: bool) -> None:
    bodies = [rule for one in rulesets(CHARTER, APPS, queue=queue) for rule in one.body()["rules"]]
    assert merges(bodies, {"allow_merge_commit": True}).passed
    assert merges(bodies, {}).passed, "whoever is no admin is not told of the settings"


@pytest.mark.parametrize(
    ("rule", "repository", "said"),
    [
        ({"type": "required_linear_history"}, {}, "a linear history: allow merge commits"),
        ({"type": "pull_request", "parameters": {"allowed_merge_methods": ["squash", "rebase"]}}, {}, "squash, rebase"),
        ({"type": "pull_request", "parameters": {"allowed_merge_methods": []}}, {}, "a rule allows only nothing"),
        ({"type": "merge_queue", "parameters": {"merge_method": "SQUASH"}}, {}, "the merge queue merges by SQUASH"),
        ({"type": "deletion"}, {"allow_merge_commit": False}, "the repository's settings allow no merge commits"),
    ],
)
def test_a_branch_that_takes_no_merge_commits_is_told(
    rule: dict[str, Any], repository: dict[str, Any], said: str
) -> None:
    plain = [one for ruleset in ALL for one in ruleset.body()["rules"]]
    found = merges([*plain, rule, rule], repository)
    assert found.status is Status.FAIL
    assert found.because.count(said) == 1
    assert merges(plain, {"allow_squash_merge": False}).passed
