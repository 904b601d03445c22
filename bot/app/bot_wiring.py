"""Puts the conversation together: the one place where chat, extensions and votes meet."""

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from random import Random, SystemRandom

import structlog

import bot.extensions
from bot.chat import catalogue, entities, flags, phrases, prompt, texts, tuning
from bot.chat.flag_book import RecordsFlagBook, Uncounted
from bot.chat.insights import Insights
from bot.chat.language import Detector
from bot.chat.limits import Buckets, Limits
from bot.chat.memory import Memory
from bot.chat.recognise import Recogniser
from bot.chat.service import ChatService, Parts
from bot.chat.symptoms import Symptoms
from bot.chat.texts import Texts
from bot.chat.trials import Trials
from bot.chat.understand import Understander
from bot.core.charter import Charter
from bot.core.chat import Observer, Outcome, Voice
from bot.core.errors import Misconfigured
from bot.core.flags import Tally
from bot.core.ids import UserId
from bot.core.model import Thinker
from bot.core.ports import Clock, Records
from bot.core.votes import Quorum
from bot.policy.charter import PATH, parse
from bot.sdk import House, Registry, Tool, discover
from bot.sdk.host import Doors
from bot.votes.service import Votes

log = structlog.get_logger()
_ROOT = Path(__file__).parent.parent.parent
DATA = tuning.FILE.parent
"""Where the data lies that belongs to this code."""


