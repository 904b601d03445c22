"""Where answers go: below a message, into an interaction, into a direct message."""

from typing import Any

import discord

from bot.adapters.discord.errors import discord_errors
from bot.adapters.discord.render import Piece
from bot.core.errors import Denied

_OVER = (10015, 10062, 50027)
"""Discord's errors for an interaction whose time is over."""


class Below:
    """Answers to a message: the first replies to it, where it still is."""

    def __init__(self, message: discord.Message) -> None:
        self._message = message
        self._first = True

    async def send(self, piece: Piece) -> discord.Message:
        """A message in the channel of the question."""
        given = piece.sending()
        if self._first:
            given["reference"] = self._message.to_reference(fail_if_not_exists=False)
            given["mention_author"] = False
        with discord_errors("answer here"):
            sent = await self._message.channel.send(**given)
        self._first = False
        return sent

    async def edit(self, handle: Any, piece: Piece) -> None:
        """Change a message of this answer."""
        with discord_errors("answer here"):
            # discord.py unfolds links again with every edit that does not say otherwise.
            await handle.edit(**piece.editing(), suppress=piece.quiet and not piece.card)

    async def delete(self, handle: Any) -> None:
        """Take a message of this answer away; one that is gone is gone."""
        await _delete(handle)


class Direct(Below):
    """Answers that only the member may read, to a message that others can read."""

    def __init__(self, user: discord.User | discord.Member) -> None:
        self._user = user

    async def send(self, piece: Piece) -> discord.Message:
        """A direct message."""
        with discord_errors("write to you"):
            return await self._user.send(**piece.sending())


class Within:
    """Answers to an interaction. What only the member may see stays so even where Discord was told to wait openly."""

    def __init__(self, interaction: discord.Interaction[Any], private: bool) -> None:
        self._interaction = interaction
        self._private = private
        self.response: int | None = None
        """Id of the message that is the response itself, once it was sent."""
        self._waiting: bool | None = None
        """Whether the member alone sees that we are at it; None: nothing was said yet, or what was said is done."""

    async def defer(self) -> None:
        """Tell Discord that the answer takes longer than its three seconds."""
        if not self._interaction.response.is_done():
            with discord_errors("answer"):
                await self._interaction.response.defer(ephemeral=self._private, thinking=True)
            self._waiting = self._private

    def only_for_the_member(self, private: bool) -> None:
        """Known when the answer is there."""
        self._private = private

    async def send(self, piece: Piece) -> Any:
        """The first one is the response, the others follow it."""
        given = piece.sending()
        interaction, waiting, self._waiting = self._interaction, self._waiting, None
        with discord_errors("answer"):
            if not interaction.response.is_done():
                sent = await interaction.response.send_message(**_sent(given), ephemeral=self._private)
                self.response = sent.message_id
                return None
            if waiting is None or waiting is self._private:
                return await self._follow(piece, given)
            await interaction.delete_original_response()
            return await self._elsewhere(piece)

    async def _follow(self, piece: Piece, given: dict[str, Any]) -> Any:
        """Within fifteen minutes Discord takes it as part of the interaction; after that it goes another way."""
        try:
            return await self._interaction.followup.send(**_sent(given), ephemeral=self._private, wait=True)
        except discord.HTTPException as error:
            if error.code not in _OVER:
                raise
            return await self._elsewhere(piece)

    async def _elsewhere(self, piece: Piece) -> discord.Message:
        """The interaction is over, or told others to wait for what only the member may see, or the other way round."""
        interaction = self._interaction
        if self._private:
            return await interaction.user.send(**piece.sending())
        if not isinstance(interaction.channel, discord.abc.Messageable):
            raise Denied("I could not answer: I cannot see this channel.")
        return await interaction.channel.send(**piece.sending())

    async def edit(self, handle: Any, piece: Piece) -> None:
        """Change a message of this answer; None is the response itself."""
        with discord_errors("answer"):
            if handle is None:
                await self._interaction.edit_original_response(**piece.editing())
            else:
                await handle.edit(**piece.editing())

    async def delete(self, handle: Any) -> None:
        """Take a message of this answer away."""
        if handle is not None:
            await _delete(handle)
            return
        with discord_errors("answer"):
            await self._interaction.delete_original_response()


def _sent(given: dict[str, Any]) -> dict[str, Any]:
    """Interactions know no message without content, but one with an empty one."""
    return {**given, "content": given["content"] or ""}


async def _delete(handle: Any) -> None:
    try:
        await handle.delete()
    except discord.NotFound:
        return
    except discord.HTTPException as error:
        raise Denied(f"I could not take my message back (error {error.code}).") from None
