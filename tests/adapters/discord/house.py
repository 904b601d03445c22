"""The adapter in a Discord of the test's own."""

from dataclasses import dataclass, field
from typing import Any

import discord
import simcord

from bot.adapters.discord.gateway import Gateway, Options
from bot.core.ids import GuildId, UserId
from bot.sdk import Host, Result, ToolSpec, tool
from bot.sdk.testing import DictRecords
from tests.adapters.discord.doubles import Book, Pipeline


@dataclass
class House:
    """A gateway with its pipeline, its records and whom it met."""

    options: Options = field(default_factory=Options)
    specs: tuple[ToolSpec, ...] = ()
    pipeline: Pipeline = field(default_factory=Pipeline)
    book: Book = field(default_factory=Book)
    records: DictRecords = field(default_factory=DictRecords)
    met: list[dict[str, Any]] = field(default_factory=list)
    texts: Any = None
    claims: Any = None

    def __post_init__(self) -> None:
        self.gateway = self.build()

    def build(self) -> Gateway:
        """The adapter as it would be after a restart."""
        given = {"texts": self.texts} if self.texts else {}
        self.gateway = Gateway(
            self.pipeline,
            self.book,
            self.records,
            self.specs,
            options=self.options,
            seen=lambda **met: self.met.append(met),
            claims=self.claims,
            **given,
        )
        return self.gateway


@dataclass
class Scene:
    """A guild with a channel and a member."""

    env: simcord.Env
    house: House

    def __post_init__(self) -> None:
        self.guild = self.env.create_guild()
        self.channel = self.guild.create_text_channel("general")
        self.alice = self.guild.add_member(self.env.create_user("alice"))
        self.pipeline = self.house.pipeline

    @property
    def me(self) -> discord.Member:
        me = self.guild.me
        assert me is not None
        return me

    def configure(self, **changes: Any) -> None:
        """Settings of the guild."""
        self.house.book.change(GuildId(str(self.guild.id)), changes, UserId("admin"))

    def said(self, channel: Any = None) -> list[discord.Message]:
        """What the bot has said, oldest first."""
        return [one for one in (channel or self.channel).history() if one.author.id == self.me.id]


def spec(command: str, **changes: Any) -> ToolSpec:
    """A tool that is a command with one text."""

    async def body(host: Host, text: str = "") -> Result:
        return Result(text)

    return tool("Does something.", f"!{command}", name=command.replace(" ", "_"), command=command, **changes)(body).spec
