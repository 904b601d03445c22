"""Which model is asked first, and which after it: data in, an ordered chain with its reasons out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.core.model import Complexity
from bot.core.verdict import Fact, Status, Verdict
from bot.policy.breaker import State

Size = Literal["small", "large", "only"]
"""Place in the setting that names a provider's models, the small before the large."""
Obstacle = Literal["", "private", "budget", "unhealthy", "context", "retired"]

CENT = 1.0
"""Points for each US cent that a call is expected to cost."""
PER_SECOND = 0.5
"""Points for each second until first output."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """US dollars."""
        return (self.input * input_tokens + self.output * output_tokens) / 1e6


FREE = Price(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model of one provider."""

    provider: str
    model: str
    size: Size = "only"
    local: bool = False
    """Runs on own machines: private text may go there."""
    price: Price = FREE
    assumed: bool = False
    """The price is not known, so that the dearest known one is counted."""
    context: int = 0
    """Tokens that fit; 0: unknown."""
    tools: bool = True
    capable: int = 2
    """What it is good for: 0 small talk, 1 simple tasks, 2 all."""

    @property
    def name(self) -> str:
        return f"{self.provider}:{self.model}"


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of a model. Tokens are estimates; `output_tokens` is the usual length, not the most."""

    complexity: Complexity
    because: tuple[str, ...] = ()
    private: bool = False
    tools: bool = False
    input_tokens: int = 0
    output_tokens: int = 400
    most_tokens: int = 4096
    """Most output tokens: what must be affordable and must fit."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a model fares now. `latency` in seconds until first output, None: not seen yet."""

    breaker: State = "closed"
    wait: float = 0.0
    latency: float | None = None
    trouble: str = ""
    """Why it is not to be asked at all: retired, refused key."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say."""

    preferred: str = "auto"
    private_local_only: bool = False
    left: float | None = None
    """US dollars that may still be spent; None: not looked at."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one candidate stands and why. Fewer points are better; an obstacle keeps it out."""

    candidate: Candidate
    points: float
    reasons: tuple[tuple[str, float, str], ...]
    """Name, points, sentence."""
    obstacle: Obstacle = ""
    because: str = ""
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Route:
    """The order of asking, and everything that was looked at."""

    task: Task
    places: tuple[Place, ...] = field(default=())

    @property
    def chain(self) -> tuple[Candidate, ...]:
        """Who may be asked, best first."""
        return tuple(place.candidate for place in self.places if not place.obstacle)

    @property
    def obstacle(self) -> Obstacle:
        """What keeps all out; empty if somebody may be asked or nobody is there."""
        if self.chain or not self.places:
            return ""
        found = {place.obstacle for place in self.places}
        order: tuple[Obstacle, ...] = ("unhealthy", "budget", "retired", "context", "private")
        return next(one for one in order if one in found)

    @property
    def wait(self) -> float:
        """Seconds until the first of those who are unwell may be asked."""
        return min((place.wait for place in self.places if place.obstacle == "unhealthy"), default=0.0)

    def explain(self) -> Verdict:
        """The whole decision as a tree: one child for each candidate in order, below it what counted."""
        children = tuple(_told(number, place) for number, place in enumerate(self.places, 1))
        judged = Verdict("complexity", Status.PASS, f"{self.task.complexity}: {', '.join(self.task.because)}")
        if not self.places:
            because = "no model is configured: the offline responder answers"
            return Verdict("route", Status.INCONCLUSIVE, because, (judged,))
        chain = self.chain
        because = f"{chain[0].name} is asked first" if chain else f"nobody may be asked: {self.places[0].because}"
        return Verdict("route", Status.PASS if chain else Status.FAIL, because, (judged, *children))


def route(
    task: Task, candidates: Iterable[Candidate], conditions: Mapping[str, Condition], rules: Rules | None = None
) -> Route:
    """Order the candidates: those who may be asked by points, then those who may not. Total, and the same for the
    same input whatever the order in which candidates of different names came."""
    said = rules or Rules()
    places = (_placed(task, one, conditions.get(one.name, Condition()), said) for one in candidates)
    return Route(task, tuple(sorted(places, key=lambda p: (bool(p.obstacle), p.points, p.candidate.name))))


