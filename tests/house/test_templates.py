"""What GitHub shows to people who report or propose is whole."""

import json
import re

import pytest

FORMS = ("bug.yml", "idea.yml")
KINDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_has_a_name_and_answers_that_are_required(texts: dict[str, str], name: str) -> None:
    form = texts[f".github/ISSUE_TEMPLATE/{name}"]
    assert {"name", "description", "body"} <= set(re.findall(r"^(\w+):", form, re.MULTILINE))
    assert set(re.findall(r"^  - type: (\w+)$", form, re.MULTILINE)) <= KINDS
    ids = re.findall(r"^    id: (\w+)$", form, re.MULTILINE)
    assert len(ids) == len(set(ids)) > 1
    assert form.count("required: true") >= 2


def test_a_weakness_is_sent_elsewhere(texts: dict[str, str]) -> None:
    assert "private security advisory" in texts[".github/ISSUE_TEMPLATE/bug.yml"]


def test_the_pull_request_template_asks_for_what_the_house_holds(texts: dict[str, str]) -> None:
    text = texts[".github/PULL_REQUEST_TEMPLATE.md"]
    assert all(word in text for word in ("scripts/test", "changelog.d/", "megawatts docs", "policy explain"))


def test_renovate_waits_and_never_merges_by_itself(texts: dict[str, str]) -> None:
    settings = json.loads(texts["renovate.json"])
    assert settings["automerge"] is False
    assert settings["minimumReleaseAge"] == "7 days"
    assert settings["vulnerabilityAlerts"]["labels"] == ["security"]


def test_hooks_before_a_commit_run_the_tools_of_the_lock(texts: dict[str, str]) -> None:
    hooks = texts[".pre-commit-config.yaml"]
    assert re.findall(r"^  - repo: (.+)$", hooks, re.MULTILINE) == ["local"]
    entries = re.findall(r"entry: ([^\s,]+)", hooks)
    assert len(entries) >= 4
    assert all(entry.startswith(".venv/bin/") for entry in entries)
