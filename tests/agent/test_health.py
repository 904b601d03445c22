"""How each model and each provider fares."""

from bot.agent.health import FORGET_TROUBLE, Health
from bot.agent.wire import ModelFault, Trouble
from bot.policy.breaker import FAILURES, FIRST_WAIT
from bot.policy.routing import Candidate, Condition

ONE, SIBLING, OTHER = Candidate("a", "m"), Candidate("a", "n"), Candidate("b", "m")


class Timer:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def of(health: Health, one: Candidate, *, stream: bool = False) -> Condition:
    return health.conditions([one], stream=stream)[one.name]


def fail(health: Health, one: Candidate, trouble: Trouble, **rest: float) -> None:
    assert health.begun(one)
    health.failed(one, ModelFault(trouble, f"{one.name} is {trouble}", **rest))  # type: ignore[arg-type]


def test_a_provider_that_fails_is_left_alone_with_all_its_models_and_others_are_not() -> None:
    health = Health(Timer())
    for _ in range(FAILURES):
        fail(health, ONE, "down")
    assert of(health, ONE).breaker == of(health, SIBLING).breaker == "open"
    assert of(health, ONE).wait == FIRST_WAIT
    assert not health.begun(SIBLING)
    assert of(health, OTHER).breaker == "closed"


def test_after_the_wait_one_caller_may_probe() -> None:
    timer = Timer()
    health = Health(timer)
    fail(health, ONE, "limited", retry_after=30.0)
    timer.now += 30.0
    assert of(health, ONE).breaker == "half-open"
    assert health.begun(ONE)
    assert not health.begun(SIBLING)
    health.answered(ONE, 0.5, stream=False)
    assert health.begun(SIBLING)


def test_a_probe_that_was_stopped_or_refused_leaves_the_place_free() -> None:
    timer = Timer()
    health = Health(timer)
    fail(health, ONE, "limited", retry_after=30.0)
    timer.now += 30.0
    assert health.begun(ONE)
    health.abandoned(ONE)
    assert health.begun(ONE)
    health.failed(ONE, ModelFault("rejected", "no"))
    assert of(health, ONE).breaker == "half-open"


def test_what_is_the_requests_own_fault_says_nothing_about_the_provider() -> None:
    health = Health(Timer())
    for _ in range(FAILURES + 2):
        fail(health, ONE, "rejected")
        fail(health, ONE, "too-long")
    assert of(health, ONE) == Condition()


def test_a_name_that_is_gone_is_not_asked_for_until_it_is_looked_up_again_and_its_sibling_is() -> None:
    timer = Timer()
    health = Health(timer)
    fail(health, ONE, "retired")
    assert of(health, ONE).trouble == "a:m is retired"
    assert of(health, SIBLING).trouble == ""
    timer.now += FORGET_TROUBLE
    assert of(health, ONE).trouble == ""


def test_streams_and_plain_answers_have_latencies_of_their_own() -> None:
    health = Health(Timer())
    health.answered(ONE, 4.0, stream=False)
    assert of(health, ONE).latency == 4.0
    assert of(health, ONE, stream=True).latency is None
    assert of(health, SIBLING).latency is None
    assert health.late_after(ONE, stream=False, unknown=8.0, most=30.0) == 8.0
    for _ in range(10):
        health.answered(ONE, 2.0, stream=False)
    assert health.late_after(ONE, stream=False, unknown=8.0, most=30.0) == 4.0
    assert health.late_after(ONE, stream=True, unknown=8.0, most=30.0) == 8.0
