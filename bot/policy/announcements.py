"""What members are told of proposals, and what follows from what they were told before. Texts in English."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.core.chat import Button, Card
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict
from bot.core.votes import Poll, Subject

Stand = Literal["open", "closed", "voided", "refused", "merged", "live", "reverted"]
CHOICES = ("for", "against", "abstain")
_ID = re.compile(r"vote/([0-9]{1,9})/([0-9a-f]{12})/(for|against|abstain|why|reject)")
_BADGE = {"pass": "✅", "pending": "🕓", "inconclusive": "❔", "error": "⚠️", "fail": "❌"}
_COLOUR: Mapping[Stand, int] = {
    "open": 0x5865F2, "closed": 0x99AAB5, "voided": 0x99AAB5, "refused": 0xED4245,
    "merged": 0x57F287, "live": 0x57F287, "reverted": 0xFEE75C,
}  # fmt: skip
_ENDS: Mapping[str, Stand] = {
    "rejected": "refused", "refused": "refused", "merged": "merged", "healthy": "live", "reverted": "reverted",
}  # fmt: skip
_TIER = {1: "1, safe", 2: "2, validated: one maintainer or a members' vote", 3: "3, critical: code owners", 9: "sealed"}


@dataclass(frozen=True, slots=True)
class Matter:
    """Everything known of one announced proposal now."""

    subject: Subject
    poll: Poll | None = None
    tally: Verdict | None = None
    """How the vote stands; None where it was voided."""
    ends: datetime | None = None
    result: str = ""
    """What the controller recorded: `open`, `rejected`, `merged`, `healthy`, `reverted`; empty: nothing."""
    because: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What was announced of one proposal at one head so far."""

    message: str = ""
    """Empty: nothing yet."""
    thread: str = ""
    shown: str = ""
    """Digest of the card as it was last sent."""
    said: tuple[str, ...] = ()
    """Lines of the thread, by name."""


@dataclass(frozen=True, slots=True)
class Send:
    """Announce it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Bring the announcement up to date."""


@dataclass(frozen=True, slots=True)
class Open:
    """Begin the thread."""

    name: str


@dataclass(frozen=True, slots=True)
class Say:
    """One line in the thread. `key` names it, so that it is said once."""

    key: str
    text: str


Deed = Send | Edit | Open | Say


def stand(matter: Matter, now: datetime) -> Stand:
    """Where a proposal is, as members see it. What the forge shows counts more than a vote."""
    if matter.subject.voided_by:
        return "voided"
    if matter.result in _ENDS:
        return _ENDS[matter.result]
    return "open" if matter.ends is not None and now < matter.ends else "closed"


def deeds(matter: Matter, told: Told, now: datetime) -> tuple[Deed, ...]:
    """What is still to be done, in order. Done once, the same look asks for nothing more.

    What ended before it was ever announced is not announced: nobody could do anything about it.
    """
    where = stand(matter, now)
    if not told.message:
        return (Send(),) if where == "open" else ()
    found: list[Deed] = []
    if digest(matter, now) != told.shown:
        found.append(Edit())
    if not told.thread:
        found.append(Open(one_line(f"#{matter.subject.pull} {matter.subject.title}", 90)))
    elif where != "open" and where not in told.said:
        found.append(Say(where, line(matter, now)))
    return tuple(found)


def card(matter: Matter, now: datetime) -> Card:
    """The announcement: summary, tier, risk, stages, how the vote stands, deadline."""
    about, where = matter.subject, stand(matter, now)
    badges = " ".join(f"{_BADGE.get(status, '❔')} {name}" for name, status in about.badges)
    fields = [("Tier", _TIER.get(int(about.tier), str(int(about.tier)))), ("Risk", about.risk), ("Stages", badges)]
    if matter.tally is not None and not about.voided_by:
        fields.append(("Votes", one_line(matter.tally.because.split(";")[0], 120)))
    if where == "open" and matter.ends is not None:
        fields.append(("Open until", f"<t:{int(matter.ends.timestamp())}:f> ({matter.ends:%Y-%m-%d %H:%M} UTC)"))
    if where != "open":
        fields.append(("Outcome", line(matter, now)))
    fields.append(("Version", about.head[:12]))
    shown = tuple((name, one_line(text, 1000)) for name, text in fields if text)
    title = one_line(f"#{about.pull} {about.title}", 200)
    return Card(title, one_line(about.summary, 1500), shown, about.link, _COLOUR[where])


