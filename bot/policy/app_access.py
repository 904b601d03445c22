"""The two GitHub Apps of an installation: what each may do, and why; no more is asked for, and no more is accepted.

Source: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.core.verdict import Status, Verdict, worst

Level = Literal["read", "write"]
_LEVELS = {"": 0, "read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Role:
    """One App: its permissions (each with what it is for) and the events that it hears."""

    name: str
    what: str
    permissions: Mapping[str, tuple[Level, str]]
    events: tuple[str, ...] = ()


ENGINE = Role(
    "engine",
    "opens proposals, reports verdicts, merges what was agreed to",
    {
        "metadata": ("read", "every App has it"),
        "contents": ("write", "push the engine's branches, tag versions, publish releases"),
        "pull_requests": ("write", "open, label, comment and merge proposals, ask for reviews"),
        "issues": ("write", "the dashboard issue and labels"),
        "statuses": ("write", "megawatts/gate, megawatts/consent, megawatts/health"),
        "checks": ("write", "the gate's evidence, and the checks of others"),
    },
    (
        "check_run", "check_suite", "issue_comment", "issues", "pull_request", "pull_request_review",
        "pull_request_review_comment", "pull_request_review_thread", "push", "status",
    ),
)  # fmt: skip
"""Without `workflows` GitHub itself refuses a push of the engine's that changes a workflow; without `administration`
it cannot change the rules that bind it."""

REVERTS = Role(
    "reverts",
    "merges a revert that is proved to be the exact inverse, and does nothing else",
    {
        "metadata": ("read", "every App has it"),
        "contents": ("write", "merge"),
        "pull_requests": ("write", "merge"),
    },
)
"""It may pass the review rule; it can post no status, so that alone it merges nothing."""

QUEUE = ("merge_queues", ("read", "the merge group"), "merge_group")
"""What the engine needs beside that, where there is a merge queue: permission, why, event."""


def needed(role: Role, *, queue: bool = False) -> dict[str, str]:
    """Level by permission."""
    found: dict[str, str] = {name: level for name, (level, _why) in role.permissions.items()}
    return {**found, QUEUE[0]: QUEUE[1][0]} if queue and role.name == ENGINE.name else found


def manifest(
    role: Role, name: str, home: str, *, hook: str = "", redirect: str = "", queue: bool = False
) -> dict[str, Any]:
    """The App as GitHub's manifest flow takes it. `home`: address that people see; `hook`: where webhooks go, '' for
    none; `redirect`: where GitHub sends the one-time code. Private, without user authorisation."""
    events = [*role.events, *([QUEUE[2]] if queue and role.events else [])]
    found: dict[str, Any] = {
        "name": name,
        "url": home,
        "description": f"Megawatts: {role.what}.",
        "public": False,
        "request_oauth_on_install": False,
        "default_permissions": needed(role, queue=queue),
        "default_events": events if hook else [],
    }
    if hook and events:
        found["hook_attributes"] = {"url": hook, "active": True}
    if redirect:
        found["redirect_url"] = redirect
    return found


def compare(role: Role, granted: Mapping[str, str], *, queue: bool = False) -> Verdict:
    """Whether an installation has what its role needs, and nothing beyond: each difference by the permission's name."""
    wanted = needed(role, queue=queue)
    parts = [_one(name, wanted.get(name, ""), granted.get(name, "")) for name in sorted({*wanted, *granted})]
    return worst(f"permissions of {role.name}", parts)


def _one(name: str, wanted: str, granted: str) -> Verdict:
    if wanted == granted:
        return Verdict(name, Status.PASS, granted)
    if name == "metadata" and granted:
        return Verdict(name, Status.PASS, granted)
    fix = f"has {granted} and needs {wanted or 'nothing'}: take it away in the App's settings"
    if _LEVELS.get(granted, 3) < _LEVELS.get(wanted, 0):
        grant = "grant it in the App's settings, then accept it where the App is installed"
        fix = f"needs {wanted} and has {granted or 'nothing'}: {grant}"
    return Verdict(name, Status.FAIL, f"{name} {fix}")
