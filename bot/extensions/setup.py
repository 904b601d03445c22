"""The guided first run: step by step, resumable, and ending with a summary."""

import asyncio
from collections import defaultdict
from typing import Annotated

from bot.extensions._rights import no
from bot.extensions._steps import Step, buttons, missing, steps
from bot.extensions.settings import may_not, read_out, resolved
from bot.sdk import HERE, Card, Denied, Host, Misconfigured, Result, Unavailable, spoken, tool

_TABLE = "setups"
_AGAIN = frozenset({"again", "restart", "start"})


@tool(
    "Set me up on this server, step by step (needs Manage Server).",
    "!setup",
    command="setup",
    needs=("book", "guilds", _TABLE),
    timeout=6.0,
    mutates=True,
)
async def set_up(
    host: Host,
    step: Annotated[str, "the step that is answered; empty: go on where it stopped"] = "",
    value: Annotated[str, "the answer; skip leaves it as it is"] = "",
) -> Result:
    """Each answer is in force at once, so that whoever stops halfway loses nothing. `again` begins anew."""
    if refusal := await may_not(host):
        return no(refusal)
    todo = steps(server=host.caller.guild != HERE)
    name = step.strip().casefold()
    if name in _AGAIN:
        await asyncio.to_thread(host.shelf(_TABLE).delete, _key(host))
        name = ""
    answered = next((one for one in todo if name in {one.name, one.key}), None)
    if name and answered is None:
        return no(f"There is no step {name[:40]!r}: {', '.join(one.name for one in todo)}, or again.", "no_step")
    if answered is not None and not value.strip():
        return _ask(answered, todo, "")
    if answered is not None and (problem := await _answer(host, answered, value.strip())):
        return _ask(answered, todo, problem)
    done = await asyncio.to_thread(_done, host, answered.name if answered else "")
    following = next((one for one in todo if one.name not in done), None)
    intro = await _permissions(host) if not done else ""
    return _ask(following, todo, intro) if following else await _summary(host)


async def _answer(host: Host, step: Step, value: str) -> str:
    """Put one answer in force; what is wrong with it, or ''."""
    if value.casefold() == "skip":
        return ""
    try:
        written = await resolved(host, step.key, value)
        await asyncio.to_thread(host.book.change, host.caller.guild, {step.key: written}, host.caller.user)
    except (Misconfigured, Denied, Unavailable) as error:
        return f"{error}."
    return ""


def _ask(step: Step, todo: tuple[Step, ...], before: str) -> Result:
    number, total = todo.index(step) + 1, len(todo)
    place = f"Step {number} of {total}, {step.name}: "
    ways = " | ".join(f"!setup {step.name} {value}" for value, _ in step.choices)
    text = "\n".join(part for part in (before, place + step.question, f"Say {ways}, another value, or skip.") if part)
    facts: dict[str, str | int | float] = {
        "step": step.name,
        "question": step.question,
        "question_key": f"setup.question.{step.name}",
        "number": number,
        "total": total,
        "ways": ways,
        "before": f"{before}\n" if before else "",
    }
    return Result(text, "step", facts, buttons=buttons(step))


async def _summary(host: Host) -> Result:
    settings = host.book.read(host.caller.guild)
    todo = steps(server=host.caller.guild != HERE)
    rows = tuple((step.key, read_out(settings, step.key)) for step in todo)
    lines = "\n".join(f"- {key}: {value}" for key, value in rows)
    lacking_ = await _permissions(host)
    foot = "Change them with !settings set, take a change back with !settings undo, begin anew with !setup again."
    card = Card("Set up", "\n".join(part for part in (lacking_, foot) if part), rows)
    return Result("That is all. These settings are in force:", "done", {"list": lines}, card=card)


async def _permissions(host: Host) -> str:
    """Which permissions are missing, and what each is for; only where there are any."""
    if host.caller.guild == HERE or "guilds" not in host.doors:
        return ""
    wanted: dict[str, list[str]] = defaultdict(list)
    for spec in host.tools:
        for permission in spec.permissions:
            wanted[permission].append(spec.name)
    try:
        me = await host.guilds.me(host.caller.guild)
    except (Denied, Unavailable) as error:
        return f"I cannot look up my own permissions now ({error})."
    lines = [f"- {spoken(frozenset({name}))}: {why}" for name, why in missing(me.permissions, wanted)]
    if not lines:
        return "I hold every permission that my tools need."
    return "I lack permissions; without one, what it is for does not work, and the rest does:\n" + "\n".join(lines)


def _key(host: Host) -> str:
    return str(host.caller.guild or f"user/{host.caller.user}")


def _done(host: Host, step: str) -> frozenset[str]:
    """The steps that were answered, this one as well; kept, so that the run goes on after a break."""
    shelf = host.shelf(_TABLE)
    row = shelf.get(_key(host)) or {"done": []}
    done = [*row["done"], *([step] if step and step not in row["done"] else [])]
    if step:
        shelf.put(_key(host), {"done": done, "by": host.caller.user, "at": host.now.isoformat()})
    return frozenset(done)
