"""The built-in tools over a guild in memory."""

from typing import Any

import pytest

import bot.extensions
from bot.core.moderation import Judged
from bot.sdk import Called, discover
from tests.sdk.conftest import Desk

TOOLS = discover(bot.extensions)


class Moderator:
    """Lets everything pass but `badword`, and takes out `secret`."""

    async def incoming(self, text: str, scope: Any) -> Judged:
        return Judged("badword" not in text, "words", "That word is not for here.", text)

    async def outgoing(self, text: str, scope: Any, *, by_model: bool) -> Judged:
        return Judged(True, text=text.replace("secret", "…"))


@pytest.fixture
def place() -> Desk:
    return Desk(tools=TOOLS, doors={"moderator": Moderator()})


async def do(place: Desk, tool: str, /, **given: Any) -> Called:
    """One call, and yes where it asks."""
    called = await place.ask(tool, **given)
    return await place.press(called) if called.fate == "confirm" else called


__all__ = ["TOOLS", "do", "place"]
