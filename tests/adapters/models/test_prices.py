"""What models cost, from the price list that is installed."""

import pytest

from bot.adapters.models import prices
from bot.adapters.models.anthropic import Anthropic
from bot.adapters.models.base import sized, words
from bot.adapters.models.openai import OpenAI
from bot.agent import catalogue

pytestmark = pytest.mark.integration  # the price list is large


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-5-mini"),
        ("openai", "gpt-5"),
        ("anthropic", "claude-haiku-4-5"),
        ("anthropic", "claude-sonnet-4-5"),
    ],
)
def test_the_models_of_the_default_settings_have_a_price_and_a_length(provider: str, model: str) -> None:
    price, assumed = prices.price(provider, model)
    assert not assumed
    assert 0 < price.input < price.output < 100
    assert prices.context(provider, model) >= 100_000


def test_a_price_nobody_knows_is_the_dearest_and_says_so() -> None:
    assert prices.price("openai", "gpt-99-ultra") == (catalogue.load().dearest, True)
    assert prices.context("openai", "gpt-99-ultra") == 0


async def test_candidates_carry_them_small_before_large() -> None:
    small, large = await OpenAI("k", ["gpt-5-mini", "gpt-5"]).candidates()
    assert (small.size, large.size) == ("small", "large")
    assert small.price.output < large.price.output
    assert not small.local
    assert (await Anthropic("k", ["claude-nonesuch"]).candidates())[0].assumed


async def test_an_address_in_the_own_network_is_no_proof_that_it_is_free() -> None:
    (one,) = await OpenAI("k", ["gpt-5"], base_url="http://127.0.0.1:4000/v1").candidates()
    assert not one.local
    assert one.price.output > 0


def test_names_come_with_commas_and_one_is_for_everything() -> None:
    assert words(" a, b ,,a") == ("a", "b")
    assert list(sized(["x"])) == [("x", "only")]
    assert list(sized(["x", "y", "z"])) == [("x", "small"), ("y", "large"), ("z", "large")]
    assert list(sized([])) == []
