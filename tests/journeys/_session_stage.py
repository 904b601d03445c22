"""A server in simcord with the product's bot over a home folder in it; a restart is a new client on the same home."""

import re
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

with warnings.catch_warnings():
    # discord.py imports `audioop` for voice, which newer interpreters no longer have of their own.
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord
    import simcord

import bot.extensions
from bot.adapters.discord.gateway import Gateway
from bot.adapters.discord.invite import needed
from bot.app import bot_house, on_discord
from bot.app.announcing import announcing
from bot.app.bot_house import BotHouse, open_house
from bot.app.environment import Secret
from bot.app.home import Home
from bot.app.on_discord import OnDiscord
from bot.app.settings import Settings
from bot.core.charter import Charter
from bot.sdk import discover
from tests.adapters.discord import schema
from tests.journeys._session_transcript import Transcript

BANS = re.compile(r"(PUT|DELETE) /guilds/\d+/bans/\d+: a body is required")
"""discord.py says it in the query string, which Discord takes as well and the description does not cover."""
GUILD = 1_100_000_000_000_000_001
LONG_AGO = timedelta(days=400)
"""How old accounts and memberships are that may vote."""
SETTINGS = Settings(
    discord_bot_token=Secret("a.token.of.this.test"), discord_shard_count=1, discord_guild_id=str(GUILD)
)
ADMIN = discord.Permissions(
    view_channel=True, send_messages=True, read_message_history=True, manage_guild=True, manage_roles=True,
    manage_channels=True, ban_members=True,
)  # fmt: skip
OLD = ("ada", "grace", "linus", "margaret", "alan", "spammer")


async def _elsewhere(_gateway: Gateway, _token: str) -> None:
    """Stands for the connection to Discord: simcord connects the client itself."""


@dataclass
class Bot:
    """The bot as one process would run it."""

    house: BotHouse
    discord: OnDiscord

    @property
    def client(self) -> discord.Client:
        client: discord.Client = self.discord._running.client
        return client


@asynccontextmanager
async def running(home: Home) -> AsyncIterator[Bot]:
    """As `bot_process` does it, without the HTTP endpoint."""
    async with open_house(SETTINGS, home, status=dict) as house:
        on_discord = await OnDiscord.start(SETTINGS, house, "unknown")
        try:
            yield Bot(house, on_discord)
        finally:
            await on_discord.close()


@dataclass
class Stage:
    """Everything that a scene needs."""

    env: simcord.Env
    home: Home
    bot: Bot
    told: Transcript
    stack: AsyncExitStack
    people: dict[str, "Player"] = field(default_factory=dict)
    guild: Any = None

    def channel(self, name: str) -> Any:
        return self.guild.channels[name]

    async def join(self, name: str, *roles: Any) -> "Player":
        """A new member with a new account."""
        self.people[name] = Player(self, name, self.guild.add_member(self.env.create_user(name), roles=roles))
        return self.people[name]

    async def restart(self) -> None:
        """The process ends as on SIGTERM; another begins on the same home."""
        await self.stack.aclose()
        self.bot = await self.stack.enter_async_context(running(self.home))
        await self.env.restart_bot(self.bot.client)

    def reasons(self) -> list[str]:
        """Of Discord's own audit log."""
        return [entry.reason or "" for entry in self.guild.audit_log()]

    def lacks(self, *names: str) -> None:
        """What the bot's own role may, as the server's people set it: all that its tools need but these."""
        wanted = {name: name not in names for name in needed(one.spec for one in discover(bot.extensions))}
        role = self.guild.roles["Megawatts"]
        self.env.backend.edit_role(GUILD, role.id, {"permissions": discord.Permissions(**wanted).value})


