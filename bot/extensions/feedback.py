"""What members say of the bot's answers, in words."""

import asyncio
import re
from typing import Annotated
from urllib.parse import quote

from bot.extensions import _wishes as wishes
from bot.sdk import Host, Line, Result, one_line, tool

_TABLE = "notes"
_MOST_PER_DAY = 10
_ANSWER = re.compile(r"[0-9a-f]{32}|answer-\d{1,6}")


@tool("Take feedback on how I do.", "!feedback you answer too long", command="feedback", needs=(_TABLE,))
def give_feedback(host: Host, text: Annotated[str, "what you want to say"] = "") -> Result:
    """Kept word for word for the people who look after the bot. It changes nothing by itself."""
    said = text.strip()[:1000]
    if len(said) < 3:
        return Result("Say what was good or bad, for example: !feedback you answer too long", "too_short", ok=False)
    shelf, prefix = host.shelf(_TABLE), f"{quote(host.caller.user, safe='')}/{host.now:%Y-%m-%d}"
    if len(shelf.scan(prefix)) >= _MOST_PER_DAY:
        return Result("That is enough for today; I listen again tomorrow.", "too_many", ok=False)
    row = {"user": host.caller.user, "text": said, "at": host.now.isoformat()}
    shelf.put(f"{prefix}T{host.now:%H%M%S}-{host.random.getrandbits(24):06x}", row)
    return Result("Thank you. People read that.")


@tool(
    "Say what was wrong with an answer, so that it gets fixed.",
    "!fix it should have named the day",
    command="fix",
    needs=(wishes.TABLE, "memories"),
)
async def fix_answer(
    host: Host, answer: Annotated[str, "id of the answer"] = "", text: Annotated[str, "what should be different"] = ""
) -> Result:
    """A suggestion that knows which answer it is about. What was said goes with it only if the member lets the bot
    remember; another member's words never do."""
    if not _ANSWER.fullmatch(answer):
        answer, text = "", f"{answer} {text}"  # without an id, the text begins with the first word
    wanted = text.strip()[:500]
    if len(wanted) < 4:
        return Result(
            "Say what should be different, for example: !fix it should have named the day", "too_short", ok=False
        )
    said = await _context(host)
    full = f"Fix this: {wanted}" + (f"\nWhat was said: {said}" if said else "")
    number = wishes.number_of(host.caller.user, f"{answer}\0{full}")
    return await asyncio.to_thread(_keep, host, number, full, answer)


def _keep(host: Host, number: str, text: str, answer: str) -> Result:
    if any(row["id"] == number for _, row in wishes.mine(host)):
        return Result("I have that from you already.", "known", {"id": number})
    if wishes.full(host):
        return Result("That is enough for today; I take more suggestions tomorrow.", "too_many", ok=False)
    row = {**wishes.new_row(host, number, text), **({"answer": answer} if answer else {})}
    host.shelf(wishes.TABLE).put(wishes.key_of(host.caller.user, number), row)
    reply = f"Thank you, I wrote it down as {number}. You hear here what becomes of it. Say !go and it is tried."
    return Result(reply, facts={"id": number}, buttons=wishes.buttons(row))


async def _context(host: Host) -> str:
    """The member's question and the answer to it, under consent; empty without."""
    if "memories" not in host.doors or not await host.memories.consents(host.caller.user):
        return ""
    lines: list[Line] = list(host.caller.lines)
    for at in range(len(lines) - 1, 0, -1):
        before = lines[at - 1]
        if lines[at].by_bot and before.user == host.caller.user:
            return f"member: {one_line(before.text, 300)} / bot: {one_line(lines[at].text, 300)}"
    return ""
