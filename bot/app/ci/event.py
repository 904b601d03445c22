"""The event that started a workflow, read as data: which commits, whose, and nothing else of it.

The form of the events: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.errors import Misconfigured
from bot.core.ids import Sha

LARGEST = 25 * 1024 * 1024
"""Bytes: GitHub sends no larger payload."""
EVENTS = ("pull_request", "merge_group", "push")
_SHA = re.compile(r"[0-9a-f]{40}")
_ENGINE = re.compile(r"(?:megawatts|revert)/[0-9a-f]{12}")
_NONE = "0" * 40


@dataclass(frozen=True, slots=True)
class Event:
    """What a validation needs of an event. `base` and `head` are full commit ids."""

    name: str
    base: Sha
    head: Sha
    number: int = 0
    """Of the pull request; 0: the event has none."""
    by_engine: bool = False
    """Opened by the engine: its login, or a branch of its grammar in this repository. Then the strict reading holds."""
    fork: bool = False
    """The head lies in another repository."""

    @property
    def by(self) -> str:
        """As `megawatts validate --by` wants it."""
        return "engine" if self.by_engine else "person"


def read(name: str, path: Path, *, repository: str = "", engine: str = "") -> Event:
    """The event in this file. Raises Misconfigured for what is no event of GitHub's, or of another repository."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST else b""
        payload = json.loads(data)
    except (OSError, ValueError, RecursionError) as error:
        raise Misconfigured(f"the event file {path} cannot be read as JSON ({type(error).__name__})") from error
    return parse(name, payload, repository=repository, engine=engine)


def parse(name: str, payload: object, *, repository: str = "", engine: str = "") -> Event:
    """The event of this payload. `repository` is the one expected (owner/name), `engine` the login of the engine's App.

    Raises Misconfigured where something is missing or odd: it is never guessed.
    """
    whole = _mapping(payload, "the event")
    if name not in EVENTS:
        raise Misconfigured(f"the event {name[:40]!r} has no change to judge: use {', '.join(EVENTS)}")
    _same(repository, whole)
    if name == "pull_request":
        return _pull_request(whole, engine)
    if name == "merge_group":
        group = _mapping(whole.get("merge_group"), "merge_group")
        return Event(name, _sha(group.get("base_sha"), "base_sha"), _sha(group.get("head_sha"), "head_sha"))
    return Event(name, _sha(whole.get("before"), "before"), _sha(whole.get("after"), "after"))


def _pull_request(whole: Mapping[str, Any], engine: str) -> Event:
    pull = _mapping(whole.get("pull_request"), "pull_request")
    base, head = _mapping(pull.get("base"), "base"), _mapping(pull.get("head"), "head")
    number = pull.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise Misconfigured("the event's pull_request.number is no number")
    ours, theirs = _repository(base.get("repo")), _repository(head.get("repo"))
    fork = not ours or ours != theirs
    user = pull.get("user")
    login = str(user.get("login", "")) if isinstance(user, dict) else ""
    branch = bool(_ENGINE.fullmatch(str(head.get("ref", "")))) and not fork
    return Event(
        "pull_request",
        _sha(base.get("sha"), "pull_request.base.sha"),
        _sha(head.get("sha"), "pull_request.head.sha"),
        number,
        by_engine=branch or (bool(engine) and login.lower() == engine.lower()),
        fork=fork,
    )


def _same(expected: str, whole: Mapping[str, Any]) -> None:
    """An event of another repository says nothing about this one."""
    found = _repository(whole.get("repository"))
    if expected and found.lower() != expected.lower():
        raise Misconfigured(f"the event belongs to {found[:100]!r}, and this is {expected}")


def _repository(found: object) -> str:
    return str(found.get("full_name", "")) if isinstance(found, dict) else ""


def _mapping(found: object, what: str) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise Misconfigured(f"the event has no {what}: it is not one that GitHub sends")
    return found


def _sha(found: object, what: str) -> Sha:
    """A full commit id. What is shorter, longer, upper case or an option of git is refused, and so are zeros."""
    if not isinstance(found, str) or not _SHA.fullmatch(found):
        raise Misconfigured(f"the event's {what} is no full commit id")
    if found == _NONE:
        raise Misconfigured(f"the event's {what} names no commit: a branch that is new or gone has nothing to compare")
    return Sha(found)
