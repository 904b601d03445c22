"""What goes on record of calls: who, what, to what; ids and numbers of the arguments, never the words."""

import asyncio
from collections.abc import Mapping

from bot.core.ports import AuditLog
from bot.core.text import one_line
from bot.sdk.called import Call


async def record(audit: AuditLog | None, call: Call, act: str, subject: str, reason: str) -> None:
    """Write one entry. Raises what the log raises: what cannot be put on record is not done."""
    if audit is None:
        return
    caller = call.caller
    actor = f"{caller.name} ({caller.user})" if caller.name else str(caller.user)
    await asyncio.to_thread(audit.append, actor, act, subject, one_line(reason, 300), _facts(call))


def _facts(call: Call) -> Mapping[str, str]:
    properties = call.tool.spec.parameters["properties"]
    facts = {"guild": str(call.caller.guild), "channel": str(call.caller.channel)}
    if call.by_model:
        facts["by_model"] = "yes"
    for name, value in call.arguments.items():
        shape = properties.get(name, {})
        telling = shape.get("type") != "string" or "enum" in shape or "format" in shape
        facts[f"argument.{name}"] = str(value)[:80] if telling else f"{len(str(value))} characters"
    return facts
