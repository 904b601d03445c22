"""All that an extension may import: how to declare a tool, what it may touch, what it gives back."""

from bot.core.chat import HERE, Button, Card, File, Line, Post
from bot.core.errors import Denied, MegawattsError, Misconfigured, Unavailable
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, GuildId, MessageId, PullNumber, RoleId, UserId
from bot.core.votes import Poll, Subject
from bot.sdk.host import Caller, Doors, Home, Host, House, Shelf, Votes
from bot.sdk.registry import Called, Registry, discover
from bot.sdk.tool import Result, Tool, ToolSpec, tool

__all__ = [
    "HERE",
    "Button",
    "Called",
    "Caller",
    "Card",
    "ChannelId",
    "Denied",
    "Doors",
    "File",
    "GuildId",
    "GuildSettings",
    "Home",
    "Host",
    "House",
    "Line",
    "MegawattsError",
    "MessageId",
    "Misconfigured",
    "Poll",
    "Post",
    "PullNumber",
    "Registry",
    "Result",
    "RoleId",
    "Shelf",
    "Subject",
    "Tool",
    "ToolSpec",
    "Unavailable",
    "UserId",
    "Votes",
    "discover",
    "tool",
]
