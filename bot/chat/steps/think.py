"""The model's turn: a prompt of data, the tools that the member asked for, an answer that the rules have seen."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import structlog

from bot.chat import prompt
from bot.chat.catalogue import Intent
from bot.chat.flags import HISTORY_LINES, value
from bot.chat.moderator import RuleModerator
from bot.chat.parts import Parts
from bot.chat.replies import Replies
from bot.chat.sinks import GuardedSink
from bot.chat.steps.tools import Tools
from bot.chat.toolbox import BoundToolbox
from bot.chat.turn import Turn
from bot.core.chat import Outcome
from bot.core.errors import Denied, MegawattsError, Misconfigured
from bot.core.model import Prompt, Reply
from bot.policy.offer import Offerable, Offers, Vocabulary, vocabulary
from bot.sdk.tool import ToolSpec

log = structlog.get_logger()
WORDS = Path(__file__).parent.parent / "offer.toml"


@lru_cache(maxsize=2)
def words(file: Path = WORDS) -> tuple[Vocabulary, frozenset[str]]:
    """What members call the things that tools do, and the tools that are never offered. Raises Misconfigured naming
    file and fix."""
    try:
        data: Mapping[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        known = vocabulary({str(k): str(v) for k, v in data["meanings"].items()}, map(str, data["silent"]))
        return known, frozenset(map(str, data["never"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(f"{file} cannot be used ({error}); it needs silent, never and [meanings]") from error


def offers(specs: Sequence[ToolSpec], intents: Sequence[Intent]) -> Offers:
    """Every tool that may be offered, with its name, summary, example and what members say for it."""
    known, never = words()
    said: dict[str, list[str]] = {}
    for intent in intents:
        if intent.tool:
            said.setdefault(intent.tool, []).extend(text for _, text in intent.examples)
    tools = [
        Offerable(spec.name, (spec.summary, spec.say, *said.get(spec.name, ())), spec.mutates or spec.destructive)
        for spec in specs
        if spec.name not in never
    ]
    return Offers(tools, known)


class Think:
    """Fails soft: without an answer from a model the offline responder says what it can."""

    name: ClassVar[str] = "model"
    about_answers: ClassVar[bool] = False

    def __init__(self, parts: Parts, rules: RuleModerator, mark: str, offline: Tools) -> None:
        """`offline` answers where no model does. `mark` stands in the system text and nowhere else: an answer that
        holds it repeats that text."""
        self._parts, self._rules, self._mark = parts, rules, mark
        self._specs = {spec.name: spec for spec in parts.registry.specs()}
        intents = parts.understander.intents
        self._offers = offers(tuple(self._specs.values()), intents) if parts.thinker is not None else None
        self._replies = Replies(intents, parts.texts, parts.random)
        self._offline = offline

    async def __call__(self, turn: Turn) -> None:
        """Ask, or say why nobody can be asked."""
        thinker = self._parts.thinker
        if turn.route != "model" or thinker is None or self._offers is None:
            return
        offered = [self._specs[name] for name in self._offers.pick(turn.text)]
        tools = BoundToolbox(self._parts.registry, turn.caller, offered, self._parts.observer)
        longest = self._parts.longest
        sink = None
        if turn.sink is not None:
            sink = GuardedSink(turn.sink, lambda text: self._rules.partial(text, turn.scope), longest)
        try:
            reply = await thinker.think(self._prompt(turn, offered), turn.scope, tools if offered else None, sink)
        except Denied as error:
            await self._without(turn, tools, str(error) or self._parts.texts("model.spent", turn.language))
        except MegawattsError as error:
            log.warning("model unavailable", error=type(error).__name__)
            self._parts.observer.stepped("model_unavailable", 0.0)
            await self._without(turn, tools, self._parts.texts("model.unavailable", turn.language))
        else:
            self._answer(turn, reply, tools)

    def _prompt(self, turn: Turn, offered: Sequence[ToolSpec]) -> Prompt:
        parts = self._parts
        setting = prompt.Setting(
            offered, tuple(self._specs.values()), turn.language, parts.longest, turn.tone, self._mark
        )
        lines = int(value(parts.flags, HISTORY_LINES, turn.unit))
        return prompt.prompt(
            system_text=prompt.system(setting, parts.system),
            text=turn.text,
            name=turn.name,
            history=(*turn.summary, *turn.lines[:-1][-lines:]),
            facts=turn.facts,
            attachments=turn.message.attachments,
            language=turn.language,
            longest=parts.longest,
        )

    def _answer(self, turn: Turn, reply: Reply, tools: BoundToolbox) -> None:
        """The model's words, and in ours whatever waits for the member."""
        self._told(turn, tools)
        if reply.cut:
            turn.tail = "\n".join(filter(None, [self._parts.texts("answer.cut", turn.language), turn.tail]))
        turn.by_model = True
        text = reply.text.strip()
        if not text and not turn.tail:
            text, turn.by_model = self._parts.texts("model.unavailable", turn.language), False
        results = [called.result for _, called in tools.calls if called.fate != "confirm"]
        called = "+".join(dict.fromkeys(spec.name for spec, _ in tools.calls))
        outcome = Outcome.ANSWERED if turn.by_model else Outcome.FAILED
        card = next((one.card for one in results if one.card), None)
        files = tuple(file for one in results for file in one.files)
        turn.end(text, outcome, "model", tool=called, model=reply.model, card=card, files=files)

    async def _without(self, turn: Turn, tools: BoundToolbox, sentence: str) -> None:
        """No model answered. What its tools did before it broke is told all the same."""
        self._told(turn, tools)
        if turn.tail or not turn.wishes:
            turn.end(sentence, Outcome.REJECTED if turn.tail else Outcome.UNANSWERED, "model")
        else:
            await self._offline.offline(turn)

    def _told(self, turn: Turn, tools: BoundToolbox) -> None:
        """What waits for the member, in the registry's own words and not in the model's."""
        for _spec, called in tools.calls:
            turn.buttons += () if called.fate == "confirm" else called.buttons
        asked = [(spec, called) for spec, called in tools.calls if called.fate == "confirm"]
        for number, (spec, called) in enumerate(asked, start=1):
            several = number if len(asked) > 1 else 0
            said = self._replies.say(spec.name, called, turn.caller)
            turn.tail += f"{chr(10) if turn.tail else ''}{f'{number}. ' if several else ''}{said}"
            turn.buttons += self._replies.buttons(called, turn.language, several)
        turn.private = turn.private or any(spec.private for spec, _ in tools.calls)
