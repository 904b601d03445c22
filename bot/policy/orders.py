"""Whether an emergency order that was given where members talk is carried out."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.core.change import Proposal
from bot.core.charter import Charter
from bot.core.verdict import Status, Verdict

FRESH = timedelta(hours=1)
"""An order that nobody took up within this time is dropped: those who gave it look again and give it again."""
FORWARDED = frozenset({"rollback", "override"})


def judge(order: Mapping[str, Any], charter: Charter, proposals: Iterable[Proposal], now: datetime) -> Verdict:
    """PASS: do it. FAIL: it is dropped, and the reason is told. `facts.head` is the head that an override is for.

    That an admin gave it was checked, with Discord's own word, where it was given; here the rest is.
    """
    act = str(order.get("act", ""))
    if act not in FORWARDED:
        return _no("there is no such order")
    if str(order.get("guild", "")) != charter.home_guild:
        return _no("it was given elsewhere than in the home guild")
    if not str(order.get("reason", "")).strip():
        return _no("it gives no reason")
    age = _age(order, now)
    if age is None or not -timedelta(minutes=5) <= age <= FRESH:
        return _no(
            f"it was not taken up within {FRESH.total_seconds() / 60:.0f} minutes: give it again if it still holds"
        )
    if act == "rollback":
        return Verdict("order", Status.PASS, "a rollback by an admin of the home guild")
    return _override(order, proposals)


def _age(order: Mapping[str, Any], now: datetime) -> timedelta | None:
    try:
        return now - datetime.fromisoformat(str(order["at"]))
    except (KeyError, ValueError, TypeError):
        return None


def _override(order: Mapping[str, Any], proposals: Iterable[Proposal]) -> Verdict:
    """For the head that was read, and not by whoever asked for the change: that would be consent to one's own wish."""
    wanted = str(order.get("head", ""))
    found = next((p for p in proposals if str(p.pull) == str(order.get("pull")) and not p.closed), None)
    if found is None or found.merged_as is not None:
        return _no("there is no such open proposal")
    if len(wanted) < 7 or not found.head.startswith(wanted):
        return _no(f"its head is {found.head[:12]} by now, not {wanted[:12] or 'named'}: look at it again")
    if found.asked_by and found.asked_by == order.get("user"):
        return _no("who asked for a change cannot consent to it")
    facts = {"head": str(found.head)}
    return Verdict("order", Status.PASS, "an override by an admin of the home guild", facts=facts)


def _no(because: str) -> Verdict:
    return Verdict("order", Status.FAIL, because)
