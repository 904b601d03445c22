"""Stop, resume, rollback and override: an admin's word against the machine's, with a reason, always on record."""

import asyncio
import re
from typing import Annotated

from bot.extensions._rights import ADMIN, at_home, lacking, no, signature, version_and_reason
from bot.sdk import Host, Misconfigured, PullNumber, Result, Unavailable, one_line, tool

_ORDERS = "orders"
_NEEDS = ("guilds", "book", "switch", "audit", _ORDERS)
_VERSION = re.compile(r"v?\d{1,6}(\.\d{1,6}){1,2}")
_ONLY_HOME = "That counts only on the home server of this bot, or at its machine: there is `megawatts {} ...` for it."


@tool(
    "Stop everything that changes anything, at once; on another server than the home one only there (admins).",
    "!stop errors since noon",
    command="stop",
    needs=_NEEDS,
    mutates=True,
)
async def stop_everything(host: Host, reason: Annotated[str, "why"] = "") -> Result:
    """At home nothing is merged, deployed or reverted until somebody resumes; elsewhere the bot falls silent there."""
    why = one_line(reason, 500)
    if not why:
        return no("Say why, for example: !stop errors since noon", "no_reason")
    if refusal := await lacking(host, ADMIN):
        return no(refusal)
    if not at_home(host):
        return await _pause(host, why)
    state = await asyncio.to_thread(host.switch.stop, why, signature(host))
    await asyncio.to_thread(_record, host, "stop", "everything", why)
    text = f"Everything is stopped, by {state.by}: {state.reason}. !resume lets it move again."
    return Result(text, "ok", {"by": state.by, "reason": state.reason})


@tool(
    "Let things move again after a stop (admins).",
    "!resume the errors are gone",
    command="resume",
    needs=_NEEDS,
    mutates=True,
)
async def resume_everything(host: Host, reason: Annotated[str, "why"] = "") -> Result:
    """Ends the stop in force, here or at home."""
    why = one_line(reason, 500)
    if refusal := await lacking(host, ADMIN):
        return no(refusal)
    if not at_home(host):
        return await _pause(host, "")
    if not why:
        return no("Say why it may go on, for example: !resume the errors are gone", "no_reason")
    state = await asyncio.to_thread(host.switch.state)
    if state is None:
        return Result("Nothing is stopped.", "nothing")
    await asyncio.to_thread(_record, host, "resume", "everything", f"{why} (ends the stop: {state.reason})")
    await asyncio.to_thread(host.switch.resume, signature(host))
    return Result(f"Things move again. They were stopped by {state.by}: {state.reason}.", facts={"by": state.by})


@tool(
    "Go back to a version, or take back the newest merge (admins of the home server).",
    "!rollback v0.1.3 slow answers",
    command="rollback",
    needs=_NEEDS,
    destructive=True,
)
async def rollback(
    host: Host, version: Annotated[str, "version tag, or newest"] = "", reason: Annotated[str, "why"] = ""
) -> Result:
    """Leave the order for the controller, which does it by reverts through the forge."""
    wanted = version.strip().casefold()
    if wanted in {"newest", "last", "latest"}:
        wanted = ""
    if wanted and not _VERSION.fullmatch(wanted):
        return no("Name a version such as v0.1.3, or newest: !rollback v0.1.3 slow answers", "no_version")
    return await _order(host, "rollback", reason, version=wanted)


@tool(
    "Consent to a proposal in place of those who were asked, for its present version (admins of the home server).",
    "!override 12 agreed by phone",
    command="override",
    needs=_NEEDS,
    destructive=True,
)
async def override_consent(
    host: Host,
    pull: Annotated[int, "number of the proposal"],
    head: Annotated[str, "first characters of the version that was read"] = "",
    reason: Annotated[str, "why"] = "",
) -> Result:
    """Leave the order for the controller. It stands for consent only, never for a stage, and not for what is sealed."""
    seen = await asyncio.to_thread(host.votes.subject, PullNumber(pull))
    read, reason = version_and_reason(head, reason)
    wanted = read or (seen.head if seen is not None and not seen.voided_by else "")
    if not wanted:
        return no(f"Say which version of #{pull} you read: the first 7 characters of its commit, as head.", "no_head")
    return await _order(host, "override", reason, pull=pull, head=wanted)


async def _order(host: Host, act: str, reason: str, **what: str | int) -> Result:
    why = one_line(reason, 500)
    if not why:
        return no(f"Say why: a {act} needs a reason.", "no_reason")
    if host.caller.guild != host.home.guild:
        return no(_ONLY_HOME.format(act), "elsewhere")
    if refusal := await lacking(host, ADMIN):
        return no(refusal)
    subject = f"#{what['pull']}" if "pull" in what else str(what.get("version") or "the newest merge")
    await asyncio.to_thread(_record, host, act, subject, why, **what)
    text = (
        f"The {act} of {subject} is ordered; the controller takes it up at its next look, and what comes of it is told."
    )
    return Result(text, "ordered", {"act": act, "subject": subject})


def _record(host: Host, act: str, subject: str, why: str, **what: str | int) -> None:
    """In the audit log before anybody acts on it, then for the controller and for those who announce."""
    by, facts = signature(host), {name: str(value) for name, value in what.items()}
    host.audit.append(by, act, subject, why, {"guild": host.caller.guild, **facts})
    row = {
        "act": act,
        "subject": subject,
        "by": by,
        "user": host.caller.user,
        "guild": host.caller.guild,
        "reason": why,
        "at": host.now.isoformat(),
        **what,
    }
    host.shelf(_ORDERS).put(f"{host.now.isoformat()}-{host.random.getrandbits(32):08x}", row)


async def _pause(host: Host, why: str) -> Result:
    """On a server that is not the home one: there and nowhere else, as a setting that is versioned and on record."""
    try:
        await asyncio.to_thread(host.book.change, host.caller.guild, {"paused": why or "none"}, host.caller.user)
    except (Misconfigured, Unavailable) as error:
        return no(str(error))
    if why:
        return Result(f"I am stopped on this server: {why}. !resume wakes me again.", "here", {"reason": why})
    return Result("I answer on this server again.", "here_again")
