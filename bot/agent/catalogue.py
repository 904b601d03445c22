"""What the house knows of models by name: successors, prices, strength. Data in `models.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from bot.core.errors import Misconfigured
from bot.policy.routing import Price

FILE = Path(__file__).with_name("models.toml")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The file, read. Keys are prefixes of names; the longest that fits counts."""

    successors: Mapping[str, str]
    prices: Mapping[str, Price]
    dearest: Price
    contexts: Mapping[str, int]
    strengths: Mapping[str, int]
    toolless: tuple[str, ...]

    def successor(self, model: str) -> str:
        """What to set in place of a name that is not known any more; empty: nobody knows."""
        found = _longest(self.successors, model) or ""
        return "" if found == model else found

    def price(self, model: str) -> Price | None:
        return _longest(self.prices, model)

    def context(self, model: str) -> int:
        return _longest(self.contexts, model) or 0

    def capable(self, model: str) -> int:
        found = _longest(self.strengths, model)
        return 2 if found is None else found

    def tools(self, model: str) -> bool:
        return not any(_fits(prefix, model) for prefix in self.toolless)


@cache
def load(path: Path = FILE) -> Catalogue:
    """Raises Misconfigured for a file that does not hold."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return Catalogue(
            successors={str(key): str(value) for key, value in data["successors"].items()},
            prices={str(key): _price(value) for key, value in data["prices"].items()},
            dearest=_price(data["dearest"]),
            contexts={str(key): int(value) for key, value in data["context"].items()},
            strengths={str(key): int(value) for key, value in data["capable"].items()},
            toolless=tuple(map(str, data["no_tools"]["names"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(f"{path.name} does not hold ({type(error).__name__}: {error}); correct it") from error


def gone(provider: str, model: str, setting: str) -> str:
    """The sentence for a name that a provider does not know (any more)."""
    successor = load().successor(model)
    fix = f"its successor is {successor}: set {setting}" if successor else f"set {setting} to one that it lists"
    return f"{provider} does not know the model {model}, which is retired or misspelt; {fix}"


def _price(row: Mapping[str, Any]) -> Price:
    return Price(float(row["input"]), float(row["output"]))


def _longest(table: Mapping[str, _T], model: str) -> _T | None:
    fitting = [prefix for prefix in table if _fits(prefix, model)]
    return table[max(fitting, key=len)] if fitting else None


def _fits(prefix: str, model: str) -> bool:
    """`gpt-4` fits `gpt-4` and `gpt-4-0613`, not `gpt-4o`."""
    rest = model.casefold().removeprefix(prefix.casefold())
    return len(rest) < len(model) and (not rest or not rest[0].isalnum() or prefix[-1] in ":-")
