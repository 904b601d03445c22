"""What Discord says of a token before a bot is started with it."""

import asyncio
from dataclasses import dataclass

import aiohttp
import discord

from bot.adapters.discord import addresses
from bot.adapters.discord.errors import DOOR
from bot.core.errors import Denied, Unavailable

_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Application:
    """The bot's application. `content`, `members`: whether these privileged intents are switched on there."""

    id: str
    name: str
    content: bool
    members: bool


async def look(token: str, *, api: str = "", seconds: float = _WITHIN) -> Application:
    """Log in over REST, without connecting. Raises Denied for a token that is refused, Unavailable, Misconfigured."""
    addresses.use(api, "")
    async with discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30.0) as client:
        try:
            async with asyncio.timeout(seconds):
                await client.login(token)
        except discord.LoginFailure:
            raise Denied("Discord refuses the token") from None
        except (discord.DiscordException, aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(DOOR, type(error).__name__) from None
        flags, me = client.application_flags, client.user
        return Application(
            str(client.application_id or ""),
            me.name if me else "",
            flags.gateway_message_content or flags.gateway_message_content_limited,
            flags.gateway_guild_members or flags.gateway_guild_members_limited,
        )