@dataclass
class Player:
    """A member; whatever they do, and whatever comes of it, is written down."""

    stage: Stage
    name: str
    actor: Any

    @property
    def id(self) -> str:
        return str(self.actor.id)

    async def says(self, channel: Any, text: str, **more: Any) -> list[str]:
        place = self.stage.told
        answers = " (a reply)" if "reply_to" in more else ""
        place.said(channel.id, self.name + answers, text)
        await self.actor.send(channel, text, **more)
        return place.heard()

    async def writes(self, text: str) -> list[str]:
        """In a direct message."""
        self.stage.told.said(self.actor.user.dm_channel.id, self.name, text)
        await self.actor.user.send_dm(text)
        return self.stage.told.heard()

    async def slash(self, channel: Any, command: str, **options: Any) -> simcord.InteractionResult:
        shown = " ".join(f"{name}:{getattr(value, 'name', value)}" for name, value in options.items())
        self.stage.told.said(channel.id, self.name, f"/{command} {shown}".strip())
        result: simcord.InteractionResult = await self.actor.slash(channel, command, **options)
        self.stage.told.heard()
        return result

    async def presses(self, message: Any, label: str, text: str = "") -> simcord.InteractionResult:
        """A button; with `text`, what they write into the window that it opens."""
        self.stage.told.said(message.channel_id if hasattr(message, "channel_id") else message.channel.id, self.name,
                             f"presses [{label}]")  # fmt: skip
        result: simcord.InteractionResult = await self.actor.click(message, label=label)
        if text:
            assert result.modal is not None, f"{label} asks nothing"
            self.stage.told.asked(self.name, result.modal)
            self.stage.told.note(f"{self.name} writes: {text}")
            result = await self.actor.submit_modal(result, {"text": text})
        self.stage.told.heard()
        return result

    async def chooses(self, message: Any, label: str) -> simcord.InteractionResult:
        """One of a menu."""
        self.stage.told.said(message.channel.id, self.name, f"chooses {label!r}")
        menus = [one for row in message.components for one in row.children if hasattr(one, "options")]
        (value,) = [option.value for menu in menus for option in menu.options if option.label == label]
        result: simcord.InteractionResult = await self.actor.select(message, [value])
        self.stage.told.heard()
        return result

    def told_alone(self) -> list[Any]:
        """What the bot said to them in direct messages."""
        me = self.stage.env.backend.bot_user.id
        return [one for one in self.actor.user.dm_channel.history() if one.author.id == me]

    def sees(self, channel: Any) -> list[Any]:
        """What the bot said there that this member can read, oldest first."""
        me = self.stage.env.backend.bot_user.id
        return [one for one in channel.history(viewer=self.actor) if one.author.id == me]


@asynccontextmanager
async def stage(home: Home, charter: Charter, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """The server with its people, and the bot in it."""
    monkeypatch.setattr(Gateway, "run", _elsewhere)
    monkeypatch.setattr(bot_house, "charter_beside", lambda: charter)
    monkeypatch.setattr(on_discord, "announcing", lambda desk: replace(announcing(desk), every=1.0))
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(running(home))
        env = simcord.Env(made.client, settle_timeout=30.0)
        set_up = Stage(env, home, made, Transcript(env), stack)
        people(set_up)
        await env.start()
        try:
            yield set_up
        finally:
            await env.shutdown()
        if schema.FILE.exists():
            assert [one for one in schema.problems(env.http_requests) if not BANS.fullmatch(one)] == []


def people(stage: Stage) -> None:
    """Accounts and memberships of long ago, and a clock that says now."""
    env = stage.env
    env.backend.clock._epoch = datetime.now(UTC) - LONG_AGO
    env.backend.bot_user.name = "Megawatts"
    owner = env.create_user("olga")
    stage.guild = guild = env.create_guild("The Workshop", id=GUILD, owner=owner)
    admins = guild.create_role("Admins", permissions=ADMIN)
    own = guild.roles["Megawatts"]
    env.backend.reorder_roles(GUILD, [{"id": own.id, "position": 1}, {"id": admins.id, "position": 2}])
    for name in OLD:
        roles = [admins] if name == "ada" else []
        stage.people[name] = Player(stage, name, guild.add_member(env.create_user(name), roles=roles))
    for name in ("general", "bots", "votes"):
        guild.create_text_channel(name)
    env.backend.advance_clock(LONG_AGO.total_seconds())


def facts(result: simcord.InteractionResult) -> Mapping[str, Any]:
    """What came back at once: text, whether one member sees it alone, and its cards' rows."""
    assert result.response is not None, "nothing came back"
    rows = {field.name: field.value for embed in result.response.embeds for field in embed.fields}
    return {"text": result.response.content, "alone": result.ephemeral, "rows": rows}
