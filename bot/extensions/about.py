"""What the bot is, can do, and how it is: generated, so that it is always true."""

from collections import defaultdict
from typing import Annotated

from bot.sdk import HERE, Complete, File, Host, Result, ToolSpec, tool

_LIMITS = {
    "guilds": "no server is connected here, so that tools for servers do not work",
    "memories": "there is no long-term memory here",
    "messenger": "I cannot speak first here, so that there are no threads and announcements",
    "book": "settings cannot be changed here",
    "audit": "there is no audit log here",
}
"""What is not possible where a door is missing."""
_RULES = """- What changes something for others needs the asking member's own permission, and most of it a button.
- I never change my own code while I run: every change is a proposal that is tested and agreed to."""


_GROUPS = {
    "about": "talk", "summary": "talk", "internal_text": "talk",
    "memory": "memory", "reminders": "reminders", "dice": "chance",
    "suggest": "ideas", "planning": "ideas", "feedback": "ideas", "proposals": "ideas", "internal_code": "ideas",
    "setup": "settings", "settings": "settings", "plugins": "settings", "usage": "settings", "insights": "settings",
    "emergency": "admins", "audit": "admins", "links": "admins",
}  # fmt: skip
"""Families that are listed in one line; others have their own."""


def _topics(host: Host, typed: str) -> list[str]:
    return [spec.command for spec in host.tools if spec.command and typed.casefold() in spec.command][:25]


@tool("Say how to talk to me, or explain one command.", "!help", command="help")
def show_help(host: Host, topic: Annotated[str, "a command or tool", Complete(_topics)] = "") -> Result:
    """General help by families, one family, or one tool's summary with its arguments and an example."""
    wanted = " ".join(topic.strip().casefold().lstrip("!/").split())
    if wanted:
        return _about(host, wanted)
    everything = ", ".join(sorted({_call(spec) for spec in host.tools}))
    lines, more = _families(host), _more(host)
    start = "Talk to me as you like, or use a command:"
    text = f"{start}\n{lines}{more.get('more', '')}\n!help COMMAND explains one, !help FAMILY lists it."
    return Result(text, facts={"commands": everything, "list": lines, **more})


def _about(host: Host, wanted: str) -> Result:
    exact = next((spec for spec in host.tools if wanted in {spec.name, spec.command}), None)
    family = [spec for spec in host.tools if wanted in {spec.group, spec.command.split(" ")[0]}]
    said = next((spec for spec in host.tools if spec.say.startswith("!") and wanted == spec.say[1:].split()[0]), None)
    if exact is None and len(family) > 1:
        lines = "\n".join(f"- {_call(spec)}: {spec.summary}" for spec in family)
        return Result(f"{wanted}:\n{lines}", "family", {"list": lines, "topic": wanted})
    if found := exact or said or next(iter(family), None):
        return _one(found)
    text = f"I have no tool called {wanted[:60]!r}. Say !help for all of them."
    return Result(text, "no_topic", {"topic": wanted[:60]}, ok=False)


def _one(spec: ToolSpec) -> Result:
    arguments = [
        f"- {name}: {shape.get('description') or ', '.join(shape.get('enum', ())) or shape['type']}"
        for name, shape in spec.parameters["properties"].items()
    ]
    facts: dict[str, str | int | float] = {"tool": spec.name, "summary": spec.summary, "say": spec.say}
    first = f"{spec.summary} Example: {spec.say}"
    return Result("\n".join([first, *arguments]), "one", facts)


def _call(spec: ToolSpec) -> str:
    return f"!{spec.command}" if spec.command else spec.say.split()[0] if spec.say.startswith("!") else f'"{spec.say}"'


@tool("List everything I can do, and what I cannot do here.", "what can you do?", command="capabilities")
def list_capabilities(host: Host) -> Result:
    """Every tool of this process with an example, from the registry itself; limits from the doors that are there.

    What is said of it in short names the families; the whole list, with what works elsewhere, travels as a file too.
    """
    lines = "\n".join(f"- {spec.summary} ({spec.say})" for spec in _here(host))
    everything = "\n".join(f"- {spec.summary} ({spec.say})" for spec in host.tools)
    limits = "\n".join(f"- {text}" for door, text in _LIMITS.items() if door not in host.doors)
    known = "\n".join(part for part in (limits, _RULES) if part)
    more = _more(host)
    text = f"I can:\n{lines}{more.get('more', '')}\nLimits:\n{known}"
    facts: dict[str, str | int | float] = {"list": _families(host), "tools": len(host.tools), "limits": known, **more}
    whole = f"I can:\n{everything}\nLimits:\n{known}\n\n{_told(*_profile(host))}"
    return Result(text, facts=facts, files=(File("capabilities.md", whole.encode()),))


