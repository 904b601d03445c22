"""What an attempt uses up, counted as it goes."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.model import Usage
from bot.core.ports import Clock, Records
from bot.core.verdict import Verdict
from bot.policy.author_budget import Budget, Spent, tokens_of, within

TABLE = "author_spend"


@dataclass(slots=True)
class Till:
    """Told of every request to a model as it happens; whoever runs the model calls `add`."""

    tokens: int = 0
    usd: float = 0.0
    model: str = ""

    def add(self, model: str, usage: Usage) -> None:
        """One request's figures. Negative ones count as nothing."""
        self.tokens += max(0, usage.input_tokens) + max(0, usage.output_tokens)
        self.usd += max(0.0, usage.cost)
        self.model = model or self.model


class Meter:
    """Of one attempt. What nobody reported is estimated: each tool call means that all before it was read again."""

    def __init__(self, budget: Budget, timer: Callable[[], float], till: Till, usd_today: float = 0.0) -> None:
        self.budget, self._timer, self._till, self._today = budget, timer, till, usd_today
        self._began, self._tokens, self._usd = timer(), till.tokens, till.usd
        self.calls = self.turns = 0
        self._context = self._estimated = 0
        self._told_tokens, self._told_usd, self._model = 0, 0.0, ""

    def turn(self, characters: int) -> None:
        """A new turn begins with a prompt of so many characters."""
        self.turns += 1
        self._context = characters
        self._estimated += tokens_of(characters)

    def call(self, characters: int) -> None:
        """A tool was called; question and answer have so many characters."""
        self.calls += 1
        self._context += characters
        self._estimated += tokens_of(self._context)

    def replied(self, model: str, usage: Usage) -> None:
        """A turn has ended and its figures came with it."""
        self._told_tokens += usage.input_tokens + usage.output_tokens
        self._told_usd += usage.cost
        self._model = model

    @property
    def model(self) -> str:
        """`provider:name` of the model that answered last; empty if none did."""
        return self._model or self._till.model

    def spent(self) -> Spent:
        """All figures; of several counts of the same thing the highest."""
        return Spent(
            tokens=max(self._till.tokens - self._tokens, self._told_tokens, self._estimated),
            usd=max(self._till.usd - self._usd, self._told_usd),
            seconds=self._timer() - self._began,
            calls=self.calls,
            turns=self.turns - 1 if self.turns else 0,
            usd_today=self._today,
        )

    def within(self) -> Verdict:
        """Whether it may go on."""
        return within(self.spent(), self.budget)

    def left(self) -> float:
        """Seconds until the attempt ends, whatever happens."""
        return max(0.0, self.budget.seconds - (self._timer() - self._began))


class Ledger:
    """US dollars by day, on disk: what a restart must not forget."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records, self._clock = records, clock

    def today(self) -> float:
        """What was paid since midnight UTC. A row that does not hold counts as everything."""
        row = self._records.get(TABLE, self._key())
        paid = 0.0 if row is None else row.get("usd")
        return float(paid) if isinstance(paid, int | float) and paid >= 0 else float("inf")

    def pay(self, usd: float) -> None:
        """Add to today's sum."""
        if usd > 0:
            self._records.put(TABLE, self._key(), {"usd": self.today() + usd})

    def _key(self) -> str:
        return self._clock().date().isoformat()
