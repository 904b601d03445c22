"""All that an extension may import: how to declare a tool, what it may touch, what it gives back."""

from bot.core.chat import Line
from bot.core.ids import PullNumber
from bot.core.votes import Poll
from bot.sdk.host import Caller, Host, House, Shelf, Votes
from bot.sdk.registry import Called, Registry, discover
from bot.sdk.tool import Result, Tool, ToolSpec, tool

__all__ = [
    "Called",
    "Caller",
    "Host",
    "House",
    "Line",
    "Poll",
    "PullNumber",
    "Registry",
    "Result",
    "Shelf",
    "Tool",
    "ToolSpec",
    "Votes",
    "discover",
    "tool",
]
