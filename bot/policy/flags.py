"""Which side of a flag somebody gets, and why. Pure: the same flag, unit, time and stops always give the same."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from bot.core.chat import HERE
from bot.core.flags import Decision, Flag, Side, Stopped, Unit


def decide(flag: Flag, unit: Unit, now: datetime, stops: Sequence[Stopped] = ()) -> Decision:
    """The first rule that speaks: stop, maintenance, schedule, load, lists of members and of guilds, share, default."""
    if stop := next((one for one in stops if counts(one, flag) and one.guild in {HERE, unit.guild}), None):
        where = "on this server" if stop.guild else "everywhere"
        return _side(flag, flag.safe, f"{stop.by} stopped it {where}: {stop.reason}")
    if window := next((one for one in flag.windows if one.begins <= now < one.ends), None):
        return _side(flag, flag.safe, f"maintenance until {window.ends:%Y-%m-%d %H:%M} UTC")
    if because := _not_now(flag, unit, now):
        return _side(flag, flag.default, because)
    if unit.user and unit.user in flag.users:
        return _side(flag, "on", "this member is on its list")
    if unit.guild and unit.guild in flag.guilds:
        return _side(flag, "on", "this server is on its list")
    return _drawn(flag, unit)


def counts(stop: Stopped, flag: Flag) -> bool:
    """Whether a stop is about this flag as it is declared now. Where its declaration is not known, every stop is."""
    return stop.flag == flag.name and (stop.mark in {"", flag.mark} or not flag.mark)


def drawn_at(flag: str, unit: str) -> float:
    """Where a unit stands in 0 to 100: the same for ever, independent of where it stands for other flags."""
    digest = blake2b(f"{flag}\0{unit}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * 100


def _drawn(flag: Flag, unit: Unit) -> Decision:
    """By the share: who is in stays in when it grows."""
    if not flag.share:
        return _side(flag, flag.default, f"{flag.default} is the default")
    key = str(unit.user if flag.by == "member" else unit.guild)
    if not key:
        return _side(flag, flag.default, f"it goes by {flag.by}, and there is none here")
    inside = drawn_at(flag.name, key) < flag.share
    words = "is within" if inside else "is not within"
    return _side(flag, "on" if inside else flag.default, f"this {flag.by} {words} its {flag.share:g} %", flag.trial)


def _not_now(flag: Flag, unit: Unit, now: datetime) -> str:
    if flag.begins is not None and now < flag.begins:
        return f"it begins at {flag.begins:%Y-%m-%d %H:%M} UTC"
    if flag.ends is not None and now >= flag.ends:
        return f"it ended at {flag.ends:%Y-%m-%d %H:%M} UTC"
    return f"more than {flag.load:.0%} of the replies are under way" if unit.load > flag.load else ""


def _side(flag: Flag, side: Side, because: str, trial: str = "") -> Decision:
    return Decision(flag.name, side, flag.value(side), because, trial)
