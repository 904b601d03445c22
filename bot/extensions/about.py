"""What the bot is, can do, and how it is: generated, so that it is always true."""

from typing import Annotated

from bot.sdk import Host, Result, tool


@tool("Say how to talk to me, or explain one tool.", "!help")
def show_help(host: Host, topic: Annotated[str, "name of a tool"] = "") -> Result:
    """General help, or one tool's summary with an example."""
    wanted = topic.strip().casefold().lstrip("!")
    if wanted:
        for spec in host.tools:
            if wanted in (spec.name, spec.say.lstrip("!").split()[0]):
                facts = {"tool": spec.name, "summary": spec.summary, "say": spec.say}
                return Result(f"{spec.summary} Example: {spec.say}", "one", facts)
        return Result(
            f"I have no tool called {wanted!r}. Say !help for all of them.", "no_topic", {"topic": wanted}, ok=False
        )
    commands = ", ".join(sorted({spec.say.split()[0] for spec in host.tools}))
    return Result(f"Talk to me as you like, or use a command: {commands}", facts={"commands": commands})


@tool("List everything I can do.", "what can you do?")
def list_capabilities(host: Host) -> Result:
    """Every tool of this process with an example, from the registry itself."""
    lines = "\n".join(f"- {spec.summary} ({spec.say})" for spec in host.tools)
    return Result(f"I can:\n{lines}", facts={"list": lines, "count": len(host.tools)})


@tool("Say how I am: version, uptime, what runs.", "!status")
def show_status(host: Host) -> Result:
    """What a member may know of the running process."""
    status = host.status()
    text = ", ".join(f"{name} {value}" for name, value in status.items())
    return Result(f"I am well: {text}." if text else "I am well.", facts={"state": text})


@tool("Tell the time and date, in UTC.", "!time")
def tell_time(host: Host) -> Result:
    """The bot's clock; members' own time zones are not known here."""
    facts = {"time": f"{host.now:%H:%M}", "date": f"{host.now:%Y-%m-%d}"}
    return Result(f"It is {facts['time']} UTC on {facts['date']}.", facts=facts)
