"""Dice, coins and picking one of several."""

import re
from typing import Annotated

from bot.sdk import Host, Result, tool

_NOTATION = re.compile(r"(\d{0,3})[dw](\d{1,4})([+-]\d{1,4})?", re.IGNORECASE)
_OR = re.compile(r"\s*(?:,|;|\bor\b|\boder\b|\bou\b|\bo\b|\|)\s*", re.IGNORECASE)
_MOST = 100


@tool("Roll dice, in the usual notation.", "!roll 2d6+3", command="roll")
def roll_dice(host: Host, notation: Annotated[str, "count, d, sides and a sum: 2d6+3"] = "1d6") -> Result:
    """Throw fair dice and add them up. At most 100 dice of 2 to 1000 sides."""
    found = _NOTATION.fullmatch(notation.replace(" ", ""))
    if not found:
        text = f"I do not know the dice {notation!r}. Write them like 2d6+3: count, d, sides, and a number to add."
        return Result(text, "bad_dice", {"notation": notation}, ok=False)
    count, sides, plus = int(found[1] or 1), int(found[2]), int(found[3] or 0)
    if not 1 <= count <= _MOST or not 2 <= sides <= 1000:
        text = "I roll 1 to 100 dice with 2 to 1000 sides."
        return Result(text, "too_many", {"notation": notation}, ok=False)
    rolled = [host.random.randint(1, sides) for _ in range(count)]
    total = sum(rolled) + plus
    detail = " + ".join(map(str, rolled)) + (f" {'+' if plus > 0 else '-'} {abs(plus)}" if plus else "")
    facts: dict[str, str | int | float] = {"notation": notation, "detail": detail, "total": total}
    return Result(f"{notation}: {detail} = {total}", facts=facts)


@tool("Toss a coin.", "!coin", command="coin")
def toss_coin(host: Host) -> Result:
    """Heads or tails, evenly."""
    side = host.random.choice(["heads", "tails"])
    return Result(f"It is {side}.", side)


@tool("Pick one of several things.", "!choose tea or coffee", command="choose")
def choose_one(host: Host, options: Annotated[str, "things, separated by commas or 'or'"]) -> Result:
    """Pick one evenly. At least two different things are needed."""
    things = list(dict.fromkeys(part.strip(" ?.!") for part in _OR.split(options) if part.strip(" ?.!")))
    if len(things) < 2:
        return Result("Give me at least two things, such as: !choose tea or coffee", "too_few", ok=False)
    picked = host.random.choice(things)
    return Result(f"I pick {picked}.", facts={"picked": picked})