class Unobserved:
    """`core.chat.Observer` for where nobody counts: the terminal and replays."""

    def answered(self, user: UserId, outcome: Outcome, seconds: float) -> None:
        """Nothing is counted."""

    def tool_called(self, tool: str, outcome: str) -> None:
        """Nothing is counted."""

    def voiced(self, voice: Voice, user: UserId | None = None) -> None:
        """Nothing is counted."""

    def stepped(self, step: str, seconds: float) -> None:
        """Nothing is counted."""

    def modelled(self, model: str, outcome: str, seconds: float, tokens: Mapping[str, int], cost: float) -> None:
        """Nothing is counted."""


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def fresh_id() -> str:
    """An id that cannot be guessed."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class World:
    """What a conversation takes from its surroundings; replays put fixed ones here. `longest` in characters."""

    records: Records
    observer: Observer = field(default_factory=Unobserved)
    clock: Clock = now
    random: Random = field(default_factory=SystemRandom)
    ids: Callable[[], str] = fresh_id
    timer: Callable[[], float] = time.monotonic
    status: Callable[[], Mapping[str, str]] = field(default=dict)
    rate_limits: bool = True
    window: int | None = None
    """Lines remembered per channel; None: as tuned."""
    longest: int = 2000
    multilingual: bool = True
    quorum: Quorum | None = None
    """Who may vote; None: every member of the electorate (the count itself is policy's, wherever it is made)."""
    doors: Doors = field(default_factory=Doors)
    """What tools may open, and what the pipeline itself uses of it: settings of guilds, memory, a voice."""
    thinker: Thinker | None = None
    detector: Detector | None = None
    prefix: str = "!"
    emotion: bool = True
    mood_threshold: float = 0.5
    moderates: bool = True
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What must never leave in an answer."""
    data: Path = DATA
    """Folder of intents, prompts, texts and tuning."""
    tally: Tally | None = None
    """Where flags and experiments are counted; None: nowhere."""
    symptoms: Symptoms | None = None
    """Where it is noted what goes badly; None: nowhere."""
    insights: Insights | None = None
    memory: Memory | None = None
    """The window, where others share it; None: one of its own."""
    turn: Callable[[], AbstractContextManager[None]] = nullcontext
    """Surrounds the answering of one message: what is told within it belongs together."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """The conversation, and its memory, which someone must flush."""

    service: ChatService
    memory: Memory
    votes: Votes
    registry: Registry
    house: House
    texts: Texts
    trials: Trials


def assemble(world: World) -> Assembled:
    """Read all data files and join the parts. Raises Misconfigured for a file that does not hold."""
    tuned = tuning.load(world.data / tuning.FILE.name)
    votes = Votes(world.records, quorum=world.quorum)
    intents = catalogue.load(world.data / catalogue.FOLDER.name)
    tools = discover(bot.extensions)
    _check(intents, tools)
    doors = world.doors
    words = texts.load(world.data / texts.FOLDER.name)
    trials = Trials(world.records, world.clock, world.tally or Uncounted())
    book = _flags(world, trials)
    house = House(
        world.records, world.clock, world.random, world.status, votes, replace(doors, words=words, flags=book)
    )
    registry = Registry(tools, house)
    memory = world.memory or window_of(world.records, world.window, world.clock, world.data)
    parts = Parts(
        records=world.records,
        registry=registry,
        understander=Understander(
            Recogniser(intents), entities.Entities(entities.load()), tuned.intent_threshold, world.multilingual
        ),
        phrases=phrases.load(world.data / phrases.FOLDER.name),
        system=prompt.load(world.data / phrases.FOLDER.name / prompt.FILE.name),
        memory=memory,
        observer=world.observer,
        clock=world.clock,
        random=world.random,
        ids=world.ids,
        in_flight=tuned.in_flight,
        limits=_limits(tuned) if world.rate_limits else None,
        longest=world.longest,
        timer=world.timer,
        meet=lambda user, name: votes.meet(user, name, world.clock()),
        thinker=world.thinker,
        memories=doors.memories,
        moderator=doors.moderator,
        book=doors.book,
        messenger=doors.messenger,
        detector=world.detector,
        mood=doors.mood,
        texts=words,
        secrets=world.secrets,
        prefix=world.prefix,
        emotion=world.emotion,
        threshold=world.mood_threshold,
        moderates=world.moderates,
        turn=world.turn,
        symptoms=world.symptoms,
        insights=world.insights,
        flags=book,
        trials=trials,
    )
    return Assembled(ChatService(parts), memory, votes, registry, house, words, trials)


def _flags(world: World, trials: Trials) -> RecordsFlagBook:
    """Flags of the data. Where a bot starts, a file that is refused costs the flags and not the bot; data that comes to
    a running bot is refused with it, and the bot keeps what it has."""
    try:
        declared = flags.load(world.data / flags.FILE.name)
    except Misconfigured as error:
        if world.data != DATA:
            raise
        log.error("flags refused: every flag has its known value", because=str(error))  # noqa: TRY400  (the sentence)
        declared = flags.fallback()
    return RecordsFlagBook(
        declared, world.records, world.clock, world.timer, audit=world.doors.audit, tally=world.tally, trials=trials
    )


def window_of(records: Records, lines: int | None, clock: Clock = now, data: Path = DATA) -> Memory:
    """What is remembered of each channel: so many lines, or as tuned."""
    return Memory(records, lines or tuning.load(data / tuning.FILE.name).memory_window, clock)


def charter_beside(root: Path = _ROOT) -> Charter | None:
    """The charter beside the code; None where none holds: then nobody's word counts beyond one guild."""
    try:
        return parse((root / PATH).read_text(encoding="utf-8"), PATH)
    except (OSError, UnicodeDecodeError, Misconfigured):
        return None


def _limits(tuned: tuning.Tuning) -> Limits:
    user = Buckets(tuned.user_burst, tuned.user_refill)
    return Limits(user, Buckets(tuned.channel_burst, tuned.channel_refill))


def _check(intents: tuple[catalogue.Intent, ...], tools: tuple[Tool, ...]) -> None:
    """An intent may only name a tool that is there, and arguments that the tool has."""
    known = {one.spec.name: one.spec.parameters["properties"] for one in tools}
    for intent in intents:
        where = f"{catalogue.FOLDER}/{intent.name}.toml"
        if intent.tool and intent.tool not in known:
            raise Misconfigured(f"{where}: tool {intent.tool!r} does not exist; use one of {', '.join(sorted(known))}")
        given = {*intent.arguments, *(name for _, pattern in intent.patterns for name in pattern.groupindex)}
        if odd := sorted(given - set(known.get(intent.tool, {}))):
            raise Misconfigured(f"{where}: {odd[0]!r} is no argument of {intent.tool or 'a plain reply'!r}; remove it")


def product_version() -> str:
    """Version of the installed product, or `0` where it runs from a bare tree."""
    try:
        return version("megawatts")
    except PackageNotFoundError:
        return "0"
