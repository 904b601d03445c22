"""What Discord calls its permissions, and how people write them."""

from bot.core.guild import Permissions

NAMES: Permissions = frozenset((
    "create_instant_invite", "kick_members", "ban_members", "administrator", "manage_channels", "manage_guild",
    "add_reactions", "view_audit_log", "priority_speaker", "stream", "view_channel", "send_messages",
    "send_tts_messages", "manage_messages", "embed_links", "attach_files", "read_message_history",
    "mention_everyone", "external_emojis", "view_guild_insights", "connect", "speak", "mute_members",
    "deafen_members", "move_members", "use_voice_activation", "change_nickname", "manage_nicknames", "manage_roles",
    "manage_webhooks", "manage_expressions", "use_application_commands", "request_to_speak", "manage_events",
    "manage_threads", "create_public_threads", "create_private_threads", "external_stickers",
    "send_messages_in_threads", "use_embedded_activities", "moderate_members",
    "view_creator_monetization_analytics", "use_soundboard", "create_expressions", "create_events",
    "use_external_sounds", "send_voice_messages", "set_voice_channel_status", "send_polls", "use_external_apps",
    "pin_messages", "bypass_slowmode",
))  # fmt: skip
"""Every permission that may be named."""
_ALIASES = {
    "read_messages": "view_channel",
    "manage_permissions": "manage_roles",
    "use_external_emojis": "external_emojis",
    "use_external_stickers": "external_stickers",
    "manage_emojis": "manage_expressions",
    "manage_guild_expressions": "manage_expressions",
    "create_guild_expressions": "create_expressions",
    "manage_server": "manage_guild",
    "timeout_members": "moderate_members",
    "create_polls": "send_polls",
    "create_invite": "create_instant_invite",
}
_SHOWN = {
    "manage_guild": "Manage Server",
    "moderate_members": "Timeout Members",
    "create_instant_invite": "Create Invite",
    "send_polls": "Create Polls",
}
"""Names that Discord's settings show otherwise than its API."""


def spoken(names: Permissions) -> str:
    """Permissions as Discord's settings show them: Ban Members, Manage Roles."""
    return ", ".join(sorted(_SHOWN.get(name, name.replace("_", " ").title()) for name in names))


def parse_permissions(text: str) -> tuple[Permissions, str]:
    """Permissions from words with commas (`Ban Members, VIEW_CHANNEL`), and what is wrong with them, or ''."""
    found: set[str] = set()
    for part in text.replace(";", ",").split(","):
        word = "_".join(part.replace("-", " ").casefold().split())
        word = _ALIASES.get(word, word)
        if word and word not in NAMES:
            because = f"there is no permission called {part.strip()[:40]!r}; use Discord's names, such as Send Messages"
            return (
                frozenset(),
                because,
            )
        if word:
            found.add(word)
    return frozenset(found), ""
