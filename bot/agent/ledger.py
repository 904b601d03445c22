"""Money in the records: what a day's calls cost, claimed before it is spent.

Each process writes rows of its own, so that none overwrites another's: table `budget`, key `DAY/PAYER/ID/PROCESS`
(`2026-11-22/user/1/4f0c..`), row `{"usd": claimed}`. A claim covers what was spent, what calls under way may cost and a
little more, so that most calls write nothing; a process that dies leaves its claim, which counts as spent.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.core.chat import Scope
from bot.core.errors import MegawattsError
from bot.core.ports import Clock, Records
from bot.core.verdict import Verdict
from bot.policy import budget
from bot.policy.budget import Account, Budget, Payer

log = structlog.get_logger()
TABLE = "budget"
KEPT = timedelta(days=2)
"""After which rows are deleted: nobody may still pay from them, wherever the clocks of other processes stand."""
FRESH = 5.0
"""Seconds for which what other processes claimed is believed."""


@dataclass(slots=True)
class _Purse:
    """One account as this process knows it."""

    account: Account
    spent: float = 0.0
    held: float = 0.0
    claimed: float = 0.0
    others: float = 0.0
    looked: float | None = None


@dataclass(slots=True)
class Hold:
    """What one call may cost, until it is settled; settling twice changes nothing."""

    purses: Sequence[_Purse]
    amount: float
    open: bool = True


class Ledger:
    """Reserves and settles. `process` names this process; no other may have the same."""

    def __init__(self, records: Records, rules: Budget, clock: Clock, process: str) -> None:
        self._records, self._rules, self._clock, self._process = records, rules, clock, process
        self._purses: dict[str, _Purse] = {}
        self._lock = asyncio.Lock()
        self._writing: set[asyncio.Task[None]] = set()
        self._day = ""

    async def left(self, scope: Scope) -> float:
        """US dollars that this caller may still cost today."""
        purses = await self._opened(scope)
        return budget.remaining(_spent(purses), self._rules)

    async def afford(self, scope: Scope, amount: float) -> Verdict:
        """Whether `amount` could be set aside now, and the sentence for the member if not."""
        return budget.affordable(_spent(await self._opened(scope)), amount, self._rules, self._clock())

    async def reserve(self, scope: Scope, amount: float) -> Hold | Verdict:
        """Set `amount` aside, on disk when this returns; or why not. Nothing is ever held for what is free."""
        if amount <= 0:
            return Hold((), 0.0)
        purses = await self._opened(scope)
        async with self._lock:
            agreed = budget.affordable(_spent(purses), amount, self._rules, self._clock())
            if not agreed.passed:
                return agreed
            hold = Hold(purses, amount)
            for purse in purses:
                purse.held += amount
            try:
                await self._cover(purses)
            except BaseException:
                self.settle(hold, 0.0)
                raise
        return hold

    async def _cover(self, purses: Sequence[_Purse]) -> None:
        """Write the claims that no longer cover what may be spent."""
        rows = []
        for purse in purses:
            limit = self._rules.limit(purse.account.payer)
            claimed = budget.claim(purse.spent, purse.claimed, purse.held, limit)
            if claimed != purse.claimed:
                rows.append((purse, claimed))
        if not rows:
            return
        await asyncio.to_thread(self._write, [(purse.account.key + self._process, claimed) for purse, claimed in rows])
        for purse, claimed in rows:
            purse.claimed = claimed

    def _write(self, rows: Sequence[tuple[str, float]]) -> None:
        for key, usd in rows:
            self._records.put(TABLE, key, {"usd": usd})

    def settle(self, hold: Hold, cost: float) -> None:
        """What it cost in the end. Does not wait and does not fail: it must work while a call is being cancelled."""
        if not hold.open:
            return
        hold.open = False
        for purse in hold.purses:
            purse.held -= hold.amount
            purse.spent += cost
        if any(purse.spent + purse.held > purse.claimed + 1e-12 for purse in hold.purses):
            task = asyncio.get_running_loop().create_task(self._catch_up(hold.purses))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _catch_up(self, purses: Sequence[_Purse]) -> None:
        """It cost more than was set aside for it, which a provider may do that counts tokens otherwise."""
        async with self._lock:
            try:
                await self._cover(purses)
            except MegawattsError as error:
                log.warning("a claim could not be written; the next one will cover it", because=str(error))

    async def close(self) -> None:
        """Give back what was claimed ahead."""
        await asyncio.gather(*self._writing)
        rows = [
            (purse.account.key + self._process, purse.spent + purse.held)
            for purse in self._purses.values()
            if purse.claimed
        ]
        if rows:
            await asyncio.to_thread(self._write, rows)

    async def _opened(self, scope: Scope) -> Sequence[_Purse]:
        """The purses of all who pay, with what other processes claimed."""
        now = self._clock()
        found = budget.accounts(now, scope.user, scope.guild)
        if (today := budget.day_of(now)) != self._day:
            self._day = today
            self._purses = {key: one for key, one in self._purses.items() if key >= today or one.held > 1e-12}
            await asyncio.to_thread(self._prune, budget.day_of(now - KEPT))
        purses = [self._purses.setdefault(one.key, _Purse(one)) for one in found]
        stale = [p for p in purses if p.looked is None or now.timestamp() - p.looked >= FRESH]
        if stale:
            sums = await asyncio.to_thread(self._others, [purse.account.key for purse in stale])
            for purse in stale:
                purse.others, purse.looked = sums[purse.account.key], now.timestamp()
        return purses

    def _others(self, keys: Sequence[str]) -> Mapping[str, float]:
        """What all other processes, dead ones too, claimed of each account."""
        return {key: sum(self._foreign(key)) for key in keys}

    def _foreign(self, key: str) -> Iterator[float]:
        for name, row in self._records.scan(TABLE, key):
            if name != key + self._process:
                yield float(row.get("usd", 0.0))

    def _prune(self, before: str) -> None:
        for key, _row in self._records.scan(TABLE):
            if key < before:
                self._records.delete(TABLE, key)


def _spent(purses: Sequence[_Purse]) -> dict[Payer, float]:
    return {purse.account.payer: purse.spent + purse.held + purse.others for purse in purses}
