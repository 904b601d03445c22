"""A message's trace: steps below it, models and tools below their step, and the log lines with its id."""

import asyncio
from collections.abc import Mapping

import pytest
import structlog

from bot.adapters.otlp.span import Span
from bot.adapters.otlp.turns import Turns
from bot.core.chat import Outcome, Voice
from bot.core.ids import UserId

ANN = UserId("ann")


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


class Told:
    """An observer that keeps what it was told."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def answered(self, user: UserId, outcome: Outcome, seconds: float) -> None:
        self.calls.append(f"answered {user} {outcome} {seconds}")

    def tool_called(self, tool: str, outcome: str) -> None:
        self.calls.append(f"tool {tool} {outcome}")

    def voiced(self, voice: Voice, user: UserId | None = None) -> None:
        self.calls.append(f"voice {voice}")

    def stepped(self, step: str, seconds: float) -> None:
        self.calls.append(f"step {step} {seconds}")

    def modelled(self, model: str, outcome: str, seconds: float, tokens: Mapping[str, int], cost: float) -> None:
        self.calls.append(f"model {model} {outcome} {seconds} {dict(tokens)} {cost}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def turns(clock: Clock, sent: list[Span] | None, within: Told | None = None) -> Turns:
    send = None if sent is None else sent.append
    return Turns(within or Told(), send, timer=clock, clock=lambda: clock.now + 1000)


def play(one: Turns, clock: Clock) -> None:
    """A model that calls a tool, between two other steps."""
    with one.turn():
        clock.now += 1
        one.stepped("understand", 1.0)
        clock.now += 2
        one.modelled("m1", "ok", 2.0, {"input": 5, "output": 3}, 0.01)
        clock.now += 3
        one.tool_called("roll_dice", "ok")
        clock.now += 4
        one.modelled("m1", "down", 4.0, {}, 0.0)
        one.stepped("think", 9.0)
        clock.now += 1
        one.stepped("render", 1.0)
        one.answered(ANN, Outcome.ANSWERED, 11.0)


def test_steps_stand_below_the_message_and_models_and_tools_below_their_step(clock: Clock) -> None:
    sent: list[Span] = []
    play(turns(clock, sent), clock)

    by_id = {span.id: span for span in sent}
    told = [
        (s.name, s.facts.get("step") or s.facts.get("model") or s.facts.get("tool") or "", s.start, s.end) for s in sent
    ]
    assert told == [
        ("message", "", 1050, 1061),
        ("step", "understand", 1050, 1051),
        ("model", "m1", 1051, 1053),
        ("tool", "roll_dice", 1053, 1056),
        ("model", "m1", 1056, 1060),
        ("step", "think", 1051, 1060),
        ("step", "render", 1060, 1061),
    ]
    parents = [by_id[s.parent].facts.get("step", by_id[s.parent].name) if s.parent else "" for s in sent]
    assert parents == ["", "message", "think", "think", "think", "message", "message"]
    assert len({span.trace for span in sent}) == 1
    assert [span.failed for span in sent] == [False, False, False, False, True, False, False]
    assert sent[2].facts == {"model": "m1", "outcome": "ok", "cost": 0.01, "tokens.input": 5, "tokens.output": 3}


def test_the_observer_within_is_told_everything_as_before(clock: Clock) -> None:
    with_spans, without, bare = Told(), Told(), Told()
    play(turns(clock, [], with_spans), clock)
    play(turns(clock, None, without), clock)
    one = turns(clock, [], bare)
    one.voiced("up")
    one.stepped("x", 1.0)
    assert with_spans.calls == without.calls
    assert len(with_spans.calls) == 7
    assert bare.calls == ["voice up", "step x 1.0"], "outside of a turn nothing is noted, and nothing breaks"


def test_no_member_is_in_a_span(clock: Clock) -> None:
    sent: list[Span] = []
    play(turns(clock, sent), clock)
    assert "ann" not in repr(sent)


def test_two_messages_have_two_traces(clock: Clock) -> None:
    sent: list[Span] = []
    one = turns(clock, sent)
    play(one, clock)
    play(one, clock)
    assert len({span.trace for span in sent}) == 2
    assert len(sent) == 14


async def test_messages_that_are_answered_at_once_do_not_mix(clock: Clock) -> None:
    sent: list[Span] = []
    one = turns(clock, sent)

    async def answer(step: str) -> None:
        with one.turn():
            await asyncio.sleep(0)
            one.stepped(step, 0.0)
            await asyncio.sleep(0)
            one.answered(ANN, Outcome.ANSWERED, 0.0)

    await asyncio.gather(*(answer(f"s{number}") for number in range(20)))
    by_trace: dict[str, list[str]] = {}
    for span in sent:
        by_trace.setdefault(span.trace, []).append(str(span.facts.get("step", span.name)))
    assert sorted(by_trace.values()) == sorted([["message", f"s{number}"] for number in range(20)])


async def test_what_goes_on_behind_the_answer_is_not_added_to_it(clock: Clock) -> None:
    sent: list[Span] = []
    one = turns(clock, sent)
    go = asyncio.Event()

    async def learn() -> None:
        await go.wait()
        one.modelled("m1", "ok", 1.0, {}, 0.0)

    with one.turn():
        behind = asyncio.create_task(learn())
        one.answered(ANN, Outcome.ANSWERED, 0.0)
    go.set()
    await behind
    assert [span.name for span in sent] == ["message"]


def test_a_message_that_broke_is_marked(clock: Clock) -> None:
    sent: list[Span] = []
    one = turns(clock, sent)
    with pytest.raises(RuntimeError), one.turn():
        raise RuntimeError("a member's words")
    with one.turn():
        one.answered(ANN, Outcome.FAILED, 0.0)
    assert [(span.name, span.failed) for span in sent] == [("message", True), ("message", True)]
    assert "words" not in repr(sent)


def test_log_lines_carry_the_trace_within_the_message_only(clock: Clock) -> None:
    sent: list[Span] = []
    for one, spans in ((turns(clock, sent), True), (turns(clock, None), False)):
        with one.turn():
            inside = structlog.contextvars.get_contextvars()["trace_id"]
        assert len(inside) == 32
        assert "trace_id" not in structlog.contextvars.get_contextvars()
        assert not spans or sent[0].trace == inside


def test_a_turn_without_end_keeps_only_so_much(clock: Clock) -> None:
    sent: list[Span] = []
    one = turns(clock, sent)
    with one.turn():
        for _ in range(1000):
            one.stepped("x", 0.0)
    assert len(sent) == 201
