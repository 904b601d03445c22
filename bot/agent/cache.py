"""Answers that may be given again: to whom, for which question, and never with what was meant for somebody else.

An answer is kept only if nothing personal went into it. The key of a kept answer holds the guild, who can read the
channel, the member where the conversation is private, the models that may answer, the system text and the tools on
offer. History and files are part of the key, too. An answer behind which a tool or a fact about the member stands is
not kept at all.
"""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.chat import Scope
from bot.core.model import Prompt, Reply, ToolSchema
from bot.core.stores import Cache, Embedder

EXACT_SECONDS, ALIKE_SECONDS = 3600.0, 1800.0
ALIKE = 0.96
"""Least cosine of two questions that count as one."""
KEPT = 32
"""Questions kept for one group of readers."""
_NEGATION = re.compile(
    r"\b(?:not?|never|none|without|isn't|don't|doesn't|can't|won't|nicht|kein\w*|nie|ohne|pas|jamais|sans|sin|nunca)\b",
    re.IGNORECASE,
)
_TELLING = re.compile(r"\d+(?:[.,]\d+)?|[<>=+*/^%-]+|\"[^\"]{1,80}\"|`[^`]{1,80}`|<[@#][^>]{1,40}>|https?://\S+")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an answer to one prompt may lie. `alike` is empty where only the same words may be answered again."""

    exact: str
    alike: str
    tags: tuple[str, ...]
    text: str


def slot(prompt: Prompt, scope: Scope, models: Sequence[str], tools: Sequence[ToolSchema]) -> Slot | None:
    """Where the answer may lie; None if what is asked may not be answered from memory at all."""
    if prompt.facts:
        return None
    offers = [(tool.name, tool.description, tool.parameters) for tool in tools]
    alone = scope.private or not scope.audience
    around = _digest(
        scope.guild, scope.audience, scope.channel if alone else "", scope.user if alone else "", list(models),
        prompt.system, offers, prompt.language, prompt.longest,
    )  # fmt: skip
    behind = [[(one.by, one.name, one.text) for one in prompt.history], prompt.attachments]
    bare = not prompt.history and not prompt.attachments
    exact = f"ai:exact:{around}:{_digest(prompt.text.strip(), behind)}"
    tags = (f"user:{scope.user}", f"channel:{scope.channel}", f"guild:{scope.guild}")
    return Slot(exact, f"ai:alike:{around}" if bare else "", tags, prompt.text.strip())


def may_be_kept(prompt: Prompt, reply: Reply) -> bool:
    """Whether an answer is fit for others who ask the same: nothing called, nothing broken, nobody addressed."""
    name = prompt.name.strip().casefold()
    personal = bool(name) and name in reply.text.casefold()
    return not (reply.cut or reply.tools or reply.cached or personal or not reply.text.strip())


def telling(text: str) -> tuple[object, ...]:
    """What must be the same in two questions that are nearly the same: numbers, signs, quotes, negations, names."""
    negations = len(_NEGATION.findall(text))
    capital = {word.casefold() for word in re.findall(r"(?<=[\w,;:] )[A-Z\u00c0-\u00de]\w+", text)}
    return tuple(_TELLING.findall(text)), negations, frozenset(capital)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Of unit vectors; 0 where the sizes differ."""
    return math.fsum(a * b for a, b in zip(one, other, strict=True)) if len(one) == len(other) else 0.0


class Answers:
    """The cache of answers. A cache that fails or holds rubbish is a cache that holds nothing."""

    def __init__(self, cache: Cache, embedder: Embedder | None = None) -> None:
        self._cache, self._embedder = cache, embedder

    async def find(self, where: Slot) -> Reply | None:
        """An answer to the same question, else to one that means the same."""
        found = _reply(await self._cache.get(where.exact))
        if found is not None or self._embedder is None or not where.alike:
            return found
        rows = await self._cache.get(where.alike)
        if not isinstance(rows, list) or not rows:
            return None
        (vector,) = await self._embedder.embed([where.text], query=True)
        wanted = telling(where.text)
        near = [(cosine(vector, row["vector"]), row) for row in rows if _fits(row) and telling(row["text"]) == wanted]
        score, best = max(near, key=lambda pair: pair[0], default=(0.0, None))
        return _reply(best["reply"]) if best is not None and score >= ALIKE else None

    async def keep(self, where: Slot, reply: Reply) -> None:
        """Keep an answer that `may_be_kept`."""
        row = {"text": reply.text, "model": reply.model}
        await self._cache.set(where.exact, row, EXACT_SECONDS, where.tags)
        if self._embedder is None or not where.alike:
            return
        (found,) = await self._embedder.embed([where.text], query=True)
        rows = await self._cache.get(where.alike)
        kept = [one for one in rows if _fits(one)] if isinstance(rows, list) else []
        vector = [round(value, 4) for value in found]
        kept = [*kept, {"text": where.text, "vector": vector, "reply": row, "tags": list(where.tags)}][-KEPT:]
        tags = sorted({str(tag) for one in kept for tag in one.get("tags", ())})
        await self._cache.set(where.alike, kept, ALIKE_SECONDS, tags)


def _fits(row: object) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("text"), str)
        and isinstance(row.get("vector"), list)
        and _reply(row.get("reply")) is not None
    )


def _reply(row: Any) -> Reply | None:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("model"), str):
        return None
    return Reply(row["text"], row["model"], cached=True)


def _digest(*parts: object) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Mappings that are no dicts, such as read-only ones."""
    return dict(value) if hasattr(value, "keys") else str(value)  # type: ignore[call-overload]
