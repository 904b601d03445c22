"""What a statement does to the facts before it, written to the records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.chat.recall.extract import Told
from bot.chat.recall.store import FactStore, Kept
from bot.core.chat import HERE, Message
from bot.core.ids import GuildId
from bot.core.memory import Fact
from bot.core.ports import Clock
from bot.policy import memory as policy


@dataclass(frozen=True, slots=True)
class Learning:
    """Writes facts as policy settles them. `most`: facts of one member in one guild."""

    store: FactStore
    clock: Clock
    ids: Callable[[], str]
    most: int

    def settle(self, message: Message, told: Sequence[Told]) -> tuple[list[Kept], list[Kept]]:
        """The facts that are new, and those that were superseded or went. Waits for the disk."""
        new: list[Kept] = []
        gone: dict[str, Kept] = {}
        for one in told:
            earlier = {kept.fact.id: kept for kept in self.store.of(message.user, message.guild)}
            if one.denied:
                gone |= self._deny(one, earlier)
                continue
            kept = self._new(message, one)
            outcome = policy.settle(kept.held, [before.held for before in earlier.values()])
            if outcome.again:
                self.store.use([earlier[outcome.again]], self.clock())
                continue
            for name in outcome.superseded:
                gone[name] = replace(earlier[name], superseded=True)
                self.store.put(gone[name])
            self.store.put(kept)
            new.append(kept)
            gone |= self._fit([kept, *earlier.values()])
        return [one for one in new if one.fact.id not in gone], list(gone.values())

    def _deny(self, told: Told, earlier: dict[str, Kept]) -> dict[str, Kept]:
        ids = policy.denied(told.topic, told.value, [kept.held for kept in earlier.values()])
        found = {name: earlier[name] for name in ids}
        self.store.delete(list(found.values()))
        return found

    def _fit(self, everyone: Sequence[Kept]) -> dict[str, Kept]:
        surplus = policy.surplus([one.held for one in everyone], self.most, self.clock())
        found = {one.fact.id: one for one in everyone if one.fact.id in surplus}
        self.store.delete(list(found.values()))
        return found

    def _new(self, message: Message, told: Told) -> Kept:
        fact = Fact(
            id=self.ids(),
            user=message.user,
            guild=message.guild,
            text=told.text,
            topic=told.topic,
            importance=told.importance,
            at=self.clock(),
            channel=message.channel,
            message=message.id,
        )
        private = only_member(message.guild, message.audience)
        return Kept(fact, told.value, told.words, many=told.many, private=private)


def only_member(guild: GuildId, audience: str, *, private: bool = False) -> bool:
    """Whether only the member reads along; direct messages are a place of their own, and need no such mark."""
    return guild != HERE and (private or not audience)
