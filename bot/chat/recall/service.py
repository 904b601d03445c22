"""`core.memory.Memories`: learning with consent, recall within its scope, export, and forgetting at once."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from bot.chat.recall.consents import Consents, Debts
from bot.chat.recall.extract import Told, extract, maybe
from bot.chat.recall.holders import Holder
from bot.chat.recall.index import Found, Index
from bot.chat.recall.learning import Learning, only_member
from bot.chat.recall.store import FactStore, Kept, shown
from bot.chat.recall.words import names, ranked
from bot.core.chat import Message, Scope
from bot.core.errors import MegawattsError
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.core.memory import Fact
from bot.core.ports import Clock, Records
from bot.core.stores import Embedder, Vectors
from bot.policy import memory as policy

log = structlog.get_logger()
MOST = 300
"""Facts of one member in one guild."""
PATIENCE = 0.4
"""Seconds that a recall waits for the index before it goes by words alone."""
_LOCKS = 64
_REUSED = timedelta(hours=1)
"""A fact that was used within this time is not noted as used again."""


def _fresh() -> str:
    return secrets.token_hex(16)


class LongTerm:
    """Facts in the records, found through an index of hashes and vectors that may be missing.

    Everything is by member and guild; direct messages are a guild of their own. Records that fail cost the recall,
    not the answer; they do fail a `forget`, which must not be taken for done.
    """

    def __init__(
        self,
        records: Records,
        clock: Clock,
        *,
        vectors: Vectors | None = None,
        embedder: Embedder | None = None,
        holders: Sequence[Holder] = (),
        scrub: Callable[[], None] = lambda: None,
        ids: Callable[[], str] = _fresh,
        most: int = MOST,
        patience: float = PATIENCE,
    ) -> None:
        """`scrub` clears what deleted rows leave on the disk. `ids` gives texts that cannot be guessed."""
        self._store, self._consents = FactStore(records), Consents(records)
        self._index = Index(vectors, embedder, patience, Debts(records))
        self._clock, self._ids, self._holders, self._scrub = clock, ids, tuple(holders), scrub
        self._learned = Learning(self._store, clock, ids, most)
        self._locks = tuple(asyncio.Lock() for _ in range(_LOCKS))
        self._tasks: set[asyncio.Task[None]] = set()

    async def consents(self, user: UserId) -> bool:
        """Whether a member has opted in."""
        return bool(await asyncio.to_thread(self._consents.shade, user))

    async def consent(self, user: UserId, given: bool) -> None:
        """Opt in or out. Out also forgets everything at once."""
        if given:
            await asyncio.to_thread(self._consents.give, user, self._ids(), self._clock())
            return
        async with self._turn(user):
            shade = await asyncio.to_thread(self._consents.shade, user)
            await asyncio.to_thread(self._consents.begin, user, shade)
            await asyncio.to_thread(self._consents.withdraw, user)
            await self._forget_all(user, shade)

    async def learn(self, message: Message) -> Sequence[Fact]:
        """Facts that a member told of themselves in this message, stored if they consent. Secrets are never stored."""
        if message.by_bot or not maybe(message.text):
            return ()
        told = await asyncio.to_thread(self._told, message)
        if not told:
            return ()
        async with self._turn(message.user):
            shade = await asyncio.to_thread(self._consents.shade, message.user)
            if not shade:
                return ()
            new, gone = await asyncio.to_thread(self._learned.settle, message, told)
            await self._index.remove([one.fact.id for one in gone])
            await self._catch_up(message.user, shade)
            if await asyncio.to_thread(self._consents.shade, message.user) != shade:  # withdrawn in another process
                await self._forget_all(message.user, shade)
                return ()
            if gone:
                await asyncio.to_thread(self._scrub)
        return tuple(one.fact for one in new)

    async def recall(self, text: str, scope: Scope, most: int = 5) -> Sequence[Fact]:
        """The member's own facts that fit a text best, best first; another member's never."""
        try:
            shade = await asyncio.to_thread(self._consents.shade, scope.user)
            if not shade or not text.strip():
                return ()
            found = await self._index.search(text, scope, shade)
            if found is None or found.empty:
                rankings, kept = await asyncio.to_thread(self._by_words, text, scope, lost=found is not None)
            else:
                rankings, kept = await asyncio.to_thread(self._by_index, text, scope, found)
        except MegawattsError as error:
            log.warning("memory unavailable", error=type(error).__name__)
            return ()
        asked = policy.Place(scope.user, scope.guild, only_member(scope.guild, scope.audience, private=scope.private))
        here = {one.fact.id: one for one in kept if not one.superseded and policy.visible(one.told, asked)}
        now = self._clock()
        weights = {name: policy.strength(one.held, now) for name, one in here.items()}
        order = policy.fused([[name for name in ranking if name in here] for ranking in rankings], weights)
        best = [here[name] for name in order[:most]]
        self._later(self._used(scope.user, best[:2]))
        return tuple(one.fact for one in best)

    async def show(self, user: UserId, guild: GuildId | None = None) -> Sequence[Fact]:
        """All facts of a member that hold, of one guild or of all, oldest first."""
        kept = await asyncio.to_thread(self._store.of, user, guild)
        return tuple(one.fact for one in kept if not one.superseded)

    async def forget(self, user: UserId, *, fact: str = "", topic: str = "") -> int:
        """Forget one fact, one topic, or (with neither) all, on every store, at once; how many facts went."""
        async with self._turn(user):
            shade = await asyncio.to_thread(self._consents.shade, user)
            if not fact and not topic:
                await asyncio.to_thread(self._consents.renew, user, self._ids())
                return await self._forget_all(user, shade)
            kept = await asyncio.to_thread(self._store.of, user)
            topic = topic.strip().casefold()
            topics = {one.fact.topic for one in kept if fact and one.fact.id == fact and not one.many}
            gone = [
                one
                for one in kept
                if one.fact.id == fact or one.fact.topic == topic or (one.superseded and one.fact.topic in topics)
            ]
            return await self._delete(gone)

    async def forget_messages(self, channel: ChannelId, messages: Sequence[MessageId]) -> int:
        """Forget what was learned from these messages."""
        return await self._delete(await asyncio.to_thread(self._store.from_messages, channel, messages))

    async def export(self, user: UserId) -> Mapping[str, Any]:
        """Everything held of a member on any store, as JSON values."""
        return await asyncio.to_thread(self._export, user)

    async def close(self) -> None:
        """Finish what is under way and let go of the index."""
        while self._tasks:
            await asyncio.gather(*self._tasks)
        await self._index.close()

    async def settle(self) -> None:
        """Finish what a crash cut short, such as a `forget`. For the start of a process; raises nothing."""
        try:
            for user, shade in await asyncio.to_thread(self._consents.unfinished):
                async with self._turn(user):
                    await self._forget_all(user, shade)
            await self._index.settle()
        except MegawattsError as error:
            log.warning("a forget is still not finished", error=type(error).__name__)

    def _told(self, message: Message) -> tuple[Told, ...]:
        return extract(message.text) if self._consents.shade(message.user) else ()

    def _export(self, user: UserId) -> dict[str, Any]:
        return {
            "user": user,
            "at": self._clock().isoformat(),
            "consent": self._consents.consent(user) or {"given": False},
            "facts": [shown(one) for one in self._store.of(user)],
            **{one.name: [dict(row) for row in one.of(user)] for one in self._holders},
        }

    def _by_words(self, text: str, scope: Scope, *, lost: bool) -> tuple[list[tuple[str, ...]], list[Kept]]:
        """Without an index: all of the member's facts here are looked at. `lost`: the index should have known them."""
        kept = [one for one in self._store.of(scope.user, scope.guild) if not one.superseded]
        if lost and kept:
            self._store.indexed(kept, done=False)
        return [_ranked(text, kept)], kept

    def _by_index(self, text: str, scope: Scope, found: Found) -> tuple[list[tuple[str, ...]], list[Kept]]:
        """What the index found and still holds, and what is too new for it by words."""
        ids = dict.fromkeys((*found.by_meaning, *found.by_words))
        new = [one for one in self._store.unindexed(scope.user) if one.fact.guild == scope.guild]
        kept = {one.fact.id: one for one in (*self._store.some(scope.user, scope.guild, ids), *new)}
        return [found.by_meaning, found.by_words, _ranked(text, new)], list(kept.values())

    async def _used(self, user: UserId, kept: Sequence[Kept]) -> None:
        """Note the use, and index what is not indexed yet. Behind the answer; what fails is tried at the next use."""
        now = self._clock()
        fresh = [one for one in kept if one.used is None or now - one.used >= _REUSED]
        try:
            async with self._turn(user):
                if fresh:
                    await asyncio.to_thread(self._store.use, fresh, now)
                shade = await asyncio.to_thread(self._consents.shade, user)
                if shade:
                    await self._catch_up(user, shade)
        except MegawattsError as error:
            log.info("use of facts not noted", error=type(error).__name__)

    async def _catch_up(self, user: UserId, shade: str) -> None:
        waiting = await asyncio.to_thread(self._store.unindexed, user)
        current = [one for one in waiting if not one.superseded]
        if waiting and await self._index.add(current, shade):
            await asyncio.to_thread(self._store.indexed, waiting)

    async def _forget_all(self, user: UserId, shade: str) -> int:
        """Begun, it is finished: by the next start if not now."""
        await asyncio.to_thread(self._consents.begin, user, shade)
        kept = await asyncio.to_thread(self._store.of, user)
        await asyncio.to_thread(self._store.delete, kept)
        for holder in self._holders:
            await asyncio.to_thread(holder.forget, user)
        await self._index.remove_member(user, shade)
        await asyncio.to_thread(self._consents.finish, user)
        await asyncio.to_thread(self._scrub)
        return len(kept)

    async def _delete(self, gone: Sequence[Kept]) -> int:
        if gone:
            await asyncio.to_thread(self._store.delete, gone)
            await self._index.remove([one.fact.id for one in gone])
            await asyncio.to_thread(self._scrub)
        return len(gone)

    def _turn(self, user: UserId) -> asyncio.Lock:
        """One change of a member's memory at a time; members may share a turn."""
        return self._locks[hash(user) % len(self._locks)]

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("use of facts not noted", error=type(error).__name__)


def _ranked(text: str, kept: Sequence[Kept]) -> tuple[str, ...]:
    return names(ranked(text, {one.fact.id: f"{one.fact.text} {one.words}" for one in kept}))
