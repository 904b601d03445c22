"""A server in simcord with ranks, and the built-in tools over it. What came of a call is read from the server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import discord
import pytest
import simcord

import bot.extensions
from bot.adapters.discord.guilds import DiscordGuilds
from bot.core.audit import Entry
from bot.core.chat import Post
from bot.core.errors import Misconfigured
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from bot.sdk import Called, Caller, House, Registry, Tool, discover
from bot.sdk.attendant import Attendant
from bot.sdk.host import Doors
from bot.sdk.testing import DictRecords
from tests.adapters.discord import schema

MODERATOR = discord.Permissions(
    ban_members=True, kick_members=True, moderate_members=True, manage_roles=True, manage_channels=True,
    manage_messages=True, manage_webhooks=True, manage_guild=True, create_instant_invite=True, add_reactions=True,
    view_channel=True, send_messages=True, read_message_history=True, embed_links=True, connect=True, speak=True,
    attach_files=True, use_external_emojis=True,
)  # fmt: skip
PLAIN = discord.Permissions(view_channel=True, send_messages=True, read_message_history=True, add_reactions=True)


@dataclass
class Log:
    """Keeps what is put on record."""

    rows: list[tuple[str, str, str, str, dict[str, str]]] = field(default_factory=list)

    def append(self, actor: str, act: str, subject: str, reason: str, facts: Any = None) -> Entry:
        self.rows.append((actor, act, subject, reason, dict(facts or {})))
        return None  # type: ignore[return-value]  (nobody reads it here)

    def acts(self) -> list[str]:
        return [row[1] for row in self.rows]


@dataclass
class Book:
    """Settings in memory."""

    settings: dict[str, GuildSettings] = field(default_factory=dict)
    refuses: str = ""

    def read(self, guild: GuildId) -> GuildSettings:
        return self.settings.get(guild, GuildSettings(guild))

    def change(self, guild: GuildId, changes: Any, by: UserId) -> GuildSettings:
        if self.refuses:
            raise Misconfigured(self.refuses)
        now = self.read(guild)
        values = {name: getattr(now, name) for name in now.__slots__} | dict(changes)
        self.settings[guild] = GuildSettings(**values)
        return self.settings[guild]


@dataclass
class Post_:
    """Sends through the client, mentioning nobody."""

    client: discord.Client
    told: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, channel: ChannelId, post: Post) -> MessageId:
        where: Any = self.client.get_channel(int(channel))
        sent = await where.send(post.text, allowed_mentions=discord.AllowedMentions.none())
        return MessageId(str(sent.id))

    async def direct(self, user: UserId, post: Post) -> MessageId:
        self.told.append((user, post.text))
        return MessageId("1")


@dataclass
class Hall:
    """Ranks from the top: owner, `boss` (administrator), the bot, `mod`, `helper` (a plain role), `ann` (none)."""

    env: simcord.Env
    guild: Any
    main: Any
    secret: Any
    people: dict[str, Any]
    roles: dict[str, Any]
    guilds: DiscordGuilds
    records: DictRecords
    log: Log
    book: Book
    post: Post_
    registry: Registry
    house: House

    def caller(self, who: str, channel: Any = None) -> Caller:
        person, place = self.people[who], channel or self.main
        return Caller(
            UserId(str(person.id)), ChannelId(str(place.id)), who.capitalize(), guild=GuildId(str(self.guild.id)),
            audience="all",
        )  # fmt: skip

    async def ask(self, who: str, tool: str, /, *, channel: Any = None, by_model: bool = False, **given: Any) -> Called:
        """One call; nothing is pressed."""
        called = await self.registry.call(tool, given, self.caller(who, channel), by_model=by_model)
        await self.env.settle()
        return called

    async def do(self, who: str, tool: str, /, *, channel: Any = None, **given: Any) -> Called:
        """One call, and yes where it asks."""
        called = await self.ask(who, tool, channel=channel, **given)
        return await self.yes(who, called, channel) if called.fate == "confirm" else called

    async def yes(self, who: str, called: Called, channel: Any = None) -> Called:
        done = await self.registry.press(called.buttons[0].id, self.caller(who, channel))
        await self.env.settle()
        assert done is not None
        return done

    def reasons(self) -> list[str]:
        """Of Discord's own audit log."""
        return [entry.reason or "" for entry in self.guild.audit_log()]

    def role(self, name: str) -> discord.Role:
        """A role as the client of another member would have it."""
        found = discord.utils.get(self.env.bot.get_guild(self.guild.id).roles, name=name)
        assert found is not None, name
        return found

    def has_role(self, name: str) -> bool:
        return name in self.guild.roles

    def member_roles(self, who: str) -> set[str]:
        wanted = self.guild._guild.members[self.people[who].id].role_ids
        return {name for name, role in self.guild.roles.items() if role.id in wanted}

    def sent(self, channel: Any = None) -> list[str]:
        return [message.content for message in (channel or self.main).history()]

    def writes(self) -> list[str]:
        """Requests that change something."""
        return [f"{one.method} {one.path}" for one in self.env.http_requests if one.method != "GET"]

    def attendant(self) -> Attendant:
        return Attendant(self.house)


