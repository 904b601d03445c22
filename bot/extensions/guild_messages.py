"""Messages: said, changed, deleted, reacted to. Nobody is mentioned by them."""

from typing import Annotated

from bot.extensions._guild import TIME, because, named, sayable, told, where
from bot.sdk import MESSAGE, ChannelView, Host, Length, Plan, Result, Touch, deed_of, one_line, tool

_NEEDS = ("guilds", "moderator")
_GONE = "I do not find that message there; give its id or its link, and its channel."
Content = Annotated[str, "the text", Length(1, 2000)]
MessageId = Annotated[str, "its id or link", MESSAGE]
Reason = Annotated[str, "why, for the audit log", Length(0, 300)]


def _quoted(text: str) -> str:
    return f"“{one_line(text, 80)}”" if text.strip() else "a message without text"


def _speaking(channel: ChannelView) -> frozenset[str]:
    return frozenset({"send_messages_in_threads" if channel.kind.endswith("thread") else "send_messages"})


@tool("Say something in a channel.", "!say #plans The meeting begins at noon.", command="say", needs=_NEEDS,
      permissions=("view_channel",), mutates=True, timeout=TIME, per_minute=10)  # fmt: skip
async def send_message(
    host: Host, content: Content, channel_id: ChannelView | None = None, reply_to: MessageId | None = None
) -> Plan | Result:
    """In a channel where the asker may speak too."""
    channel = await where(host, channel_id)
    text, problem = await sayable(host, content)
    if problem:
        return Result(problem, "moderated", ok=False)
    if reply_to and await host.sight.message(channel, reply_to) is None:
        return Result(_GONE, "not_found", ok=False)
    answering = {"reply_to": reply_to} if reply_to else {}
    return Plan(
        f"Say in {named(channel)}: {text}",
        Touch(channels=(channel,), needs=_speaking(channel)),
        lambda done: Result(f"I said it in {named(channel)}: {done['url']}", facts={"message": done["message"]}),
        deed_of(host, "send_message", channel=channel.id, content=text, **answering),
    )


@tool("Change a message of mine.", "!edit LINK The meeting begins at one.", command="edit", needs=_NEEDS,
      permissions=("view_channel",), mutates=True, timeout=TIME, per_minute=10)  # fmt: skip
async def edit_message(
    host: Host, message_id: MessageId, content: Content, channel_id: ChannelView | None = None
) -> Plan | Result:
    """My own only, and for those who may manage messages there."""
    channel = await where(host, channel_id)
    message = await host.sight.message(channel, message_id)
    if message is None:
        return Result(_GONE, "not_found", ok=False)
    if message.author != (await host.sight.me()).id:
        return Result("That message is not mine; I change only my own.", "not_mine", ok=False)
    text, problem = await sayable(host, content)
    if problem:
        return Result(problem, "moderated", ok=False)
    return Plan(
        f"Change my message {_quoted(message.text)} in {named(channel)} to: {text}",
        Touch(channels=(channel,), needs=_speaking(channel), asker_needs=frozenset({"manage_messages"})),
        told("The message is changed."),
        deed_of(host, "edit_message", channel=channel.id, message=message_id, content=text),
    )


@tool("Delete a message.", "!delete LINK", command="delete", needs=_NEEDS,
      permissions=("manage_messages", "read_message_history"), destructive=True, timeout=TIME,
      per_minute=20)  # fmt: skip
async def delete_message(
    host: Host, message_id: MessageId, channel_id: ChannelView | None = None, reason: Reason = ""
) -> Plan | Result:
    """For those who may manage messages there."""
    channel = await where(host, channel_id)
    message = await host.sight.message(channel, message_id)
    if message is None:
        return Result(_GONE, "not_found", ok=False)
    author = one_line(message.author_name, 60)
    return Plan(
        f"Delete the message of {author} in {named(channel)}: {_quoted(message.text)}{because(reason)}.",
        Touch(channels=(channel,)),
        told(f"The message of {author} is deleted."),
        deed_of(host, "delete_message", reason, channel=channel.id, message=message_id),
    )


@tool("React to a message with an emoji.", "!react LINK 👍", command="react", needs=_NEEDS,
      permissions=("add_reactions", "read_message_history"), mutates=True, timeout=TIME, per_minute=20)  # fmt: skip
async def add_reaction(
    host: Host,
    message_id: MessageId,
    emoji: Annotated[str, "the emoji", Length(1, 64)],
    channel_id: ChannelView | None = None,
) -> Plan | Result:
    """Where the asker may react too."""
    channel = await where(host, channel_id)
    message = await host.sight.message(channel, message_id)
    if message is None:
        return Result(_GONE, "not_found", ok=False)
    shown = one_line(emoji, 64)
    return Plan(
        f"React with {shown} to {_quoted(message.text)} in {named(channel)}.",
        Touch(channels=(channel,)),
        told(f"I reacted with {shown}."),
        deed_of(host, "add_reaction", channel=channel.id, message=message_id, emoji=emoji.strip()),
    )
