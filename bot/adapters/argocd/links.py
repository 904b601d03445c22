"""What people see on the application's page in Argo CD: the pull request, the verdict, the reason of a revert."""

from collections.abc import Mapping
from typing import Any

from bot.adapters.argocd.models import Application
from bot.core.text import one_line

PULL, VERDICT, COMMIT, REVERT = "Pull request", "Verdict", "Commit", "Revert"
PREFIX = "megawatts.dev/"
_LIMIT = 500


def showing(application: Application, lines: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The merge patch that shows these lines; None if they are shown already. Nobody else's lines are touched.

    As `spec.info` (Argo CD makes links of addresses), and as annotations, for its deep links and notifications:
    `Pull request` becomes `megawatts.dev/pull-request`. An empty text takes a line away.
    """
    wanted = {name: one_line(text, _LIMIT) for name, text in lines.items()}
    before = [{"name": info.name, "value": info.value} for info in application.spec.info]
    after = [row for row in before if row["name"] not in wanted]
    after += [{"name": name, "value": text} for name, text in wanted.items() if text]
    notes = {annotation(name): text or None for name, text in wanted.items()}
    there = application.metadata.annotations
    notes = {key: text for key, text in notes.items() if there.get(key) != text}
    change: dict[str, Any] = {}
    if sorted(map(str, after)) != sorted(map(str, before)):
        change["spec"] = {"info": after}
    if notes:
        change["metadata"] = {"annotations": notes}
    return change or None


def annotation(name: str) -> str:
    """The annotation's key for a line's name."""
    return PREFIX + "-".join(name.lower().split())
