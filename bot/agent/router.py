"""The router: `core.model.Thinker` over a chain of models, with budgets, cache, breakers and accounts."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.agent import kernel, spotlight
from bot.agent.attempt import Accounts, Attempts, Spent
from bot.agent.cache import Answers, Slot, may_be_kept, slot
from bot.agent.health import Health
from bot.agent.ledger import Ledger
from bot.agent.usage import UsageBook
from bot.agent.wire import Limits, Provider, Request, Response
from bot.core.chat import Observer, Scope, Sink
from bot.core.errors import Denied, MegawattsError, Unavailable
from bot.core.model import Prompt, Reply, Toolbox, Usage
from bot.core.ports import Clock, Records
from bot.core.stores import Cache, Embedder
from bot.policy.budget import Budget
from bot.policy.complexity import judge
from bot.policy.routing import Candidate, Route, Rules, Task, route

PRIVATE = (
    "Private messages go to models on the bot's own machines only, and none is set up: ask in a channel, or whoever "
    "runs the bot sets LLAMA_API_ENDPOINT."
)
LISTED = 60.0
"""Seconds for which a provider's list of models is believed."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the router is put together from. `timer` gives seconds that never run backwards."""

    providers: Sequence[Provider]
    records: Records
    observer: Observer
    clock: Clock
    rules: Rules
    budget: Budget
    limits: Limits = field(default=Limits())
    cache: Cache | None = None
    embedder: Embedder | None = None
    timer: Callable[[], float] = field(default=time.monotonic)


class _Screen:
    """A sink that the spotlight's mark does not reach."""

    def __init__(self, sink: Sink, mark: str) -> None:
        self._sink, self._mark = sink, mark

    async def grow(self, text: str) -> None:
        await self._sink.grow(spotlight.unmarked(text, self._mark))


