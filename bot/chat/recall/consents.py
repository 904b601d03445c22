"""Who has opted in, who is being forgotten, and what an index still owes; all of it rows, which wait for the disk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.core.ids import UserId
from bot.core.ports import Records

CONSENT, LEAVING, OWED = "memory_consent", "memory_leaving", "vectors_owed"


class Consents:
    """Consent by member, with the secret under which the index knows them."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def shade(self, user: UserId) -> str:
        """The secret with which this member's words are hashed; empty if they have not opted in."""
        row = self._records.get(CONSENT, quote(user, safe=""))
        return str(row["shade"]) if row else ""

    def consent(self, user: UserId) -> Mapping[str, Any] | None:
        """The consent as it was given, without its secret."""
        row = self._records.get(CONSENT, quote(user, safe=""))
        return {"given": True, "at": row["at"]} if row else None

    def give(self, user: UserId, shade: str, at: datetime) -> None:
        """Opt in, unless already so."""
        self._records.add(CONSENT, quote(user, safe=""), {"shade": shade, "at": at.isoformat()})

    def renew(self, user: UserId, shade: str) -> None:
        """Another secret: what an index still holds under the old one means nothing any more."""
        row = self._records.get(CONSENT, quote(user, safe=""))
        if row is not None:
            self._records.put(CONSENT, quote(user, safe=""), {**row, "shade": shade})

    def withdraw(self, user: UserId) -> None:
        """Opt out."""
        self._records.delete(CONSENT, quote(user, safe=""))

    def begin(self, user: UserId, shade: str) -> None:
        """Note that a member is being forgotten."""
        self._records.put(LEAVING, quote(user, safe=""), {"user": user, "shade": shade})

    def finish(self, user: UserId) -> None:
        """The member is forgotten."""
        self._records.delete(LEAVING, quote(user, safe=""))

    def unfinished(self) -> list[tuple[UserId, str]]:
        """Members whose forgetting was cut short, with the secret that they had."""
        return [(UserId(str(row["user"])), str(row["shade"])) for _, row in self._records.scan(LEAVING)]


class Debts:
    """What must still be deleted from an index that was away."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def owe(self, name: str, row: Mapping[str, Any]) -> None:
        """Note what must still be deleted from the index."""
        self._records.put(OWED, name, row)

    def owed(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """What must still be deleted from the index."""
        return self._records.scan(OWED)

    def paid(self, name: str) -> None:
        """It is deleted."""
        self._records.delete(OWED, name)
