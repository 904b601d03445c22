"""Declared parameters of the conversation, with their bounds."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bot.core.errors import Misconfigured

FILE = Path(__file__).with_name("tuning.toml")
_WORDS = ("unit", "what", "metric", "relieves")
_NUMBERS = ("value", "min", "max", "step")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter: its value, what it may be, and the metric that it serves."""

    name: str
    value: float
    min: float
    max: float
    step: float
    unit: str
    what: str
    metric: str
    relieves: str
    """Which way the metric gets better: `up`, a higher value lowers it; `down`, a lower value does."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """The values in force. Units stand in tuning.toml."""

    user_burst: int
    user_refill: float
    channel_burst: int
    channel_refill: float
    memory_window: int
    intent_threshold: float
    in_flight: int


def parameters(file: Path = FILE) -> Mapping[str, Parameter]:
    """All declared parameters by name. Raises Misconfigured naming file, key and fix."""
    try:
        with file.open("rb") as stream:
            tables = tomllib.load(stream)
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read ({error.strerror}); restore it") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"{file} is not TOML ({error}); correct it or restore the last committed version"
        ) from error
    return {name: _parameter(file, name, table) for name, table in tables.items()}


def _parameter(file: Path, name: str, table: Any) -> Parameter:
    """One table checked: all keys there, of their type, in order, the value within its bounds."""
    where = f"{file}: [{name}]"
    if not isinstance(table, dict):
        raise Misconfigured(
            f"{where} is not a table; write [{name}] with value, min, max, step, unit, what, metric, relieves"
        )
    _check_types(where, table)
    found = Parameter(name=name, **table)
    if not found.min < found.max or not 0 < found.step <= found.max - found.min:
        bounds = f"{found.min} to {found.max} by {found.step}"
        raise Misconfigured(f"{where} bounds are {bounds}; min < max and step within them")
    if not found.min <= found.value <= found.max:
        raise Misconfigured(f"{where} value is {found.value}; choose one from {found.min} to {found.max}")
    return found


def _check_types(where: str, table: Mapping[str, Any]) -> None:
    """Every key is there, known, and of its type."""
    if odd := sorted(set(table) - {*_WORDS, *_NUMBERS}):
        raise Misconfigured(f"{where} has an unknown key {odd[0]!r}; remove it")
    for key in _NUMBERS:
        number = table.get(key)
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise Misconfigured(f"{where} {key} is {number!r}; write a finite number")
    for key in _WORDS:
        if not isinstance(table.get(key), str) or not table[key]:
            raise Misconfigured(f"{where} {key} is {table.get(key)!r}; write a text")
    if table["relieves"] not in ("up", "down"):
        raise Misconfigured(f"{where} relieves is {table['relieves']!r}; write 'up' or 'down'")


def load(file: Path = FILE) -> Tuning:
    """The values in force. Raises Misconfigured for a missing or unknown parameter, or a wrong number."""
    declared = parameters(file)
    names = {field.name: field.type for field in fields(Tuning)}
    if odd := sorted(set(declared) ^ set(names)):
        fix = "remove it" if odd[0] in declared else "declare it"
        raise Misconfigured(f"{file}: [{odd[0]}] is {'unknown' if odd[0] in declared else 'missing'}; {fix}")
    values: dict[str, Any] = {}
    for name, kind in names.items():
        value = declared[name].value
        if kind is int and value != int(value):
            raise Misconfigured(f"{file}: [{name}] value is {value}; write a whole number")
        values[name] = int(value) if kind is int else float(value)
    return Tuning(**values)
