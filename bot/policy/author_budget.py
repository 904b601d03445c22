"""How much a model may use up to write one change, and when to stop it."""

import math
from dataclasses import dataclass

from bot.core.verdict import Status, Verdict

CHARACTERS_PER_TOKEN = 4
"""Of English text and code, by the tokenizers of the large providers; used where no provider has counted."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Upper bounds of one attempt, and of all attempts of a day. Reaching any of them ends the attempt."""

    tokens: int = 2_000_000
    """Read and written, over all requests: what was said before is read again by each request."""
    usd: float = 2.0
    usd_a_day: float = 10.0
    seconds: float = 900.0
    calls: int = 120
    """Tool calls."""
    turns: int = 12
    """How often a model that stops before it has finished is asked to go on."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one attempt has used up so far; `usd_today` is what earlier attempts of the day have."""

    tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    calls: int = 0
    turns: int = 0
    usd_today: float = 0.0

    def told(self) -> str:
        """The figures, for people."""
        return f"{self.calls} tool calls, {self.tokens} tokens, US$ {self.usd:.2f}, {self.seconds:.0f} s"


def within(spent: Spent, budget: Budget) -> Verdict:
    """PASS while every figure is below its bound; FAIL names the first that is not. What is no number is spent."""
    figures = (
        ("US dollars today", spent.usd_today + spent.usd, budget.usd_a_day),
        ("US dollars", spent.usd, budget.usd),
        ("tokens", spent.tokens, budget.tokens),
        ("tool calls", spent.calls, budget.calls),
        ("seconds", spent.seconds, budget.seconds),
        ("turns", spent.turns, budget.turns),
    )
    for name, used, bound in figures:
        if not used < bound:  # so that what is no number counts as spent
            because = f"the budget is spent: {_figure(used)} of {_figure(bound)} {name} ({spent.told()} in all)"
            return Verdict("budget", Status.FAIL, because, facts={"bound": name})
    return Verdict("budget", Status.PASS, f"used {spent.told()}")


def today(spent_today: float, budget: Budget) -> Verdict:
    """Whether a new attempt may begin at all."""
    return within(Spent(usd_today=spent_today), budget)


def tokens_of(characters: int) -> int:
    """About how many tokens a text of so many characters is, rounded up."""
    return math.ceil(max(0, characters) / CHARACTERS_PER_TOKEN)


def _figure(value: float) -> str:
    return f"{value:.2f}".removesuffix(".00")