def raise_to(hall_guild: Any, role: Any, position: int) -> None:
    hall_guild._guild.roles[role.id].position = position


async def stage(env: simcord.Env, tools: tuple[Tool, ...] = ()) -> Hall:
    """Set it up; roles and ranks are the test's own doing and no request."""
    boss_user = env.create_user("owner")
    guild = env.create_guild("The Hall", owner=boss_user)
    roles: dict[str, Any] = {}
    for name, rights in (
        ("Cosmetic", discord.Permissions.none()), ("Helper", PLAIN), ("Mods", MODERATOR),
        ("Bots", MODERATOR), ("Boss", discord.Permissions(administrator=True)),
    ):  # fmt: skip
        roles[name] = guild.create_role(name, permissions=rights)
    people: dict[str, Any] = {"owner": boss_user}
    for who, has in (("boss", "Boss"), ("mod", "Mods"), ("helper", "Helper"), ("ann", ""), ("bob", "")):
        people[who] = guild.add_member(env.create_user(who), roles=[roles[has]] if has else [])
    env.backend.set_member_roles(guild.id, env.bot.user.id, [roles["Bots"].id]) if hasattr(
        env.backend, "set_member_roles"
    ) else guild._guild.members[env.bot.user.id].role_ids.append(roles["Bots"].id)
    main = guild.create_text_channel("main")
    hidden = {guild.default_role: discord.PermissionOverwrite(view_channel=False)}
    hidden[roles["Helper"]] = hidden[roles["Bots"]] = discord.PermissionOverwrite(view_channel=True)
    secret = guild.create_text_channel("secret", overwrites=hidden)
    await env.settle()
    records, log, book, post = DictRecords(), Log(), Book(), Post_(env.bot)
    guilds = DiscordGuilds(env.bot)
    doors = Doors(guilds=guilds, book=book, messenger=post, audit=log)  # type: ignore[arg-type]
    house = House(records, env.now, Random(3), dict, None, doors)  # type: ignore[arg-type]
    registry = Registry(tools or discover(bot.extensions), house)
    return Hall(env, guild, main, secret, people, roles, guilds, records, log, book, post, registry, house)


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    environment = simcord.Env(discord.Client(intents=discord.Intents.all()))
    await environment.start()
    with environment.time_context():
        pass
    try:
        yield await stage(environment)
    finally:
        await environment.shutdown()
    if schema.FILE.exists():
        assert schema.problems(environment.http_requests) == []


__all__ = ["MODERATOR", "PLAIN", "Hall", "RoleId", "hall", "raise_to", "stage"]
