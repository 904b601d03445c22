"""What is told of the world outside: only what no change can break, and nothing where it is not known."""

from typing import Any

import pytest

from bot.adapters.web.controls import OUTSIDE, Providers, connection
from bot.agent.wire import UNWELL
from bot.policy.breaker import FAILURES, LONGEST_WAIT


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def called(providers: Providers, model: str, *outcomes: str) -> None:
    for outcome in outcomes:
        providers.called(model, outcome)


def test_nobody_was_asked_so_nothing_is_known() -> None:
    assert Providers(Clock())() is None


def test_failures_in_a_row_of_all_that_were_asked_are_an_outage() -> None:
    providers = Providers(Clock())
    called(providers, "openai:small", *["down"] * (FAILURES - 1))
    assert providers() is False
    called(providers, "openai:large", "silent")
    assert providers() is True, "of one provider, whichever model it was"
    called(providers, "openai:small", "ok")
    assert providers() is False


def test_one_provider_that_answers_is_enough() -> None:
    providers = Providers(Clock())
    called(providers, "openai:small", *["limited"] * FAILURES)
    called(providers, "local:tiny", "ok")
    assert providers() is False
    called(providers, "local:tiny", *["down"] * FAILURES)
    assert providers() is True


@pytest.mark.parametrize("outcome", ["rejected", "refused", "retired", "too-long", "spent", "malformed", "cancelled"])
def test_what_a_change_can_break_is_no_outage(outcome: str) -> None:
    providers = Providers(Clock())
    called(providers, "openai:small", "ok", *[outcome] * 50)
    assert providers() is False


def test_an_outage_of_long_ago_is_forgotten() -> None:
    clock = Clock()
    providers = Providers(clock)
    called(providers, "openai:small", *["down"] * FAILURES)
    clock.now = LONGEST_WAIT - 1
    assert providers() is True
    clock.now = LONGEST_WAIT
    assert providers() is None


def test_what_counts_outside_counts_against_the_provider_as_well() -> None:
    assert set(UNWELL) > OUTSIDE


@pytest.mark.parametrize(
    ("state", "disturbed"),
    [
        ({"ready": True}, False),
        ({"ready": False}, True),
        ({}, True),
        ({"ready": True, "failing": False}, False),
        ({"ready": True, "failing": True}, True),
    ],
)
def test_discord_by_what_the_connection_says(state: dict[str, Any], disturbed: bool) -> None:
    assert connection(lambda: state)() is disturbed
