"""What the bot is extended by."""

from collections import Counter

from bot.sdk import Host, Result, tool


@tool("List plugins and built-in extensions.", "!plugins", command="plugins")
def list_plugins(host: Host) -> Result:
    """The families of built-in tools. Plugins from elsewhere cannot be loaded by this version, and it says so."""
    families = Counter(spec.group for spec in host.tools)
    lines = "\n".join(f"- {name}: {count} tool{'s' if count > 1 else ''}" for name, count in sorted(families.items()))
    text = f"No plugins are loaded: this version cannot load any. Built in are:\n{lines}"
    return Result(text, facts={"list": lines, "count": len(families)})