def _here(host: Host) -> list[ToolSpec]:
    """What works where the member asks: outside of a server, nothing that is about servers."""
    return [spec for spec in host.tools if host.caller.guild != HERE or not spec.guild_only]


def _more(host: Host) -> dict[str, str | int | float]:
    """How many tools were left out, as facts for a line of its own; an empty line where none were."""
    count = len(host.tools) - len(_here(host))
    if not count:
        return {"more": ""}
    line = f"\n- {count} more work{'s' if count == 1 else ''} on a Discord server only"
    return {"more": line, "more_key": "about.more", "count": count}


def _families(host: Host) -> str:
    """A line for each group of what members do; tools of servers are counted by family, since there are many."""
    groups: defaultdict[str, list[ToolSpec]] = defaultdict(list)
    servers: defaultdict[str, int] = defaultdict(int)
    for spec in _here(host):
        if spec.guild_only:
            servers[spec.group] += 1
        else:
            groups[_GROUPS.get(spec.group, spec.group)].append(spec)
    order = [*dict.fromkeys(_GROUPS.values()), *sorted(set(groups) - set(_GROUPS.values()))]
    lines = [f"- {name}: {', '.join(_ways(groups[name]))}" for name in order if groups[name]]
    if servers:
        named = ", ".join(f"!help {name} ({count})" for name, count in sorted(servers.items()))
        lines.append(f"- this server, within what you may do: {named}")
    return "\n".join(lines)


def _ways(specs: list[ToolSpec]) -> list[str]:
    """Commands with their second words behind them, and shorter ways to say the same."""
    roots: defaultdict[str, list[str]] = defaultdict(list)
    for spec in specs:
        root, _, rest = spec.command.partition(" ")
        roots[root] += [rest] if rest else []
    commands = [f"!{root}" + (f" {'/'.join(rest)}" if rest else "") for root, rest in roots.items() if root]
    said = [spec.say.split()[0] if spec.say.startswith("!") else f'"{spec.say}"' for spec in specs]
    return [*commands, *(one for one in dict.fromkeys(said) if one.lstrip("!") not in roots)]


@tool("Say what I am, and what I am connected to.", "!about", command="about")
def show_profile(host: Host) -> Result:
    """The running process as it knows itself: generated from its doors and settings, without secrets and addresses."""
    lines, points = _profile(host)
    return Result(_told(lines, points), facts={"list": lines, "points": points})


def _profile(host: Host) -> tuple[str, str]:
    """What this process is, and what it is connected to."""
    profile = host.profile()
    lines = "\n".join(f"- {name}: {value}" for name, value in {**host.status(), **profile.facts}.items())
    points = "\n".join(f"- {name}: {value}" for name, value in profile.connections.items())
    return lines, points or "- nothing is known here"


def _told(lines: str, points: str) -> str:
    return f"I am Megawatts:\n{lines}\nConnected to:\n{points}"


@tool("Answer a question, as if you had written to me.", "!ask why is the sky blue", command="ask")
def ask_question(_host: Host, question: Annotated[str, "what you want to know"] = "") -> Result:
    """For carriers that list commands: what follows is taken as a message before this is ever called. Whoever calls it
    as a tool is told how to ask."""
    if not question.strip():
        return Result("Ask me something: mention me, write to me in private, or say it after !ask.", "how", ok=False)
    return Result("That is a question for the conversation, not for a tool: write it to me directly.", "how", ok=False)


@tool("Say how I am: version, uptime, what runs, whether I am stopped.", "!status", command="status", needs=("switch",))
def show_status(host: Host) -> Result:
    """What a member may know of the running process."""
    state = ", ".join(f"{name} {value}" for name, value in host.status().items())
    stop = host.switch.state() if "switch" in host.doors else None
    if stop is not None:
        facts: dict[str, str | int | float] = {"state": state, "by": stop.by, "reason": stop.reason}
        return Result(f"I answer, but all changes are stopped, by {stop.by}: {stop.reason}. {state}", "stopped", facts)
    return Result(f"I am well: {state}." if state else "I am well.", facts={"state": state})


@tool("Tell the time and date, in UTC.", "!time", command="time")
def tell_time(host: Host) -> Result:
    """The bot's clock; members' own time zones are not known here."""
    facts = {"time": f"{host.now:%H:%M}", "date": f"{host.now:%Y-%m-%d}"}
    return Result(f"It is {facts['time']} UTC on {facts['date']}.", facts=facts)
