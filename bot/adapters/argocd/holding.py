"""Auto-sync off, and on again as it was: what was there is remembered on the application itself."""

import json
from collections.abc import Mapping
from typing import Any

from bot.adapters.argocd.models import Application, Automated, dumped
from bot.core.text import one_line

REASON = "megawatts.dev/hold"
BEFORE = "megawatts.dev/hold-automated"
"""The auto-sync block as it was, as JSON; `null` where it was off already."""


def reason_of(application: Application) -> str:
    """Why we hold it; empty if we do not."""
    return application.metadata.annotations.get(REASON, "")


def holding(application: Application, reason: str) -> Mapping[str, Any] | None:
    """The merge patch that holds; None if it is held already. What was remembered before is never written over."""
    annotations: dict[str, Any] = {}
    automated = application.spec.sync_policy.automated
    if automated is not None and automated.on:
        # Someone may have switched it on again after an earlier hold: what it is now is what is given back.
        annotations = {REASON: _why(reason), BEFORE: json.dumps(dumped(automated), sort_keys=True)}
        return {"metadata": {"annotations": annotations}, "spec": {"syncPolicy": {"automated": None}}}
    if reason_of(application):
        return None
    annotations = {REASON: _why(reason), BEFORE: json.dumps(dumped(automated), sort_keys=True)}
    return {"metadata": {"annotations": annotations}}


def releasing(application: Application) -> Mapping[str, Any] | None:
    """The merge patch that gives back what was; None if we do not hold it."""
    if not reason_of(application):
        return None
    change: dict[str, Any] = {"metadata": {"annotations": {REASON: None, BEFORE: None}}}
    before = before_of(application)
    if before is not None and not application.spec.auto_sync:
        change["spec"] = {"syncPolicy": {"automated": before}}
    return change


def before_of(application: Application) -> dict[str, Any] | None:
    """The auto-sync block to give back. One that cannot be read is not: then it stays off, and a person decides."""
    try:
        found = json.loads(application.metadata.annotations.get(BEFORE, "null"))
        return dumped(Automated.model_validate(found)) if isinstance(found, dict) else None
    except ValueError:
        return None


def _why(reason: str) -> str:
    return one_line(reason, 300) or "no reason given"
