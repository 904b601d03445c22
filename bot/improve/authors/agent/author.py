"""The author that is a model."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.core.change import Claim, Finding, Idea, Kind, Origin, Patch, Refusal
from bot.core.charter import Charter
from bot.core.chat import Scope
from bot.core.errors import Denied, Unavailable
from bot.core.ids import ChannelId, ProposalId, Sha, UserId
from bot.core.model import Reply, Thinker
from bot.core.text import one_line
from bot.core.verdict import Fact
from bot.improve.authors.agent.box import Box
from bot.improve.authors.agent.draft import Draft, Rules
from bot.improve.authors.agent.finish import Finish, begin
from bot.improve.authors.agent.meter import Ledger, Meter, Till
from bot.improve.authors.agent.request import Request, Wish, state_of
from bot.improve.authors.agent.sandboxed import Bench
from bot.improve.authors.agent.takes import takes
from bot.improve.authors.agent.tools import Tools
from bot.improve.doors import Profile, Workspace
from bot.improve.knowledge import Outcome, failures
from bot.improve.reviews.revision import Revision
from bot.policy.author_budget import Budget, today

SCOPE = Scope(user=UserId("author"), channel=ChannelId("author"))
GRACE = 20.0
"""Seconds that a model has for its last words after it has handed in: they carry the last figures."""


@dataclass(slots=True)
class Agent:
    """Author: a model with tools that refuse early what the gate would refuse, within a budget.

    `charter` reads a commit's charter, `wish` finds the accepted suggestion behind an idea, `outcomes` are what
    became of earlier ideas. `till` is told of spending by whoever runs the model.
    """

    thinker: Thinker
    charter: Callable[[Sha], Charter]
    ledger: Ledger
    cache: Path
    till: Till = field(default_factory=Till)
    budget: Budget = field(default_factory=Budget)
    wish: Callable[[ProposalId], Wish | None] = field(default=lambda _idea: None)
    outcomes: Callable[[], Sequence[Outcome]] = tuple
    timer: Callable[[], float] = time.monotonic
    say: Callable[[str, Mapping[str, object]], None] = field(default=lambda _event, _facts: None)
    """Is told what each attempt used up."""
    name: str = "agent"
    kind: Kind = Kind.FEATURE
    """Of wishes; a finding's rule says its own."""
    claim: Claim = Claim.NONE

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        """One idea for each finding that no deterministic author takes, and for each accepted suggestion."""
        offered = (takes(finding, self.name) for finding in findings)
        return [idea for idea in offered if idea is not None]

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        """Let the model try, within the budget. What was spent is paid for, however it ends."""
        wish = self.wish(idea.id) if idea.origin is Origin.MEMBER else None
        if idea.origin is Origin.MEMBER and wish is None:
            return Refusal("the suggestion behind it is gone, or no longer accepted")
        return await self._try(Request(idea, wish, tuple(failures(self.outcomes(), idea))), work, profile)

    async def revise(self, revision: Revision, work: Workspace, profile: Profile) -> Patch | Refusal:
        """Let the model change the change that the checkout holds, as reviewers ask: their words are data to it."""
        idea = revision.idea
        wish = self.wish(idea.id) if idea.origin is Origin.MEMBER else None
        return await self._try(Request(idea, wish, remarks=revision.remarks), work, profile)

    async def _try(self, request: Request, work: Workspace, profile: Profile) -> Patch | Refusal:
        may = today(self.ledger.today(), self.budget)
        if not may.passed:
            return Refusal(may.because, later=True)
        meter = Meter(self.budget, self.timer, self.till, self.ledger.today())
        folder = Path(tempfile.mkdtemp(prefix="megawatts-agent-"))
        folder.chmod(0o755)
        result = "broke"
        try:
            found = await self._attempt(request, Bench(work, profile, folder, self.cache), meter)
            result = "written" if isinstance(found, Patch) else "refused"
            return found
        finally:
            self._pay(meter, result)
            shutil.rmtree(folder, ignore_errors=True)

    def _pay(self, meter: Meter, result: str) -> None:
        spent, model = meter.spent(), one_line(meter.model, 80) or "unknown"
        self.ledger.pay(spent.usd)
        usd, a_day = round(spent.usd, 6), self.budget.usd_a_day
        self.say("paid", {"model": model, "result": result, "tokens": spent.tokens, "usd": usd, "a_day": a_day})

    async def _attempt(self, request: Request, bench: Bench, meter: Meter) -> Patch | Refusal:
        idea, finish = request.idea, begin(request.idea)
        draft = Draft(bench.work.path, Rules(self.charter(bench.work.sha), idea.kind, idea.origin))
        box = Box(Tools(draft, bench, finish, meter.left).all(), meter, finish)
        state = ""
        while not finish.done():
            before = meter.calls
            try:
                reply = await self._turn(request, state, box, meter)
            except Unavailable as error:
                return Refusal(f"no model answers now: {error}", later=True)
            except Denied as error:
                return Refusal(f"the model may not be asked: {error}", later=True)
            except Exception as error:  # noqa: BLE001  (its text may hold what a request held)
                return Refusal(f"asking the model broke ({type(error).__name__})", later=True)
            spent = meter.within()
            if not finish.done() and not spent.passed:
                return Refusal(spent.because)
            said = reply.text if reply is not None else ""
            if not finish.done() and meter.calls == before:
                return Refusal(f"the model stopped without a change: {one_line(said, 300) or 'it said nothing'}")
            state = state_of(list(draft.changed()), box.trail)
        return await self._patch(draft, bench, finish, meter)

    async def _turn(self, request: Request, state: str, box: Box, meter: Meter) -> Reply | None:
        """One turn; None if it was ended from here: by the budget, or because the change was handed in."""
        prompt = request.prompt(state)
        meter.turn(len(prompt.system) + len(prompt.text))
        thinking = asyncio.ensure_future(self.thinker.think(prompt, SCOPE, box))
        over = asyncio.ensure_future(box.over.wait())
        try:
            await asyncio.wait({thinking, over}, timeout=meter.left(), return_when=asyncio.FIRST_COMPLETED)
            if over.done() and not thinking.done() and meter.within().passed:
                await asyncio.wait({thinking}, timeout=min(GRACE, meter.left()))
            if not thinking.done():
                return None
            reply = thinking.result()
            meter.replied(reply.model, reply.usage)
            return reply
        finally:
            await _ended(thinking, over)

    async def _patch(self, draft: Draft, bench: Bench, finish: Finish, meter: Meter) -> Patch | Refusal:
        files = await bench.formatted(draft)
        spent = meter.spent()
        facts: dict[str, Fact] = {
            "model": one_line(meter.model, 80) or "unknown",
            "tokens": spent.tokens,
            "cost_usd": round(spent.usd, 4),
            "tool_calls": spent.calls,
            "kind": finish.kind.value,
            "claim": finish.claim.value,
        }
        return Patch(bench.work.sha, files, finish.summary, facts=facts)


async def _ended(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what still runs and wait until it is gone: no call may come after the end."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task