class Router:
    """Implements `core.model.Thinker`. Must be closed: accounts are written then."""

    def __init__(self, parts: Parts) -> None:
        process = secrets.token_hex(6)
        self._parts = parts
        self._providers = {one.name: one for one in parts.providers}
        self._health = Health(parts.timer)
        self._ledger = Ledger(parts.records, parts.budget, parts.clock, process)
        self._usage = UsageBook(parts.records, parts.clock, process)
        self._answers = Answers(parts.cache, parts.embedder) if parts.cache is not None else None
        self._listed: dict[str, tuple[float, Sequence[Candidate]]] = {}

    async def think(
        self, prompt: Prompt, scope: Scope, tools: Toolbox | None = None, sink: Sink | None = None
    ) -> Reply:
        """One turn with tools until it is done. Raises Unavailable or Denied, each with a sentence for the member."""
        began = self._parts.timer()
        chosen = await self.route(prompt, scope, tools=bool(tools and tools.schemas()), stream=sink is not None)
        where = self._slot(prompt, scope, chosen.chain, tools)
        if where is not None and (known := await self._known(where)):
            self._usage.add(scope, known.model, turns=1, cached=1)
            self._parts.observer.modelled(known.model, "cached", self._parts.timer() - began, {}, 0.0)
            return known
        if not chosen.chain:
            raise await self._refusal(chosen, scope)
        spent = Spent()
        attempts = Attempts(self._accounts(), self._parts.limits, scope, spent)

        mark = spotlight.new_mark()
        screen = None if sink is None else _Screen(sink, mark)

        async def ask(request: Request) -> Response:
            return await attempts.ask(chosen.chain, request, screen)

        ran = await kernel.run(prompt, ask, tools, self._parts.limits, stream=sink is not None, mark=mark)
        usage = Usage(spent.input_tokens, spent.output_tokens, spent.requests, spent.cost)
        reply = Reply(
            ran.text, spent.model, usage, self._parts.timer() - began, tools=tuple(ran.tools), cut=ran.cut
        )  # fmt: skip
        self._usage.add(scope, spent.model, turns=1)
        if where is not None and not ran.stopped and may_be_kept(prompt, reply):
            await self._keep(where, reply)
        return reply

    async def route(self, prompt: Prompt, scope: Scope, *, tools: bool = False, stream: bool = False) -> Route:
        """The order in which models would be asked now, with every reason."""
        candidates = await self._candidates()
        left = (
            await self._ledger.left(scope) if any(one.price.output or one.price.input for one in candidates) else None
        )
        rules = Rules(self._parts.rules.preferred, self._parts.rules.private_local_only, left)
        conditions = self._health.conditions(candidates, stream=stream)
        return route(task_of(prompt, scope, self._parts.limits, tools=tools), candidates, conditions, rules)

    async def close(self) -> None:
        """Write the accounts and let go of the providers."""
        await self._usage.close()
        await self._ledger.close()
        for provider in self._providers.values():
            await provider.close()

    def _accounts(self) -> Accounts:
        parts = self._parts
        return Accounts(self._providers, self._health, self._ledger, self._usage, parts.observer, parts.timer)

    def _slot(self, prompt: Prompt, scope: Scope, chain: Sequence[Candidate], tools: Toolbox | None) -> Slot | None:
        if self._answers is None:
            return None
        return slot(prompt, scope, sorted(one.name for one in chain), tools.schemas() if tools else ())

    async def _known(self, where: Slot) -> Reply | None:
        try:
            return await self._answers.find(where) if self._answers else None
        except MegawattsError:
            return None

    async def _keep(self, where: Slot, reply: Reply) -> None:
        try:
            if self._answers:
                await self._answers.keep(where, reply)
        except MegawattsError:
            return

    async def _candidates(self) -> list[Candidate]:
        """All that is there; a provider that cannot say what it has counts as having nothing."""
        found: list[Candidate] = []
        late = [one for one in self._providers.values() if self._stale(one.name)]
        lists = await asyncio.gather(*(one.candidates() for one in late), return_exceptions=True)
        for provider, listed in zip(late, lists, strict=True):
            if isinstance(listed, BaseException) and not isinstance(listed, MegawattsError):
                raise listed
            rows = () if isinstance(listed, BaseException) else tuple(listed)
            self._listed[provider.name] = self._parts.timer(), rows
        for name in self._providers:
            found += self._listed[name][1]
        return found

    def _stale(self, name: str) -> bool:
        at, rows = self._listed.get(name, (0.0, ()))
        age = LISTED if rows else LISTED / 12
        return name not in self._listed or self._parts.timer() - at >= age

    async def _refusal(self, chosen: Route, scope: Scope) -> MegawattsError:
        """Why nobody may be asked, as a sentence for the member."""
        first = chosen.places[0].because if chosen.places else "no model is there"
        if chosen.obstacle == "budget":
            task = chosen.task
            costs = [one.candidate.price.of(task.input_tokens, task.most_tokens) for one in chosen.places]
            return Denied((await self._ledger.afford(scope, min(costs))).because)
        if chosen.obstacle == "private":
            return Denied(PRIVATE)
        if chosen.obstacle == "context":
            return Denied(f"That is too long for every model here ({first}): send less at once.")
        return Unavailable("every AI model", first, retry_after=chosen.wait or None)


def task_of(prompt: Prompt, scope: Scope, limits: Limits, *, tools: bool = False) -> Task:
    """What a prompt asks of a model. Four characters count as a token, as in English; what is too long after all is
    refused by the provider."""
    behind = sum(len(said.text) for said in prompt.history) + sum(len(text) for _name, text in prompt.attachments)
    judged = judge(prompt.text, context=behind, attachments=len(prompt.attachments))
    size = len(prompt.system) + len(prompt.text) + behind + sum(map(len, prompt.facts))
    return Task(judged.complexity, judged.because, scope.private, tools, size // 4 + 200, 400, limits.most_tokens)
