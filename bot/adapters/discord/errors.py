"""Discord's errors in the house's words: later, or no and why."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.core.errors import Denied, Unavailable

DOOR = "Discord"
_LATER = 5.0
"""Seconds to wait where Discord names none."""
_SENTENCES = {
    10003: "that channel does not exist any more; choose another",
    10004: "that server is not one that I am in; invite me there first",
    10007: "that member is not in this server; check the name",
    10008: "that message does not exist any more",
    10011: "that role does not exist any more; choose another",
    10013: "that user does not exist; check the id",
    10062: "this took too long and Discord closed the request; ask again",
    50001: "I cannot see that channel; an admin can give me View Channel there",
    50007: "the member takes no direct messages from me; they can allow them in the server's privacy settings",
    50013: "I lack a permission for that; `setup` shows which one, and an admin can give it in the server's settings",
    50027: "this took too long and Discord closed the request; ask again",
    160004: "that message has a thread already",
}


def sentence(error: discord.HTTPException, act: str) -> str:
    """What to tell a member of an error that will come again. `act` completes "I could not ..."."""
    known = _SENTENCES.get(error.code) or f"Discord refused it (error {error.code or error.status})"
    return f"I could not {act}: {known}."


@contextmanager
def discord_errors(act: str) -> Iterator[None]:
    """Errors of discord.py become Unavailable or Denied. Their own texts and addresses hold tokens: they end here."""
    try:
        yield
    except discord.RateLimited as error:
        raise Unavailable(DOOR, "its rate limit is reached", retry_after=error.retry_after) from None
    except discord.HTTPException as error:
        if error.status == 429 or error.status >= 500:
            raise Unavailable(DOOR, f"it answered {error.status}", retry_after=_LATER) from None
        raise Denied(sentence(error, act)) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(DOOR, type(error).__name__, retry_after=_LATER) from None
