"""What a day's models may cost: one member, one guild, all together. Amounts are US dollars, days are UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from bot.core.ids import GuildId, UserId
from bot.core.verdict import Status, Verdict

Payer = Literal["user", "guild", "all"]
SHARE = 0.02
"""Of a limit that is claimed ahead at once, so that most calls write nothing to disk."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Most US dollars a day. 0 means that nothing may be spent."""

    user: float
    guild: float
    everyone: float

    def limit(self, payer: Payer) -> float:
        return {"user": self.user, "guild": self.guild, "all": self.everyone}[payer]


@dataclass(frozen=True, slots=True)
class Account:
    """Who pays, by the key under which it is kept: `2026-11-22/user/1`."""

    payer: Payer
    key: str


def day_of(now: datetime) -> str:
    """The day on which money is counted."""
    return now.astimezone(UTC).date().isoformat()


def accounts(now: datetime, user: UserId, guild: GuildId) -> tuple[Account, ...]:
    """All that pay for one call. Outside of guilds no guild pays."""
    day = day_of(now)
    found = [Account("user", f"{day}/user/{quoted(user)}"), Account("all", f"{day}/all/")]
    if guild:
        found.insert(1, Account("guild", f"{day}/guild/{quoted(guild)}"))
    return tuple(found)


def quoted(name: str) -> str:
    """A name as one part of a key: no other name can begin with it and its end."""
    return name.replace("%", "%25").replace("/", "%2F") + "/"


def claim(spent: float, claimed: float, amount: float, limit: float) -> float:
    """The new claim on disk for `spent` and `amount` more; `claimed` as it was if that still covers them."""
    need = spent + amount
    return claimed if need <= claimed else min(max(need, limit), need + limit * SHARE)


def affordable(spent: Mapping[Payer, float], amount: float, budget: Budget, now: datetime) -> Verdict:
    """Whether `amount` more may be spent by all who would pay. `spent` includes what calls under way may cost."""
    for payer, used in spent.items():
        if used + amount > budget.limit(payer) + 1e-12:
            left = max(budget.limit(payer) - used, 0.0)
            facts = {"payer": payer, "left": left, "needed": amount}
            return Verdict("budget", Status.FAIL, _sentence(payer, budget.limit(payer), now), facts=facts)
    return Verdict("budget", Status.PASS, "within the budget of the day")


def remaining(spent: Mapping[Payer, float], budget: Budget) -> float:
    """What the tightest of them has left."""
    return max(min((budget.limit(payer) - used for payer, used in spent.items()), default=0.0), 0.0)


def midnight(now: datetime) -> datetime:
    """When the next day begins."""
    return (now.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _sentence(payer: Payer, limit: float, now: datetime) -> str:
    whose = {"user": "Your", "guild": "This server's", "all": "The bot's"}[payer]
    name = {"user": "AI_USER_DAILY_USD", "guild": "AI_GUILD_DAILY_USD", "all": "AI_DAILY_USD"}[payer]
    left = midnight(now) - now.astimezone(UTC)
    hours = max(1, round(left / timedelta(hours=1)))
    return (
        f"{whose} budget for AI answers today (${limit:.2f}) is spent; it starts anew in about {hours} h at 00:00 UTC, "
        f"or whoever runs the bot raises {name}."
    )
