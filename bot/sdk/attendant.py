"""What happens on a server of itself, without anybody asking now: members join, members react."""

import asyncio
from hashlib import sha256

from bot.core.chat import Post
from bot.core.errors import Denied, MegawattsError
from bot.core.guild import Deed, MemberView, RoleView
from bot.core.ids import GuildId, MessageId, RoleId, UserId
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict
from bot.policy.permission import Powers, Touch, may
from bot.sdk.host import House

REACTION_ROLES = "reaction_roles"
_MAY = frozenset({"manage_roles"})


def reaction_key(guild: str, message: str, emoji: str) -> str:
    """The row of one emoji on one message; the variation selector that some clients leave out does not count."""
    return f"{guild}/{message}/{sha256(emoji.replace(chr(0xFE0F), '').encode()).hexdigest()[:16]}"


class Attendant:
    """Told by the carrier. Every method returns a verdict and never raises: nobody is there to be told."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def joined(self, guild: GuildId, user: UserId, name: str) -> Verdict:
        """A member joined: welcome them, if the server wants that. Bots are not welcomed by the caller."""
        book, messenger, guilds = self._house.doors.book, self._house.doors.messenger, self._house.doors.guilds
        settings = book.read(guild) if book is not None else None
        if settings is None or messenger is None or guilds is None or not settings.welcome_text or settings.paused:
            return _no("welcome", "nobody is welcomed here")
        try:
            channel = await guilds.channel(guild, settings.welcome_channel)
            if channel is None:
                return _no("welcome", "the channel for it is gone")
            server = one_line((await guilds.server(guild)).name, 100)
            text = settings.welcome_text.replace("{server}", server).replace("{name}", one_line(name, 60) or str(user))
            await messenger.send(settings.welcome_channel, Post(text))
        except MegawattsError as error:
            return _no("welcome", str(error))
        return Verdict("welcome", Status.PASS, "welcomed")

    async def reacted(self, guild: GuildId, message: MessageId, user: UserId, emoji: str) -> Verdict:
        """Somebody reacted: they have the role, if the one who set it up may give it now."""
        return await self._change(guild, message, user, emoji, "assign_role")

    async def unreacted(self, guild: GuildId, message: MessageId, user: UserId, emoji: str) -> Verdict:
        """Somebody took a reaction back: they lose the role."""
        return await self._change(guild, message, user, emoji, "remove_role")

    async def message_gone(self, guild: GuildId, message: MessageId) -> None:
        """A message with reaction roles was deleted: so are they."""
        records = self._house.records
        rows = await asyncio.to_thread(records.scan, REACTION_ROLES, f"{guild}/{message}/")
        for key, _ in rows:
            await asyncio.to_thread(records.delete, REACTION_ROLES, key)

    async def _change(self, guild: GuildId, message: MessageId, user: UserId, emoji: str, verb: str) -> Verdict:
        key = reaction_key(guild, message, emoji)
        try:
            row = await asyncio.to_thread(self._house.records.get, REACTION_ROLES, key)
            if row is None:
                return _no("reaction role", "there is none on that message")
            verdict, asker, role = await self._may(guild, UserId(row["by"]), RoleId(row["role"]), user)
            if not verdict.passed:
                return verdict
            guilds = self._house.doors.guilds
            if guilds is None or asker is None or role is None:
                return _no("reaction role", "I am not connected to Discord")
            options = {"user": user, "role": role.id}
            reason = f"reaction of {user} on message {message}"
            await self._record(guild, verb, row["by"], f"{role.name} ({role.id}), {user}", reason)
            await guilds.act(Deed(verb, guild, asker.id, asker.name, options, reason))
        except MegawattsError as error:
            return _no("reaction role", str(error))
        return Verdict("reaction role", Status.PASS, verb)

    async def _may(
        self, guild: GuildId, by: UserId, role: RoleId, user: UserId
    ) -> tuple[Verdict, MemberView | None, RoleView | None]:
        """As when it was set up, with what both may do now. For the member themself: it is no act against them."""
        guilds, book = self._house.doors.guilds, self._house.doors.book
        if book is not None and book.read(guild).paused:
            return _no("reaction role", "an admin stopped me on this server"), None, None
        if guilds is None:
            raise Denied("I am not connected to Discord here")
        asker, bot = await guilds.member(guild, by), await guilds.me(guild)
        given, member = await guilds.role(guild, role), await guilds.member(guild, user)
        if asker is None or given is None or member is None:
            return _no("reaction role", "its role, its member or the one who set it up is gone"), None, None
        if member.bot:
            return _no("reaction role", "bots take no roles by reaction"), None, None
        touch = Touch(role=given, use="give", gives=given.permissions)
        return may("assign_role", _MAY, Powers(asker, bot), touch, {}), asker, given

    async def _record(self, guild: GuildId, verb: str, by: str, subject: str, reason: str) -> None:
        audit = self._house.doors.audit
        if audit is not None:
            await asyncio.to_thread(audit.append, by, verb, subject, reason, {"guild": guild})


def _no(name: str, because: str) -> Verdict:
    return Verdict(name, Status.FAIL, because)
