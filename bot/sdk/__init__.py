"""All that an extension may import: how to declare a tool, what it may touch, what it gives back."""

from bot.core.chat import HERE, Button, Card, File, Line, Message, Post
from bot.core.errors import Denied, MegawattsError, Misconfigured, Unavailable
from bot.core.guild import ChannelView, Deed, MemberView, MessageView, RoleView, ServerView, WebhookView
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, GuildId, MessageId, PullNumber, RoleId, UserId
from bot.core.text import one_line, plain
from bot.core.votes import Poll, Subject
from bot.policy.insights import Insight, summary
from bot.policy.insights import read as read_tally
from bot.policy.permission import Touch
from bot.policy.permission_names import parse_permissions, spoken
from bot.sdk.attendant import REACTION_ROLES, Attendant, reaction_key
from bot.sdk.host import Caller, Doors, Home, Host, House, Shelf, Votes
from bot.sdk.notes import ID, MESSAGE, USER, Complete, Length, Range
from bot.sdk.plan import Outcome, Plan, deed_of
from bot.sdk.registry import Called, Registry, discover
from bot.sdk.sight import Sight
from bot.sdk.tool import Result, Tool, ToolSpec, tool

__all__ = [
    "HERE",
    "ID",
    "MESSAGE",
    "REACTION_ROLES",
    "USER",
    "Attendant",
    "Button",
    "Called",
    "Caller",
    "Card",
    "ChannelId",
    "ChannelView",
    "Complete",
    "Deed",
    "Denied",
    "Doors",
    "File",
    "GuildId",
    "GuildSettings",
    "Home",
    "Host",
    "House",
    "Insight",
    "Length",
    "Line",
    "MegawattsError",
    "MemberView",
    "Message",
    "MessageId",
    "MessageView",
    "Misconfigured",
    "Outcome",
    "Plan",
    "Poll",
    "Post",
    "PullNumber",
    "Range",
    "Registry",
    "Result",
    "RoleId",
    "RoleView",
    "ServerView",
    "Shelf",
    "Sight",
    "Subject",
    "Tool",
    "ToolSpec",
    "Touch",
    "Unavailable",
    "UserId",
    "Votes",
    "WebhookView",
    "deed_of",
    "discover",
    "one_line",
    "parse_permissions",
    "plain",
    "reaction_key",
    "read_tally",
    "spoken",
    "summary",
    "tool",
]
