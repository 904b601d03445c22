"""A verdict as SARIF 2.1.0, for code scanning (OASIS, sarif-v2.1.0-errata01)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.app.ci.findings import Place
from bot.core.verdict import Status, Verdict

LEVELS = {"error": "error", "warning": "warning", "notice": "note"}
ABSENT = frozenset({Status.ERROR, Status.INCONCLUSIVE})
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(verdict: Verdict, found: Sequence[Place], version: str) -> dict[str, Any]:
    """One run. A stage that could not judge makes the run unsuccessful, so that no results never reads as clean.

    What is about no file is a notification: code scanning takes no result without a place.
    """
    placed = [place for place in found if place.path]
    rules = sorted({_rule(place) for place in placed})
    absent = [stage for stage in verdict.children if stage.status in ABSENT]
    notes = [_notification(place) for place in found if not place.path]
    successful = bool(verdict.children) and verdict.status not in ABSENT and not absent
    invocation: dict[str, Any] = {"executionSuccessful": successful}
    if notes:
        invocation["toolExecutionNotifications"] = notes
    driver = {
        "name": "Megawatts",
        "version": version,
        "rules": [{"id": rule, "shortDescription": {"text": rule}} for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": [_result(place, rules) for place in placed],
        "properties": {"status": verdict.status.name.lower(), "because": verdict.because},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(place: Place) -> str:
    return place.stage if place.rule == place.stage else f"{place.stage}/{place.rule}"


def _result(place: Place, rules: Sequence[str]) -> dict[str, Any]:
    rule = _rule(place)
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(place.path), "uriBaseId": "%SRCROOT%"}}
    if place.line:
        physical["region"] = {"startLine": place.line}
    return {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": LEVELS[place.level],
        "message": {"text": place.message},
        "locations": [{"physicalLocation": physical}],
    }


def _notification(place: Place) -> dict[str, Any]:
    return {"level": LEVELS[place.level], "message": {"text": f"{place.stage}: {place.message}"}}
