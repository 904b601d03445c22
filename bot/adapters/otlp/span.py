"""A span, and what of it may leave: names, numbers and words of the house's own, never a text that somebody wrote."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.policy.redact import HIDDEN, hide

Fact = str | int | float | bool
KEYS = frozenset(
    {
        "analyst", "author", "cost", "door", "findings", "head", "ideas", "kind", "merge", "model", "outcome", "pull",
        "readings", "result", "revert", "stage", "status", "step", "tier", "tokens.input", "tokens.output", "tool",
        "version",
    }
)  # fmt: skip
"""Facts that a span may carry; every other one is left out."""
_SHORT = 16
"""Characters below which no word has the form of a key."""
_WORD = re.compile(r"[\w.:/#+@-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time. `trace` is 32 hex digits, `id` and `parent` are 16 (w3.org/TR/trace-context)."""

    name: str
    trace: str
    id: str
    start: float
    """Unix time in seconds, as `end`."""
    end: float
    parent: str = ""
    """Empty for the root of its trace."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    failed: bool = False


Send = Callable[[Span], None]
"""Takes a finished span; must be quick and never raise."""


def new_trace() -> str:
    """An id for a trace: never all zeros."""
    return f"{secrets.randbelow(2**128 - 1) + 1:032x}"


def new_span() -> str:
    """An id for a span: never all zeros."""
    return f"{secrets.randbelow(2**64 - 1) + 1:016x}"


def clean(span: Span) -> Span:
    """The span with what may leave: known facts whose texts are single words and hold no secret's form."""
    kept = {key: value for key, value in span.facts.items() if key in KEYS and _harmless(value)}
    name = span.name if _harmless(span.name) else "unnamed"
    return replace(span, name=name, facts=kept, end=max(span.start, span.end))


def _harmless(value: object) -> bool:
    if isinstance(value, str):
        return _WORD.fullmatch(value) is not None and (len(value) < _SHORT or HIDDEN not in hide(value))
    return isinstance(value, bool | int | float)