def _placed(task: Task, one: Candidate, now: Condition, rules: Rules) -> Place:
    reasons = tuple(reason for reason in _reasons(task, one, now, rules) if reason[1] or reason[2])
    points = round(sum(worth for _name, worth, _why in reasons), 4)
    obstacle, because = _obstacle(task, one, now, rules)
    return Place(one, points, reasons, obstacle, because, now.wait)


def _obstacle(task: Task, one: Candidate, now: Condition, rules: Rules) -> tuple[Obstacle, str]:
    most = one.price.of(task.input_tokens, task.most_tokens)
    checks: tuple[tuple[bool, Obstacle, str], ...] = (
        (
            task.private and rules.private_local_only and not one.local,
            "private",
            "private messages go to models on own machines only (AI_PRIVATE_LOCAL_ONLY)",
        ),
        (bool(now.trouble), "retired", now.trouble),
        (
            bool(one.context) and task.input_tokens >= one.context,
            "context",
            f"about {task.input_tokens} tokens do not fit into its {one.context}",
        ),
        (
            rules.left is not None and most > rules.left + 1e-12,
            "budget",
            f"it may cost ${most:.4f}, and ${rules.left or 0:.4f} of today's budget is left",
        ),
        (now.breaker == "open", "unhealthy", f"it failed lately and is left alone for {now.wait:.0f} s more"),
    )
    return next(((what, why) for holds, what, why in checks if holds), ("", ""))


def _reasons(task: Task, one: Candidate, now: Condition, rules: Rules) -> Iterable[tuple[str, float, str]]:
    if rules.preferred not in {"auto", one.provider}:
        yield "preferred", 100.0, f"DEFAULT_AI_PROVIDER is {rules.preferred}"
    yield _fit(task, one)
    cost = one.price.of(task.input_tokens, task.output_tokens)
    unsure = " (price unknown: the dearest is counted)" if one.assumed else ""
    yield "cost", cost * 100 * CENT, f"about ${cost:.5f} a call{unsure}" if cost else "costs nothing"
    if now.latency is None:
        yield "latency", 1.0, "not seen yet"
    else:
        yield "latency", now.latency * PER_SECOND, f"about {now.latency:.2f} s until first output"
    if now.breaker == "half-open":
        yield "health", 20.0, "it failed lately and is being tried again"
    if task.tools and not one.tools:
        yield "tools", 30.0, "it cannot use tools"
    if task.private and one.local:
        yield "privacy", -5.0, "private text stays on own machines"


def _fit(task: Task, one: Candidate) -> tuple[str, float, str]:
    """A large model for hard work, a small one for the rest; one that is too weak comes last."""
    need = {"trivial": 0, "simple": 1, "hard": 2}[task.complexity]
    if one.capable < need:
        return "class", 40.0 * (need - one.capable), f"too weak for a {task.complexity} task"
    if one.size == "small" and need == 2:
        return "class", 10.0, "a small model for a hard task"
    if one.size == "large" and need < 2:
        return "class", 3.0, f"a large model for a {task.complexity} task"
    return "class", 0.0, f"fits a {task.complexity} task"


def _told(number: int, place: Place) -> Verdict:
    one = place.candidate
    children = tuple(
        Verdict(name, Status.PASS, why, facts={"points": round(worth, 3)}) for name, worth, why in place.reasons
    )
    facts: dict[str, Fact] = {
        "place": number,
        "points": place.points,
        "size": one.size,
        "local": one.local,
        "input_usd_per_million": one.price.input,
        "output_usd_per_million": one.price.output,
        "context": one.context,
        "tools": one.tools,
    }
    if place.obstacle:
        return Verdict(one.name, Status.FAIL, place.because, children, facts=facts)
    because = "; ".join(why for _name, _worth, why in place.reasons)
    return Verdict(one.name, Status.PASS, because, children, facts=facts)
