"""Deeds on messages and webhooks. Nobody is ever mentioned, and a webhook's token stays here."""

from collections.abc import Mapping
from typing import Any

import discord

from bot.adapters.discord.deeds_ground import NOBODY, Do, Ground
from bot.core.errors import Denied

_AT_ONCE = 100
"""Messages that one request deletes. https://discord.com/developers/docs/resources/message#bulk-delete-messages"""


async def send_message(on: Ground) -> Mapping[str, Any]:
    reply = on.options.get("reply_to")
    channel = on.channel()
    reference = discord.MessageReference(message_id=int(reply), channel_id=channel.id) if reply else None
    sent = await channel.send(on.options["content"], allowed_mentions=NOBODY, reference=reference, suppress_embeds=True)
    return {"message": str(sent.id), "url": sent.jump_url}


async def edit_message(on: Ground) -> Mapping[str, Any]:
    message = on.channel().get_partial_message(int(on.options["message"]))
    await message.edit(content=on.options["content"], allowed_mentions=NOBODY)
    return {"message": str(message.id)}


async def delete_message(on: Ground) -> Mapping[str, Any]:
    number = int(on.options["message"])
    await on.channel().delete_messages([discord.Object(number)], reason=on.reason)
    return {"message": str(number)}


async def purge(on: Ground) -> Mapping[str, Any]:
    """Exactly the messages that were shown, in as few requests as Discord allows."""
    numbers = [int(one) for one in on.options["messages"]]
    channel = on.channel()
    for start in range(0, len(numbers), _AT_ONCE):
        some = [discord.Object(number) for number in numbers[start : start + _AT_ONCE]]
        await channel.delete_messages(some, reason=on.reason)
    return {"count": len(numbers)}


async def add_reaction(on: Ground) -> Mapping[str, Any]:
    message = on.channel().get_partial_message(int(on.options["message"]))
    await message.add_reaction(on.options["emoji"])
    return {"message": str(message.id)}


async def create_webhook(on: Ground) -> Mapping[str, Any]:
    webhook = await on.channel().create_webhook(name=on.options["name"], reason=on.reason)
    return {"id": str(webhook.id), "name": webhook.name or ""}


async def execute_webhook(on: Ground) -> Mapping[str, Any]:
    webhook = await _webhook(on)
    if webhook.token is None:
        raise Denied("That webhook belongs to another application; I can only speak through those that are open to me.")
    named = {"username": on.options["username"]} if on.options.get("username") else {}
    sent = await webhook.send(on.options["content"], allowed_mentions=NOBODY, wait=True, suppress_embeds=True, **named)
    return {"message": str(sent.id)}


async def delete_webhook(on: Ground) -> Mapping[str, Any]:
    webhook = await _webhook(on)
    await webhook.delete(reason=on.reason)
    return {"id": str(webhook.id), "name": webhook.name or ""}


async def _webhook(on: Ground) -> discord.Webhook:
    """With its token, if there is one; of this guild and no other."""
    webhook = await on.client.fetch_webhook(int(on.options["webhook"]))
    if webhook.guild_id != on.guild.id:
        raise Denied("There is no such webhook on this server.")
    return webhook


DEEDS: Mapping[str, Do] = {
    one.__name__: one
    for one in (
        send_message,
        edit_message,
        delete_message,
        purge,
        add_reaction,
        create_webhook,
        execute_webhook,
        delete_webhook,
    )
}
