"""The invite link, with the least permissions, and why each of them is asked for."""

from collections.abc import Iterable
from urllib.parse import urlencode

from bot.adapters.discord.commands import bits
from bot.sdk import ToolSpec

ALWAYS = {
    "view_channel": "to see the channels it is spoken to in",
    "send_messages": "to answer",
    "send_messages_in_threads": "to answer in threads",
    "create_public_threads": "to open a thread for a proposal or its planning",
    "embed_links": "to show cards, such as a vote",
    "attach_files": "to send a long answer or an export as a file",
    "read_message_history": "to answer below the message that asked",
}


def needed(specs: Iterable[ToolSpec]) -> dict[str, str]:
    """Every permission that is asked for, with its reason: answering, and each tool that needs one."""
    tools: dict[str, list[str]] = {}
    for spec in specs:
        for name in spec.permissions:
            tools.setdefault(name, []).append(spec.name)
    extra = {name: f"for {', '.join(sorted(users))}" for name, users in sorted(tools.items()) if name not in ALWAYS}
    return ALWAYS | {name: reason for name, reason in extra.items() if bits(frozenset({name}))}


def invite_url(client_id: str, permissions: Iterable[str]) -> str:
    """The address where an admin invites the bot. Never asks for Administrator."""
    asked = bits(frozenset(permissions) - {"administrator"})
    query = urlencode({"client_id": client_id, "scope": "bot applications.commands", "permissions": asked})
    return f"https://discord.com/oauth2/authorize?{query}"
