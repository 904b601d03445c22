"""The declaration of flags: a file is taken whole, or refused with one sentence that names place and fix."""

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

from bot.core.errors import Misconfigured
from bot.core.flags import By, Experiment, Family, Flag, Flags, Side, Window
from bot.core.text import one_line

PATH = "bot/chat/flags.toml"
METRICS = ("unanswered", "trouble", "slow", "displeased", "tools")
"""What an experiment may look at; bot/chat/trials.py counts it."""
LONGEST = 90
"""Days of an experiment."""
_NAME = re.compile(r"[a-z][a-z0-9_]{2,39}")
_FORBIDDEN = frozenset({
    "permission", "permissions", "moderation", "moderate", "moderates", "redact", "redaction", "gate", "charter",
    "consent", "consents", "secret", "secrets", "audit", "token", "tokens", "vote", "votes", "sandbox", "stop",
    "switch", "emergency", "privacy", "retention", "limit", "limits", "grant", "grants", "role", "roles", "admin",
    "admins", "owner", "owners",
})  # fmt: skip
"""Words that no flag may have in its name: what protects members is not tried out on them."""
_TEXTS = ("what", "owner")
_KEYS = frozenset({
    "family", "what", "owner", "off", "on", "min", "max", "default", "safe", "by", "share", "guilds", "users", "from",
    "until", "windows", "load", "experiment",
})  # fmt: skip
_TRIAL = frozenset({"metric", "guards", "minimum", "days", "events", "bad", "alpha"})
_MOST_IDS = 1000


