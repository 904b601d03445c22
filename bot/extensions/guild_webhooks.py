"""Webhooks: made, spoken through, deleted. Their tokens stay with the process that holds the credential."""

from typing import Annotated

from bot.extensions._guild import TIME, because, named, sayable, told, where
from bot.sdk import ID, ChannelView, Host, Length, Plan, Result, Touch, deed_of, one_line, tool

_NEEDS, _MAY = ("guilds", "moderator"), ("manage_webhooks",)
_NONE = "there is no such webhook that you can see; give its id"
_RESERVED = ("discord", "clyde")
"""Words that Discord allows in no webhook's name."""
WebhookId = Annotated[str, "its id; never its address, which holds its token", ID]
Reason = Annotated[str, "why, for the audit log", Length(0, 300)]


def _reserved(name: str) -> bool:
    return any(word in name.casefold() for word in _RESERVED)


@tool("Create a webhook in a channel.", "!webhook create News", command="webhook create", needs=_NEEDS,
      permissions=_MAY, mutates=True, timeout=TIME, per_minute=5)  # fmt: skip
async def create_webhook(
    host: Host,
    name: Annotated[str, "its name", Length(1, 80)],
    channel_id: ChannelView | None = None,
    reason: Reason = "",
) -> Plan | Result:
    """It answers with its id; its address, which is a secret, is in the server's settings."""
    channel, called = await where(host, channel_id), one_line(name, 80)
    if _reserved(called):
        return Result("Discord does not allow that name; choose one without Discord or Clyde.", "bad_name", ok=False)
    return Plan(
        f"Create the webhook {called} in {named(channel)}{because(reason)}.",
        Touch(channels=(channel,)),
        lambda done: Result(f"The webhook {called} is there; its id is {done['id']}.", facts={"id": done["id"]}),
        deed_of(host, "create_webhook", reason, channel=channel.id, name=called),
    )


@tool("Say something through a webhook.", "!webhook say 123456789012345678 Hello", command="webhook say",
      needs=_NEEDS, permissions=_MAY, mutates=True, timeout=TIME, per_minute=10)  # fmt: skip
async def execute_webhook(
    host: Host,
    webhook_id: WebhookId,
    content: Annotated[str, "the text", Length(1, 2000)],
    username: Annotated[str, "name to speak under", Length(0, 80)] = "",
) -> Plan | Result:
    """Where the asker may manage webhooks and speak; nobody is mentioned."""
    webhook = await host.sight.webhook(webhook_id)
    channel = await host.sight.channel(webhook.channel) if webhook else None
    if webhook is None or channel is None:
        return Result(f"That did not work: {_NONE}.", "not_found", ok=False)
    if _reserved(username):
        return Result("Discord does not allow that name; choose one without Discord or Clyde.", "bad_name", ok=False)
    text, problem = await sayable(host, content)
    if problem:
        return Result(problem, "moderated", ok=False)
    called = one_line(username or webhook.name, 80)
    return Plan(
        f"Say as {called} in {named(channel)}: {text}",
        Touch(channels=(channel,), needs=frozenset({"send_messages"})),
        told(f"Said as {called} in {named(channel)}."),
        deed_of(host, "execute_webhook", webhook=webhook.id, content=text, username=one_line(username, 80)),
    )


@tool("Delete a webhook.", "!webhook delete 123456789012345678", command="webhook delete", needs=_NEEDS,
      permissions=_MAY, destructive=True, timeout=TIME, per_minute=5)  # fmt: skip
async def delete_webhook(host: Host, webhook_id: WebhookId, reason: Reason = "") -> Plan | Result:
    """Whatever speaks through it falls silent."""
    webhook = await host.sight.webhook(webhook_id)
    channel = await host.sight.channel(webhook.channel) if webhook else None
    if webhook is None or channel is None:
        return Result(f"That did not work: {_NONE}.", "not_found", ok=False)
    called = one_line(webhook.name, 80)
    return Plan(
        f"Delete the webhook {called} ({webhook.id}) in {named(channel)}{because(reason)}.",
        Touch(channels=(channel,)),
        told(f"The webhook {called} is deleted."),
        deed_of(host, "delete_webhook", reason, webhook=webhook.id),
    )
