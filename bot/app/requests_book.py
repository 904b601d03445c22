"""Orders from where members talk, taken up by the controller: the bot process writes none of the tables it acts on."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.change import Proposal
from bot.core.charter import Charter
from bot.core.ports import AuditLog, Clock, Records
from bot.core.text import one_line
from bot.core.verdict import Verdict
from bot.improve.context import Context, Say
from bot.improve.look import View
from bot.policy.orders import FORWARDED, FRESH, judge

ORDERS = "orders"


class RequestsBook:
    """Turns fresh orders of the home guild into the rows that the engine reads, and tells what became of each."""

    def __init__(self, records: Records, audit: AuditLog, clock: Clock, say: Say) -> None:
        self._records, self._audit, self._clock, self._say = records, audit, clock, say

    @classmethod
    def of(cls, ctx: Context) -> "RequestsBook":
        """Over the engine's own doors."""
        return cls(ctx.records, ctx.audit, ctx.clock, ctx.say)

    async def take(self, seen: View) -> None:
        """Once a round, before anything is decided. Repeatable: what is written twice is written the same."""
        self.settle(seen.charter, seen.proposals)

    def settle(self, charter: Charter, proposals: tuple[Proposal, ...]) -> int:
        """Carry out or drop every order; how many there were."""
        now, done = self._clock(), 0
        for key, row in self._records.scan(ORDERS):
            if row.get("act") not in FORWARDED:
                self._sweep(key, row, now)
                continue
            self._one(key, row, charter, proposals, now)
            done += 1
        return done

    def _one(
        self, key: str, row: Mapping[str, Any], charter: Charter, proposals: tuple[Proposal, ...], now: datetime
    ) -> None:
        verdict = judge(row, charter, proposals, now)
        act, subject = str(row["act"]), one_line(str(row.get("subject", "")), 80)
        by, why = one_line(str(row.get("by", "")), 80), one_line(str(row.get("reason", "")), 500)
        if verdict.passed:
            # On record before it is done, and done before the order is gone: a kill in between repeats it.
            self._audit.append("controller", f"order.{act}", subject, why, {"by": by, "order": key})
            self._carry_out(key, row, {"by": by, "reason": why, "at": str(row["at"])}, verdict)
        told = why if verdict.passed else f"not done: {verdict.because}"
        announcement = {"act": act, "subject": subject, "by": by, "reason": told, "at": now.isoformat()}
        self._records.put(
            "announcements", f"{now.isoformat()}-{uuid.uuid5(uuid.NAMESPACE_OID, key).hex[:8]}", announcement
        )
        self._say("order", {"act": act, "subject": subject, "because": verdict.because})
        self._records.delete(ORDERS, key)

    def _carry_out(self, key: str, row: Mapping[str, Any], common: Mapping[str, str], verdict: Verdict) -> None:
        if row["act"] == "rollback":
            self._records.put("rollbacks", key, {"version": str(row.get("version", "")), **common})
        else:
            self._records.put("overrides", str(int(row["pull"])), {"head": verdict.facts["head"], **common})

    def _sweep(self, key: str, row: Mapping[str, Any], now: datetime) -> None:
        """A stop or a resume was done where it was said; its row is for those who announce it."""
        try:
            old = now - datetime.fromisoformat(str(row["at"])) > 24 * FRESH
        except (KeyError, ValueError, TypeError):
            old = True
        if old:
            self._records.delete(ORDERS, key)