def parse(text: str, where: str = PATH) -> Flags:
    """Every flag by name. Raises Misconfigured."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(
            f"{where} is not TOML ({error}); correct it or restore the last committed version"
        ) from error
    return {name: _flag(f"{where}: [{name}]", name, table) for name, table in tables.items()}


def _flag(where: str, name: str, table: Any) -> Flag:
    if not _NAME.fullmatch(name):
        raise Misconfigured(f"{where} is no name: take 3 to 40 small letters, digits and underscores")
    if odd := sorted(set(name.split("_")) & _FORBIDDEN):
        raise Misconfigured(f"{where} names {odd[0]!r}: what protects members is no flag; remove it")
    _known(where, table, _KEYS)
    for key in _TEXTS:
        _hold(isinstance(table.get(key), str) and table[key].strip(), where, key, table.get(key), "write a text")
    trial = _experiment(f"{where} experiment", table["experiment"]) if "experiment" in table else None
    made = Flag(
        name=name,
        family=_one_of(where, table, "family", get_args(Family)),
        what=one_line(table["what"], 300),
        owner=one_line(table["owner"], 80),
        off=table.get("off", False),
        on=table.get("on", True),
        default=_one_of(where, table, "default", get_args(Side), "off"),
        safe=_one_of(where, table, "safe", get_args(Side), "off"),
        by=_one_of(where, table, "by", get_args(By), "member"),
        share=_number(where, table, "share", (0, 100), 0.0),
        guilds=_ids(where, table, "guilds"),
        users=_ids(where, table, "users"),
        begins=_time(where, table, "from"),
        ends=_time(where, table, "until"),
        windows=tuple(_window(where, row) for row in _rows(where, table)),
        load=_number(where, table, "load", (0, 1), 1.0),
        experiment=trial,
    )
    _values(where, table, made)
    _sense(where, made)
    return replace(made, mark=_mark(table))


def _experiment(where: str, table: Any) -> Experiment:
    _known(where, table, _TRIAL)
    guards = table.get("guards", [])
    metric = _one_of(where, table, "metric", METRICS)
    fine = isinstance(guards, list) and all(one in METRICS and one != metric for one in guards)
    _hold(fine and len(set(guards)) == len(guards), where, "guards", guards, f"choose others from {', '.join(METRICS)}")
    events = int(_number(where, table, "events", (1, 50), 5))
    return Experiment(
        metric=metric,
        guards=tuple(guards),
        minimum=int(_number(where, table, "minimum", (20, 1_000_000), 100)),
        days=int(_number(where, table, "days", (1, LONGEST), 28)),
        events=events,
        bad=int(_number(where, table, "bad", (1, events), 1)),
        alpha=_number(where, table, "alpha", (0.001, 0.1), 0.05),
    )


def _values(where: str, table: Mapping[str, Any], flag: Flag) -> None:
    """Both sides are of one kind, differ, and numbers lie within the bounds that they declare."""
    for side in ("off", "on"):
        value = table.get(side, False)
        fine = isinstance(value, bool | int | float) and math.isfinite(value)
        _hold(fine, where, side, value, "write true, false or a number")
    alike = type(flag.off) is type(flag.on) and flag.off != flag.on
    _hold(alike, where, "on", flag.on, "it must be of the same kind as off, and another value")
    if isinstance(flag.off, bool):
        _hold(not {"min", "max"} & set(table), where, "min", table.get("min"), "only numbers have bounds; remove it")
        return
    low, high = (_number(where, table, key, (-1e9, 1e9), math.nan) for key in ("min", "max"))
    for side, number in (("off", flag.off), ("on", flag.on)):
        _hold(low <= number <= high, where, side, number, f"choose one from {low:g} to {high:g}")


def _sense(where: str, flag: Flag) -> None:
    """What a declaration may not say at once."""
    aimed = bool(flag.share or flag.guilds or flag.users)
    fix = "who is aimed at gets `on`: drop share, guilds and users"
    _hold(flag.default == "off" or not aimed, where, "default", flag.default, fix)
    late = flag.begins is not None and flag.ends is not None and flag.begins >= flag.ends
    _hold(not late, where, "until", flag.ends, "it must be after from")
    if flag.experiment is not None:
        _hold(flag.family != "safety", where, "experiment", "declared", "nobody's safety is tried out; remove it")
        _hold(10 <= flag.share <= 90, where, "share", flag.share, "an experiment needs 10 to 90")
        _hold(flag.safe == "off", where, "safe", flag.safe, "an experiment that fails goes back to off")
        _hold(flag.by == "member" and flag.load == 1, where, "by", flag.by, "an experiment goes by member, at any load")


def _mark(table: Mapping[str, Any]) -> str:
    said = json.dumps(table, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:8]


def _known(where: str, table: Any, keys: frozenset[str]) -> None:
    if not isinstance(table, dict):
        raise Misconfigured(f"{where} is not a table; write one with {', '.join(sorted(keys))}")
    if odd := sorted(set(table) - keys):
        raise Misconfigured(f"{where} has an unknown key {odd[0]!r}; remove it")


def _one_of(where: str, table: Mapping[str, Any], key: str, allowed: tuple[Any, ...], default: Any = None) -> Any:
    value = table.get(key, default)
    _hold(value in allowed, where, key, value, f"write one of {', '.join(allowed)}")
    return value


def _number(where: str, table: Mapping[str, Any], key: str, within: tuple[float, float], default: float) -> float:
    value, (low, high) = table.get(key, default), within
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    _hold(fine and low <= value <= high, where, key, value, f"write a number from {low:g} to {high:g}")
    return value  # type: ignore[no-any-return]  # it is a number


def _ids(where: str, table: Mapping[str, Any], key: str) -> frozenset[Any]:
    value = table.get(key, [])
    fine = (
        isinstance(value, list)
        and len(value) <= _MOST_IDS
        and all(isinstance(one, str) and one.strip() for one in value)
    )
    _hold(fine, where, key, value, "write a list of at most 1000 ids in quotes")
    return frozenset(value)


def _time(where: str, table: Mapping[str, Any], key: str) -> datetime | None:
    value = table.get(key)
    if value is None:
        return None
    _hold(isinstance(value, datetime) and value.tzinfo, where, key, value, "write a time such as 2026-03-01T12:00:00Z")
    return value.astimezone(UTC)  # type: ignore[no-any-return]  # it is a datetime


def _rows(where: str, table: Mapping[str, Any]) -> list[Any]:
    rows = table.get("windows", [])
    _hold(isinstance(rows, list) and len(rows) <= 100, where, "windows", rows, "write a list of {from, until}")
    return rows  # type: ignore[no-any-return]  # it is a list


def _window(where: str, row: Any) -> Window:
    _known(f"{where} windows", row, frozenset({"from", "until"}))
    begins, ends = _time(where, row, "from"), _time(where, row, "until")
    if begins is None or ends is None or begins >= ends:
        raise Misconfigured(f"{where} windows: each needs from and a later until")
    return Window(begins, ends)


def _hold(holds: object, where: str, key: str, value: Any, fix: str) -> None:
    if not holds:
        raise Misconfigured(f"{where} {key} is {one_line(repr(value), 60)}; {fix}")
