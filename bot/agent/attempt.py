"""One model call with all that belongs to it: breaker, budget, timeout, metrics, accounts."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.agent import race
from bot.agent.health import Health
from bot.agent.ledger import Hold, Ledger
from bot.agent.usage import UsageBook
from bot.agent.wire import UNPAID, Heard, Limits, ModelFault, Provider, Request, Response
from bot.core.chat import Observer, Scope, Sink
from bot.core.errors import Denied, MegawattsError, Unavailable
from bot.policy.routing import Candidate

log = structlog.get_logger()
_CHARACTERS = 3
"""Characters of a token, where nobody counted."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """What outlives a turn."""

    providers: Mapping[str, Provider]
    health: Health
    ledger: Ledger
    usage: UsageBook
    observer: Observer
    timer: Callable[[], float]


@dataclass(slots=True)
class Spent:
    """What a turn took, the losers of its races among it."""

    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0
    cost: float = 0.0


@dataclass(slots=True)
class _Progress:
    """How far one call came."""

    candidate: Candidate
    hold: Hold
    began: float
    first: float | None = None
    heard: int = 0
    """Characters."""


class Attempts:
    """The calls of one turn."""

    def __init__(self, accounts: Accounts, limits: Limits, scope: Scope, spent: Spent) -> None:
        self._accounts, self._limits, self._scope, self._spent = accounts, limits, scope, spent

    async def ask(self, chain: Sequence[Candidate], request: Request, sink: Sink | None) -> Response:
        """The first answer of the chain. Raises Unavailable or Denied with a sentence for the member."""

        async def attempt(candidate: Candidate, heard: Heard) -> Response:
            return await self._attempt(candidate, request, heard)

        def late(candidate: Candidate) -> float:
            most = self._limits.timeout / 2
            return self._accounts.health.late_after(
                candidate, stream=request.stream, unknown=min(self._limits.unknown_late, most), most=most
            )

        await self._ready(chain)
        try:
            candidate, response = await race.run(chain, attempt, late, sink)
        except race.NobodyAnswered as nobody:
            raise refusal(nobody) from nobody
        self._spent.model = candidate.name
        return response

    async def _ready(self, chain: Sequence[Candidate]) -> None:
        """Load what the first one needs before the race begins: it would else look late, and a rival be paid for."""
        with contextlib.suppress(ModelFault):
            for first in chain[:1]:
                await self._accounts.providers[first.provider].prepare(first.model)

    async def _attempt(self, candidate: Candidate, request: Request, heard: Heard) -> Response:
        """One call, accounted for however it ends."""
        if not self._accounts.health.begun(candidate):
            raise ModelFault("down", f"{candidate.provider} failed lately and is left alone for now", sent=False)
        try:
            hold = await self._hold(candidate, request)
        except BaseException:
            self._accounts.health.abandoned(candidate)
            raise
        progress = _Progress(candidate, hold, self._accounts.timer())
        try:
            response = await self._called(progress, request, heard)
        except ModelFault as fault:
            self._failed(progress, request, fault)
            raise
        except asyncio.CancelledError:
            self._accounts.health.abandoned(candidate)
            self._book(progress, "cancelled", _size(request), progress.heard // _CHARACTERS)
            raise
        self._answered(progress, request, response)
        return response

    async def _hold(self, candidate: Candidate, request: Request) -> Hold:
        most = candidate.price.of(_size(request), request.most_tokens)
        try:
            hold = await self._accounts.ledger.reserve(self._scope, most)
        except MegawattsError as error:
            raise ModelFault("spent", f"the budget cannot be looked up: {error}", sent=False) from error
        if isinstance(hold, Hold):
            return hold
        raise ModelFault("spent", hold.because, sent=False)

    async def _called(self, progress: _Progress, request: Request, heard: Heard) -> Response:
        async def noted(text: str) -> None:
            if progress.first is None:
                progress.first = self._accounts.timer() - progress.began
            progress.heard = len(text)
            await heard(text)

        candidate = progress.candidate
        provider = self._accounts.providers[candidate.provider]
        wanted = request if candidate.tools else _toolless(request)
        await provider.prepare(candidate.model)
        progress.began = self._accounts.timer()
        try:
            async with asyncio.timeout(self._limits.timeout):
                return await provider.call(candidate.model, wanted, noted)
        except TimeoutError:
            why = f"{candidate.name} did not finish within {self._limits.timeout:g} s (AI_TIMEOUT)"
            raise ModelFault("silent", why) from None

    def _answered(self, progress: _Progress, request: Request, response: Response) -> None:
        candidate = progress.candidate
        seconds = self._accounts.timer() - progress.began
        first = seconds if progress.first is None else progress.first
        self._accounts.health.answered(candidate, first, stream=request.stream)
        known = response.input_tokens or response.output_tokens
        read = response.input_tokens if known else _size(request)
        self._book(progress, "ok", read, response.output_tokens if known else len(response.text) // _CHARACTERS)

    def _failed(self, progress: _Progress, request: Request, fault: ModelFault) -> None:
        candidate = progress.candidate
        self._accounts.health.failed(candidate, fault)
        log.warning("model call failed", model=candidate.name, trouble=fault.trouble, because=fault.because)
        paid = fault.sent and fault.trouble not in UNPAID and (progress.heard or fault.trouble == "silent")
        read = _size(request) if paid else 0
        self._book(progress, fault.trouble, read, progress.heard // _CHARACTERS, failed=1)

    def _book(self, progress: _Progress, outcome: str, read: int, wrote: int, *, failed: int = 0) -> None:
        """Money, statistics and metrics of one call; does not wait, so that it works while being cancelled."""
        candidate = progress.candidate
        cost = candidate.price.of(read, wrote)
        self._accounts.ledger.settle(progress.hold, cost)
        seconds = self._accounts.timer() - progress.began
        self._accounts.usage.add(
            self._scope, candidate.name, calls=1, failed=failed, input_tokens=read, output_tokens=wrote, usd=cost,
            seconds=seconds,
        )  # fmt: skip
        self._accounts.observer.modelled(candidate.name, outcome, seconds, {"input": read, "output": wrote}, cost)
        spent = self._spent
        spent.requests += 1
        spent.input_tokens += read
        spent.output_tokens += wrote
        spent.cost += cost


def refusal(nobody: race.NobodyAnswered) -> MegawattsError:
    """The sentence for the member: a spent budget is a no, all else is for later."""
    faults = [fault for _candidate, fault in nobody.faults]
    spent = next((fault for fault in faults if fault.trouble == "spent"), None)
    if spent is not None and all(fault.trouble == "spent" for fault in faults):
        return Denied(spent.because)
    if faults and all(fault.trouble == "too-long" for fault in faults):
        return Denied("That is too long for every model here: send less at once.")
    waits = [fault.retry_after for fault in faults if fault.retry_after is not None]
    told = "; ".join(dict.fromkeys(fault.because for fault in faults)) or "nobody could be asked"
    return Unavailable("every AI model", told, retry_after=min(waits, default=None))


def _size(request: Request) -> int:
    """Tokens of a request, guessed from its text: rather too many, for that much is set aside."""
    texts = [str(getattr(part, "content", "")) for one in request.messages for part in one.parts]
    texts += [f"{tool.name}{tool.description}{tool.parameters}" for tool in request.tools]
    return sum(map(tokens, texts))


def tokens(text: str) -> int:
    """At least as many tokens as a text has: three letters of the Latin alphabet, or one of another, make one."""
    plain = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    return plain // 3 + len(text) - plain + 4


def _toolless(request: Request) -> Request:
    return replace(request, tools=())
