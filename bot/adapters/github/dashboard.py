"""The one issue that lists everything, and the boxes that people tick in it to let something be tried again."""

import re
from datetime import datetime
from typing import Any

from bot.adapters.github import marks, rows
from bot.adapters.github.desk import Desk
from bot.core.errors import Denied
from bot.core.ids import ProposalId

TITLE = "Megawatts dashboard"
LABEL = "megawatts-dashboard"
_TICKED = re.compile(r"^- \[[xX]\] `([0-9a-f]{12})`", re.MULTILINE)
_WRITERS = frozenset({"admin", "maintain", "write"})


def find(desk: Desk) -> dict[str, Any] | None:
    """Our own open issue, the oldest if there are several; a person's that looks like it is a person's."""
    found = desk.api.pages(f"{desk.path}/issues", labels=LABEL, state="open", sort="created", direction="asc")
    own = [row for row in found if (row.get("user") or {}).get("login") == desk.me.login and "pull_request" not in row]
    return next((row for row in own if marks.mark("dashboard") in str(row["body"] or "")), None)


def write(desk: Desk, body: str, handed: set[ProposalId]) -> None:
    """Replace the text. Boxes that were ticked meanwhile and not yet handed out stay ticked."""
    there = find(desk)
    if there is None:
        text = marks.marked(body, "dashboard")
        desk.api.send("POST", f"{desk.path}/issues", {"title": TITLE, "body": text, "labels": [LABEL]})
        return
    kept = ticks(desk, there) - handed
    text = marks.marked(ticked_in(body, kept), "dashboard")
    if text != there["body"]:
        desk.api.send("PATCH", f"{desk.path}/issues/{there['number']}", {"body": text})
    handed.clear()


def ticked_in(body: str, ideas: set[ProposalId]) -> str:
    """The text with these boxes ticked."""
    for idea in ideas:
        body = re.sub(rf"^- \[ \] `{idea}`", f"- [x] `{idea}`", body, flags=re.MULTILINE)
    return body


def ticks(desk: Desk, issue: dict[str, Any]) -> set[ProposalId]:
    """Ideas whose box is ticked by somebody who may write here. We ourselves leave only such boxes ticked."""
    if not _TICKED.search(str(issue["body"] or "")):
        return set()
    row = desk.ask("dashboard", number=int(issue["number"]))["issue"]
    who = rows.login(row["editor"]) if row["lastEditedAt"] else desk.me.login
    if who != desk.me.login and not _may_write(desk, who):
        return set()
    return {ProposalId(idea) for idea in _TICKED.findall(str(row["body"]))}


def _may_write(desk: Desk, who: str) -> bool:
    try:
        found = desk.api.find(f"{desk.path}/collaborators/{who}/permission")
    except Denied:
        return False
    return found is not None and str(found.get("role_name") or found.get("permission")) in _WRITERS


def born(desk: Desk) -> datetime | None:
    """When the bot began its work here: what people merged before is not its to watch."""
    there = find(desk)
    return rows.moment(there["created_at"]) if there else None