def buttons(matter: Matter, now: datetime) -> tuple[Button, ...]:
    """For, against, abstain and why while it is open; why alone afterwards."""
    start = f"vote/{matter.subject.pull}/{matter.subject.head[:12]}"
    why = Button(f"{start}/why", "Why?")
    if stand(matter, now) != "open":
        return () if matter.subject.voided_by else (why,)
    ask = "Why should it be rejected? Your reason is kept and told to its author. (Maintainers only)"
    return (
        Button(f"{start}/for", "For", "primary"),
        Button(f"{start}/against", "Against"),
        Button(f"{start}/abstain", "Abstain"),
        why,
        Button(f"{start}/reject", "Reject", "danger", asks=ask),
    )


def line(matter: Matter, now: datetime) -> str:
    """What became of it, in a sentence."""
    number, because = f"#{matter.subject.pull}", one_line(matter.because, 500)
    where = stand(matter, now)
    if where == "voided":
        return f"The vote on {matter.subject.head[:7]} is void: {matter.subject.voided_by[:7]} was pushed since."
    if where == "closed":
        return f"The vote is closed: {matter.tally.because if matter.tally else 'nobody voted'}."
    if where == "live":
        return f"{number} is live{f' in {matter.version}' if matter.version else ''} and healthy."
    words = {
        "refused": "was rejected",
        "merged": "was merged; its health is being watched",
        "reverted": "was taken back",
    }
    return f"{number} {words.get(where, 'is open')}{f': {because}' if because and where != 'merged' else '.'}"


def digest(matter: Matter, now: datetime) -> str:
    """Equal as long as the announcement would look the same."""
    shown = card(matter, now), buttons(matter, now)
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def pressed(button: str) -> tuple[int, str, str] | None:
    """Number, start of the head and choice of a vote's button; None for anything else, however like it looks."""
    found = _ID.fullmatch(button)
    return (int(found[1]), found[2], found[3]) if found else None


def risk_of(gate: Verdict | None) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The risk in words, and a badge for each stage, from the gate's verdict."""
    if gate is None:
        return "unknown: it was not validated", ()
    badges = tuple((stage.name, stage.status.name.lower()) for stage in gate.children)
    unsure = [stage.name for stage in gate.children if stage.status is not Status.PASS and stage.name != "approval"]
    if unsure:
        return f"a person should look at {', '.join(unsure)}", badges
    return "low: every stage passes", badges


_NEWS = {
    "open": "Your suggestion became #{pull}: {title}.",
    "unwritten": "Your suggestion was tried, and no change came of it: {because}",
    "refused": "Your suggestion was tried, and the change did not pass: {because}",
    "rejected": "Your suggestion (#{pull}) was rejected: {because}",
    "merged": "Your suggestion (#{pull}) was merged. Its health is being watched.",
    "healthy": "Your suggestion (#{pull}) is live{version}. Thank you.",
    "reverted": "Your suggestion (#{pull}) was taken back: {because}",
}


def news(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the one who suggested something is told of an outcome: a key, so that it is told once, and a sentence."""
    result = str(row.get("result", ""))
    if result not in _NEWS:
        return None
    version = f" in {row['version']}" if row.get("version") else ""
    facts = {"pull": row.get("pull", 0), "title": one_line(str(row.get("title", "")), 120), "version": version}
    text = _NEWS[result].format(**facts, because=one_line(str(row.get("because", "")), 400))
    return f"{result}/{row.get('pull', 0)}", text


def unsaid(told: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """News of one suggestion that were not told yet, in order of time. One that came too late to matter (it was open,
    and is merged by now) is told by what came after it."""
    last = max(rows, key=lambda row: str(row.get("at", "")), default=None)
    item = news(last) if last is not None else None
    return (item,) if item is not None and item[0] not in told else ()
