"""Where Discord is: its own addresses, or those of a proxy or a test server."""

import discord.gateway
import discord.http
import yarl

from bot.core.errors import Misconfigured


def use(api: str, gateway: str) -> None:
    """Point discord.py elsewhere; empty leaves Discord's own address. discord.py keeps both for the whole process.

    Raises Misconfigured for what is no address.
    """
    if api:
        discord.http.Route.BASE = str(_checked("DISCORD_API_BASE", api, ("http", "https"))).rstrip("/")
    if gateway:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = _checked("DISCORD_GATEWAY_URL", gateway, ("ws", "wss"))


def _checked(name: str, text: str, schemes: tuple[str, str]) -> yarl.URL:
    try:
        address = yarl.URL(text)
    except ValueError:
        address = yarl.URL()
    if address.scheme not in schemes or not address.host:
        raise Misconfigured(
            f"{name} should be an address such as {schemes[1]}://discord.example/; correct it or unset it"
        )
    return address
