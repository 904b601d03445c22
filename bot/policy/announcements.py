"""What members are told of proposals, and what follows from what they were told before. Texts come by `say`."""

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
from bot.policy.announcement_words import ENGLISH, Words, counted, english, risk

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


def deeds(matter: Matter, told: Told, now: datetime, say: Words = english) -> tuple[Deed, ...]:
    """What is still to be done, in order. Done once, the same look asks for nothing more.

    What ended before it was ever announced is not announced: nobody could do anything about it.
    """
    where = stand(matter, now)
    if not told.message:
        return (Send(),) if where == "open" else ()
    found: list[Deed] = []
    if digest(matter, now, say) != told.shown:
        found.append(Edit())
    if not told.thread:
        found.append(Open(one_line(f"#{matter.subject.pull} {matter.subject.title}", 90)))
    elif where != "open" and where not in told.said:
        found.append(Say(where, line(matter, now, say)))
    return tuple(found)


def card(matter: Matter, now: datetime, say: Words = english) -> Card:
    """The announcement: summary, tier, risk, stages, how the vote stands, deadline."""
    about, where = matter.subject, stand(matter, now)
    badges = " ".join(f"{_BADGE.get(status, '❔')} {name}" for name, status in about.badges)
    tier = f"announce.tier_{int(about.tier)}"
    fields = [("tier", say(tier) if tier in ENGLISH else str(int(about.tier))), ("risk", risk(about.risk, say))]
    fields.append(("stages", badges))
    if matter.tally is not None and not about.voided_by:
        fields.append(("votes", one_line(counted(matter.tally.because.split(";")[0], say), 120)))
    if where == "open" and matter.ends is not None:
        fields.append(("until", f"<t:{int(matter.ends.timestamp())}:f> ({matter.ends:%Y-%m-%d %H:%M} UTC)"))
    if where != "open":
        fields.append(("outcome", line(matter, now, say)))
    fields.append(("version", about.head[:12]))
    shown = tuple((say(f"announce.{name}"), said) for name, text in fields if (said := one_line(text, 1000)))
    title = one_line(f"#{about.pull} {about.title}", 200)
    return Card(title, one_line(about.summary, 1500), shown, about.link, _COLOUR[where])


def buttons(matter: Matter, now: datetime, say: Words = english) -> tuple[Button, ...]:
    """For, against, abstain and why while it is open; why alone afterwards."""
    start = f"vote/{matter.subject.pull}/{matter.subject.head[:12]}"
    why = Button(f"{start}/why", say("announce.why"))
    if stand(matter, now) != "open":
        return () if matter.subject.voided_by else (why,)
    return (
        Button(f"{start}/for", say("announce.for"), "primary"),
        Button(f"{start}/against", say("announce.against")),
        Button(f"{start}/abstain", say("announce.abstain")),
        why,
        Button(f"{start}/reject", say("announce.reject"), "danger", asks=say("announce.reject_asks")),
    )


def line(matter: Matter, now: datetime, say: Words = english) -> str:
    """What became of it, in a sentence."""
    about, because = matter.subject, one_line(matter.because, 500)
    where = stand(matter, now)
    if where == "voided":
        return say("announce.voided", head=about.head[:7], newer=about.voided_by[:7])
    if where == "closed":
        tally = counted(matter.tally.because, say) if matter.tally else ""
        return say("announce.closed", tally=tally) if tally else say("announce.nobody")
    if where == "live":
        return say("announce.live_in" if matter.version else "announce.live", pull=about.pull, version=matter.version)
    key = f"announce.{where}"
    why = bool(because) and f"{key}_why" in ENGLISH
    return say(f"{key}_why" if why else key, pull=about.pull, because=because)


def digest(matter: Matter, now: datetime, say: Words = english) -> str:
    """Equal as long as the announcement would look the same."""
    shown = card(matter, now, say), buttons(matter, now, say)
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def pressed(button: str) -> tuple[int, str, str] | None:
    """Number, start of the head and choice of a vote's button; None for anything else, however like it looks."""
    found = _ID.fullmatch(button)
    return (int(found[1]), found[2], found[3]) if found else None


def risk_of(gate: Verdict | None) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The risk in words, and a badge for each stage, from the gate's verdict."""
    if gate is None:
        return ENGLISH["announce.risk_unknown"], ()
    badges = tuple((stage.name, stage.status.name.lower()) for stage in gate.children)
    unsure = [stage.name for stage in gate.children if stage.status is not Status.PASS and stage.name != "approval"]
    if unsure:
        return f"a person should look at {', '.join(unsure)}", badges
    return ENGLISH["announce.risk_low"], badges


_NEWS = frozenset({"open", "unwritten", "refused", "rejected", "merged", "healthy", "reverted"})


def news(row: Mapping[str, Any], say: Words = english) -> tuple[str, str] | None:
    """What the one who suggested something is told of an outcome: a key, so that it is told once, and a sentence."""
    result = str(row.get("result", ""))
    if result not in _NEWS:
        return None
    version = str(row.get("version", ""))
    facts = {"pull": row.get("pull", 0), "title": one_line(str(row.get("title", "")), 120), "version": version}
    key = f"announce.news.{result}" + ("_in" if result == "healthy" and version else "")
    text = say(key, **facts, because=one_line(str(row.get("because", "")), 400))
    return f"{result}/{row.get('pull', 0)}", text


def unsaid(told: Sequence[str], rows: Sequence[Mapping[str, Any]], say: Words = english) -> tuple[tuple[str, str], ...]:
    """News of one suggestion that were not told yet, in order of time. One that came too late to matter (it was open,
    and is merged by now) is told by what came after it."""
    last = max(rows, key=lambda row: str(row.get("at", "")), default=None)
    item = news(last, say) if last is not None else None
    return (item,) if item is not None and item[0] not in told else ()
