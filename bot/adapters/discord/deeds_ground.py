"""What every deed stands on: the guild, its options, the reason for the audit log, errors in words."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import discord

from bot.adapters.discord.errors import discord_errors
from bot.core.errors import Denied
from bot.core.guild import Deed
from bot.core.text import one_line

NOBODY = discord.AllowedMentions.none()
_REASON = 512
"""Characters of an audit log reason. https://discord.com/developers/docs/reference#audit-reason"""
_SENTENCES = {
    10014: "that emoji is not one that I can use",
    10015: "that webhook does not exist any more",
    10026: "that user is not banned here",
    50005: "that message is not mine; I edit only my own",
    50024: "that kind of channel does not take it",
    50034: "messages older than two weeks can only be deleted one by one",
    50035: "Discord does not accept one of the values; check names and lengths",
    50074: "that channel is needed by a community server; choose another one in the server's settings first",
}
_LIMITS = range(30000, 31000)


@dataclass(frozen=True, slots=True)
class Ground:
    """One deed on one guild. `reason` names the asker."""

    client: discord.Client
    guild: discord.Guild
    deed: Deed

    @property
    def options(self) -> Mapping[str, Any]:
        return self.deed.options

    @property
    def reason(self) -> str:
        return reason_of(self.deed)

    def channel(self, key: str = "channel") -> Any:
        """The channel or thread of an option. Raises Denied if it is gone."""
        found = self.guild.get_channel_or_thread(int(self.options[key]))
        if found is None:
            raise Denied("That channel does not exist any more.")
        return found

    def role(self, key: str = "role") -> discord.Role:
        """The role of an option. Raises Denied if it is gone."""
        found = self.guild.get_role(int(self.options[key]))
        if found is None:
            raise Denied("That role does not exist any more.")
        return found

    async def member(self, key: str = "user") -> discord.Member:
        """The member of an option, from Discord where the gateway does not know them."""
        number = int(self.options[key])
        return self.guild.get_member(number) or await self.guild.fetch_member(number)


Do = Callable[[Ground], Awaitable[Mapping[str, Any]]]


def reason_of(deed: Deed) -> str:
    """`ban_user asked by Ann (5): spam`, on one line and short enough."""
    asked = f"{deed.verb} asked by {one_line(deed.asker_name, 80) or 'a member'} ({deed.asker})"
    why = one_line(deed.reason, _REASON)
    return one_line(f"{asked}: {why}" if why else asked, _REASON)


@contextmanager
def deed_errors(verb: str) -> Iterator[None]:
    """Discord's answer to a deed as Unavailable, or as Denied with a sentence for the member."""
    act = verb.replace("_", " ")
    with discord_errors(act):
        try:
            yield
        except discord.HTTPException as error:
            if error.code in _SENTENCES:
                raise Denied(f"I could not {act}: {_SENTENCES[error.code]}.") from None
            if error.code in _LIMITS:
                raise Denied(f"I could not {act}: this server has as many of these as Discord allows.") from None
            raise
