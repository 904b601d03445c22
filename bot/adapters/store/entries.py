"""Entries of the audit log as both logs write and read them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.core.audit import GENESIS, Entry
from bot.core.text import plain


def chained(last: tuple[int, str], at: datetime, words: tuple[str, str, str, str], facts: Mapping[str, str]) -> Entry:
    """The entry that follows `last` (number and digest; 0 and GENESIS for the first). Hidden characters are left out.

    `words` are actor, act, subject and reason.
    """
    number, previous = last
    actor, act, subject, reason = (plain(str(word)) for word in words)
    shown = {plain(str(key)): plain(str(value)) for key, value in facts.items()}
    entry = Entry(number + 1, at, actor, act, subject, reason, facts=shown, previous=previous)
    return replace(entry, digest=entry.compute())


FIRST = (0, GENESIS)
"""What the first entry follows."""


def row_of(entry: Entry) -> dict[str, Any]:
    """The entry as JSON knows it."""
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "act": entry.act,
        "subject": entry.subject,
        "reason": entry.reason,
        "facts": dict(entry.facts),
        "previous": entry.previous,
        "digest": entry.digest,
    }


def line_of(entry: Entry) -> str:
    """One line of JSON without its end: of a file, and of an export."""
    return json.dumps(row_of(entry), separators=(",", ":"))


def entry_of(row: Any) -> Entry:
    """The entry of a row. Raises ValueError, KeyError, TypeError or AttributeError if it is none."""
    facts = {str(key): str(value) for key, value in row["facts"].items()}
    words = (str(row["actor"]), str(row["act"]), str(row["subject"]), str(row["reason"]))
    at = datetime.fromisoformat(row["at"])
    return Entry(int(row["number"]), at, *words, facts=facts, previous=str(row["previous"]), digest=str(row["digest"]))
