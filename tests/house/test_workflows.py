"""Our workflows: least rights, pinned actions, no stranger's words in scripts, and a gate that waits for every job."""

import json
import re
from pathlib import Path

import pytest

from bot.app.ci.plan import LEGS
from bot.improve.stages import ORDER
from bot.improve.stages._workflows import broken as judged
from bot.policy.branch_rules import CI_CHECKS
from tests.workflows.rules import RIGHTS, SECRETS, STRANGERS, broken, events, loaded

FOLDER = Path(__file__).parents[2] / ".github"
WORKFLOWS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "workflows").iterdir())}
PIN = re.compile(r"uses: *(\S+)@([0-9a-f]{40}) # (v\S+)")


def test_the_workflows_that_the_house_needs_are_there() -> None:
    assert set(WORKFLOWS) == {"ci", "image", "policy", "promote", "red-team", "release", "validate"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_breaks_no_rule_of_the_house(name: str) -> None:
    assert broken(name, WORKFLOWS[name]) == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_breaks_no_rule_of_v5(name: str) -> None:
    assert list(judged(WORKFLOWS[name])) == []


def test_no_exception_outlives_its_need() -> None:
    there = {(name, job) for name, text in WORKFLOWS.items() for job in loaded(text)["jobs"]}
    assert set(RIGHTS) <= there
    assert {(name, secret) for name, secret in SECRETS if f"secrets.{secret}" in WORKFLOWS[name]} == SECRETS


def test_one_action_has_one_pin_everywhere() -> None:
    pins: dict[str, set[tuple[str, str]]] = {}
    for text in WORKFLOWS.values():
        for name, sha, version in PIN.findall(text):
            pins.setdefault(name, set()).add((sha, version))
    assert pins
    assert {name: found for name, found in pins.items() if len(found) > 1} == {}


def test_the_required_checks_are_jobs_that_every_change_has() -> None:
    jobs = {job: name for name, text in WORKFLOWS.items() for job in loaded(text)["jobs"]}
    for check in CI_CHECKS:
        flow = loaded(WORKFLOWS[jobs[check]])
        assert events(flow) >= STRANGERS, check
        assert flow["jobs"][check].get("name", check) == check, "branch rules know it by this name"
        assert "paths" not in (flow["on"]["pull_request"] or {}), "a job that is left out is never green"


def test_the_gate_waits_for_every_job_whatever_became_of_it() -> None:
    jobs = loaded(WORKFLOWS["validate"])["jobs"]
    others = set(jobs) - {"gate"}
    assert set(jobs["gate"]["needs"]) == others
    assert "always()" in jobs["gate"]["if"]
    script = jobs["gate"]["steps"][-1]["run"]
    assert set(re.findall(r"--job (\w+)", script)) == others
    assert "strategy" not in jobs["gate"]
    assert jobs["stage"]["strategy"]["fail-fast"] is False


def test_every_stage_has_exactly_one_leg() -> None:
    inside = [stage for leg in LEGS.values() for stage in leg]
    assert sorted(inside) == sorted(ORDER)


def test_what_a_pull_request_runs_and_what_publishes_are_never_one_workflow() -> None:
    for name, text in WORKFLOWS.items():
        rights = {right for job in loaded(text)["jobs"].values() for right in job["permissions"].values()}
        assert not (events(loaded(text)) & STRANGERS and "write" in rights), name


def test_a_promotion_builds_no_image() -> None:
    assert loaded(WORKFLOWS["image"])["on"]["push"]["paths-ignore"] == ["deploy/environments/**"]


def test_an_unmeasured_night_is_not_green() -> None:
    report = loaded(WORKFLOWS["red-team"])["jobs"]["report"]
    assert "always()" in report["if"]
    assert '[ "$RESULT/$STATE" = success/success ] || STATE=failure' in report["steps"][0]["run"]


def test_scripts_of_the_actions_can_be_run() -> None:
    scripts = [path for path in (FOLDER / "actions").rglob("*") if path.is_file() and not path.suffix]
    assert {path.name for path in scripts} == {"build", "interpreter", "judge", "namespaces", "referee"}
    assert all(path.stat().st_mode & 0o111 and path.read_text().startswith("#!/bin/sh\n# ") for path in scripts)


def test_renovate_keeps_pins_fresh_waits_and_groups(texts: dict[str, str]) -> None:
    settings = json.loads(texts["renovate.json"])
    assert "helpers:pinGitHubActionDigests" in settings["extends"]
    assert settings["minimumReleaseAge"] == "7 days"
    rules = settings["packageRules"]
    assert all(rule.get("automerge", False) is False for rule in rules), "the charter has no ward for it"
    grouped = {manager for rule in rules if "groupName" in rule for manager in rule.get("matchManagers", ())}
    assert {"github-actions", "npm", "dockerfile", "helm-values", "pip_requirements"} <= grouped
