"""What models cost: our own table, else the price list of genai-prices that is installed. Nothing is fetched."""

from functools import cache

from bot.agent import catalogue
from bot.policy.routing import FREE, Price

_PROBE = 1000
"""Tokens of which the price is asked: below the steps at which long texts cost more."""


@cache
def price(provider: str, model: str) -> tuple[Price, bool]:
    """Price per million tokens, and whether it is assumed because nobody knows it. Discounts are not counted."""
    known = catalogue.load()
    if (ours := known.price(model)) is not None:
        return ours, False
    found = _listed(provider, model)
    return (known.dearest, True) if found is None else (found[0], False)


@cache
def context(provider: str, model: str) -> int:
    """Tokens that fit; 0 if nobody knows."""
    if known := catalogue.load().context(model):
        return known
    found = _listed(provider, model)
    return found[1] if found else 0


@cache
def _listed(provider: str, model: str) -> tuple[Price, int] | None:
    from genai_prices import Usage, calc_price  # noqa: PLC0415  (a table of all models: only once one is in use)

    try:
        found = calc_price(Usage(input_tokens=_PROBE, output_tokens=_PROBE), model, provider_id=provider)
    except LookupError:
        return None
    million = 1_000_000 / _PROBE
    tokens = Price(float(found.input_price) * million, float(found.output_price) * million)
    return tokens, found.model.context_window or 0


__all__ = ["FREE", "context", "price"]
