"""Finding facts by meaning and by words, if there is an index; whatever fails costs the index, never the answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.chat.recall.consents import Debts
from bot.chat.recall.store import Kept
from bot.chat.recall.words import hashed, tag
from bot.core.chat import Scope
from bot.core.errors import MegawattsError
from bot.core.ids import GuildId, UserId
from bot.core.memory import Fact
from bot.core.stores import Embedder, Hit, Point, Vectors
from bot.policy.memory import near, telling

log = structlog.get_logger()
_WIDE = 20
"""Points that each of the two searches gives."""
_FLOOR, _DROP = 0.76, 0.06
"""The least similarity of a fact to a question, and how much less than the best. E5's similarities are all high."""
_SHARE, _FEW = 0.5, 2
"""The least share of the best score by words, and how many facts may have it, where there is a search by meaning.
Set by `scripts/bench memory`: more words made its answers worse."""
_AT_ONCE = 64
_READ = 400
"""Characters of a question that are embedded: each word takes about a millisecond."""


@dataclass(frozen=True, slots=True)
class Found:
    """Ids, best first, by meaning and by words. `empty`: the index knows nothing of this member here."""

    by_meaning: tuple[str, ...]
    by_words: tuple[str, ...]
    empty: bool


class Index:
    """Vectors and embedder together. Both may be missing, slow or broken."""

    def __init__(self, vectors: Vectors | None, embedder: Embedder | None, patience: float, debts: Debts) -> None:
        """`patience`: seconds that a search may take before it is done without."""
        self._vectors, self._embedder, self._patience, self._debts = vectors, embedder, patience, debts

    async def search(self, text: str, scope: Scope, shade: str) -> Found | None:
        """What fits in this scope; None if the index does not answer in time."""
        if self._vectors is None:
            return None
        try:
            async with asyncio.timeout(self._patience):
                return await self._search(self._vectors, text, scope, shade)
        except (MegawattsError, TimeoutError) as error:
            log.info("recall without index", error=type(error).__name__)
            return None

    async def add(self, facts: Sequence[Kept], shade: str) -> bool:
        """Index facts; False if that must be tried again."""
        if self._vectors is None:
            return False
        try:
            for at in range(0, len(facts), _AT_ONCE):
                some = facts[at : at + _AT_ONCE]
                vectors = (
                    await self._embedder.embed([spoken(one.fact) for one in some])
                    if self._embedder
                    else [()] * len(some)
                )
                points = [_point(one, vector, shade) for one, vector in zip(some, vectors, strict=True)]
                await self._vectors.put(points)
        except MegawattsError as error:
            log.info("facts not indexed", error=type(error).__name__, count=len(facts))
            return False
        return True

    async def remove(self, ids: Sequence[str]) -> None:
        """Take facts out; what the index does not do now, it owes."""
        if self._vectors is None or not ids:
            return
        name = f"ids/{min(ids)}"
        await asyncio.to_thread(self._debts.owe, name, {"ids": list(ids)})
        await self.settle()

    async def remove_member(self, user: UserId, shade: str) -> None:
        """Take everything of a member out; what the index does not do now, it owes."""
        if self._vectors is None or not shade:
            return
        who = tag(shade, user)
        await asyncio.to_thread(self._debts.owe, f"who/{who}", {"who": who})
        await self.settle()

    async def settle(self) -> None:
        """Delete what is still owed. Raises nothing."""
        if self._vectors is None:
            return
        try:
            for name, row in await asyncio.to_thread(self._debts.owed):
                if "who" in row:
                    await self._vectors.delete_where({"who": str(row["who"])})
                else:
                    await self._vectors.delete([str(one) for one in row["ids"]])
                await asyncio.to_thread(self._debts.paid, name)
        except MegawattsError as error:
            log.warning("index still holds hashes of forgotten facts", error=type(error).__name__)

    async def close(self) -> None:
        """Let go of both."""
        if self._vectors is not None:
            await self._vectors.close()
        if self._embedder is not None:
            await self._embedder.close()

    async def _search(self, vectors: Vectors, text: str, scope: Scope, shade: str) -> Found:
        where = {"owner": owner(shade, scope.user, scope.guild)}
        by_word = vectors.search((), hashed(text, shade), where, _WIDE)
        meaning: Sequence[Hit] = ()
        if self._embedder is None:
            words = await by_word
        else:
            words, (question,) = await asyncio.gather(by_word, self._embedder.embed([text[:_READ]], query=True))
            meaning = await vectors.search(question, "", where, _WIDE)
        by_words = [(hit.id, hit.score) for hit in words]
        return Found(
            near([(hit.id, hit.score) for hit in meaning], _FLOOR, _DROP),
            telling(by_words, _SHARE, _FEW if meaning else _WIDE),
            empty=self._embedder is not None and not meaning and not words,
        )


def spoken(fact: Fact) -> str:
    """A fact as it is embedded: its topic says what a bare value leaves open."""
    return f"{fact.topic}: {fact.text}"


def owner(shade: str, user: UserId, guild: GuildId) -> str:
    """What is filtered on: a member in one guild, or in direct messages."""
    return tag(shade, user, guild)


def _point(one: Kept, vector: tuple[float, ...], shade: str) -> Point:
    payload = {"who": tag(shade, one.fact.user), "owner": owner(shade, one.fact.user, one.fact.guild)}
    return Point(one.fact.id, vector, hashed(f"{one.fact.text} {one.words}", shade), payload)
