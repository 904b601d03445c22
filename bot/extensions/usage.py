"""What the models were used for and what that cost."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from bot.extensions._rights import MANAGE, at_home, lacking
from bot.sdk import Host, Range, Result, tool

_TABLE = "usage"
_COUNTED = ("turns", "calls", "input_tokens", "output_tokens", "usd")


@tool(
    "Show tokens and cost by day and provider: yours, and for admins the server's.",
    "!usage 7",
    command="usage",
    needs=(f"read:{_TABLE}", "guilds"),
    private=True,
)
async def show_usage(host: Host, days: Annotated[int, "how many days, 1 to 31", Range(1, 31)] = 7) -> Result:
    """Sums of the rows that the model router writes. A member sees their own; an admin what their server used, and at
    home everything."""
    admin = not await lacking(host, MANAGE)
    rows = [row for row in _rows(host, max(1, min(31, days))) if _visible(host, row, admin=admin)]
    if not rows:
        return Result("No model was used in that time, so nothing was spent.", "none", {"days": days})
    sums: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: dict.fromkeys(_COUNTED, 0.0))
    for row in rows:
        at = sums[str(row.get("day", "")), str(row.get("provider", "?"))]
        for name in _COUNTED:
            at[name] += _number(row.get(name))
    lines = "\n".join(_line(*key, one) for key, one in sorted(sums.items(), reverse=True))
    total = sum(one["usd"] for one in sums.values())
    whose = ("of everyone" if at_home(host) else "of this server") if admin else "of yours"
    facts: dict[str, str | int | float] = {"list": lines, "usd": f"{total:.4f}", "days": days, "whose": whose}
    return Result(f"Use {whose} in {days} days, US$ {total:.4f} in all:\n{lines}", facts=facts)


def _rows(host: Host, days: int) -> list[Mapping[str, Any]]:
    shelf, found = host.rows(_TABLE), list[Mapping[str, Any]]()
    for back in range(days):
        found += [row for _, row in shelf.scan(f"{host.now - timedelta(days=back):%Y-%m-%d}/")]
    return found


def _visible(host: Host, row: Mapping[str, Any], *, admin: bool) -> bool:
    caller = host.caller
    if not admin:
        return bool(row.get("user") == caller.user and str(row.get("guild", "")) == caller.guild)
    return at_home(host) or row.get("guild") == caller.guild


def _number(value: object) -> float:
    """A count as it is written; what is none counts nothing."""
    return float(value) if isinstance(value, int | float) and value == value and value >= 0 else 0.0  # noqa: PLR0124


def _line(day: str, provider: str, one: Mapping[str, float]) -> str:
    tokens = f"{one['input_tokens']:.0f} tokens in, {one['output_tokens']:.0f} out"
    return f"- {day} {provider}: {one['turns']:.0f} answers, {one['calls']:.0f} calls, {tokens}, US$ {one['usd']:.4f}"
