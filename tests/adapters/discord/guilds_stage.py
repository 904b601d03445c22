"""A server in simcord with ranks, and the built-in tools over it. What came of a call is read from the server."""

import re
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

with warnings.catch_warnings():
    # discord.py imports `audioop` for voice, which newer interpreters no longer have of their own.
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord
    import simcord

import bot.extensions
from bot.adapters.discord.guilds import DiscordGuilds
from bot.core.chat import Post
from bot.core.errors import Misconfigured
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.sdk import Called, Caller, House, Registry, Tool, discover
from bot.sdk.attendant import Attendant
from bot.sdk.host import Doors
from bot.sdk.testing import DictRecords
from tests.adapters.discord import schema
from tests.sdk.guild_double import Log

MODERATOR = discord.Permissions(
    ban_members=True, kick_members=True, moderate_members=True, manage_roles=True, manage_channels=True,
    manage_messages=True, manage_webhooks=True, manage_guild=True, create_instant_invite=True, add_reactions=True,
    view_channel=True, send_messages=True, read_message_history=True, embed_links=True, connect=True, speak=True,
    attach_files=True, use_external_emojis=True,
)  # fmt: skip
_BANS = re.compile(r"(PUT|DELETE) /guilds/\d+/bans/\d+: a body is required")
"""discord.py says it in the query string, which Discord takes as well and the description does not cover."""
PLAIN = discord.Permissions(view_channel=True, send_messages=True, read_message_history=True, add_reactions=True)


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
class Sender:
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
    records: DictRecords
    log: Log
    book: Book
    post: Sender
    registry: Registry
    house: House

    @property
    def guilds(self) -> DiscordGuilds:
        return self.house.doors.guilds  # type: ignore[return-value]

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

    def model(self, name: str) -> Any:
        """A role as Discord itself has it."""
        return self.guild.roles[name]._role

    def role_named(self, name: str) -> bool:
        return name in self.guild.roles

    def may(self, who: str, channel: Any = None) -> discord.Permissions:
        """What a member may do, by Discord's own reckoning and not by ours."""
        number = self.people[who].id
        return discord.Permissions(
            self.env.backend.compute_permissions(self.guild.id, number, (channel or self.main).id)
        )

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


RANKS = (
    ("Cosmetic", discord.Permissions.none()),
    ("Helper", PLAIN),
    ("Mods", MODERATOR),
    ("Boss", discord.Permissions(administrator=True)),
)


async def stage(env: simcord.Env, tools: tuple[Tool, ...] = ()) -> Hall:
    """Set it up; roles and ranks are the test's own doing and no request."""
    owner = env.create_user("owner")
    guild = env.create_guild("The Hall", owner=owner)
    ranks = {name: guild.create_role(name, permissions=rights) for name, rights in RANKS}
    (own,) = [one for name, one in guild.roles.items() if name == env.bot.user.name]
    order = (ranks["Cosmetic"], ranks["Helper"], ranks["Mods"], own, ranks["Boss"])
    env.backend.reorder_roles(guild.id, [{"id": one.id, "position": n} for n, one in enumerate(order, start=1)])
    env.backend.edit_role(guild.id, own.id, {"permissions": MODERATOR.value})
    env.backend.edit_role(guild.id, guild.id, {"permissions": PLAIN.value})
    people: dict[str, Any] = {"owner": owner}
    for who, has in (("boss", "Boss"), ("mod", "Mods"), ("helper", "Helper"), ("ann", ""), ("bob", "")):
        people[who] = guild.add_member(env.create_user(who), roles=[ranks[has]] if has else [])
    main = guild.create_text_channel("main")
    see, blind = discord.PermissionOverwrite(view_channel=True), discord.PermissionOverwrite(view_channel=False)
    secret = guild.create_text_channel("secret", overwrites={guild.default_role: blind, ranks["Helper"]: see, own: see})
    await env.settle()
    records, log, book, post = DictRecords(), Log(), Book(), Sender(env.bot)
    doors = Doors(guilds=DiscordGuilds(env.bot), book=book, messenger=post, audit=log)  # type: ignore[arg-type]
    house = House(records, env.now, Random(3), dict, None, doors)  # type: ignore[arg-type]
    registry = Registry(tools or discover(bot.extensions), house)
    return Hall(env, guild, main, secret, people, records, log, book, post, registry, house)


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    environment = simcord.Env(discord.Client(intents=discord.Intents.all()))
    await environment.start()
    try:
        yield await stage(environment)
    finally:
        await environment.shutdown()
    if schema.FILE.exists():
        assert [one for one in schema.problems(environment.http_requests) if not _BANS.fullmatch(one)] == []


__all__ = ["MODERATOR", "PLAIN", "Hall", "discord", "hall", "stage"]
