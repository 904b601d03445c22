"""docs/commands.md: every command with its options, defaults and exit codes, from the command line itself."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from bot.app.commands import GROUPS, build
from bot.app.references.scan import cell, code

_HEAD = """# Commands

Written by `megawatts docs` from the commands themselves; a test compares the two.

Every command takes `--help`, and `--debug`, which shows the traceback of an expected error. Errors are one sentence on
stderr with the fix. Exit code 3: the command could not do its work; 2: it was called wrongly, unless it says otherwise.
"""


def commands() -> str:
    """The page."""
    root: Any = get_command(build([]))
    known = set(root.commands)
    parts = [_HEAD]
    for title, names in {
        **GROUPS,
        "Other": tuple(sorted(known - {n for some in GROUPS.values() for n in some})),
    }.items():
        there = [name for name in names if name in known]
        if there:
            parts.append(f"## {title}\n")
        for name in there:
            parts += [_section(path, command) for path, command in leaves(f"megawatts {name}", root.commands[name])]
    return "\n".join(parts).rstrip() + "\n"


def leaves(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """The commands that do something, each with all the words that call it."""
    inner = getattr(command, "commands", None)
    if inner is None or command.invoke_without_command:
        yield path, command
    for name, one in (inner or {}).items():
        yield from leaves(f"{path} {name}", one)


def _section(path: str, command: Any) -> str:
    text, _, example = _told(command).partition("Example: ")
    context = typer.Context(command)
    rows = [one.get_help_record(context) for one in command.params]
    table = "\n".join(f"| {code(form)} | {cell(what)} |" for form, what in (row for row in rows if row))
    usage = f"{path} {' '.join(command.collect_usage_pieces(context))}"
    shown = [f"### {path}\n", f"{text.strip()}\n", f"```\n{usage}\n```\n"]
    if example:
        shown.append(f"Example: `{' '.join(example.split())}`\n")
    if table:
        shown.append(f"| option | what |\n|---|---|\n{table}\n")
    return "\n".join(shown)


def _told(command: Any) -> str:
    """The command's own words, its example last."""
    said = [part.strip() for part in str(command.help or "").split("\n\n")]
    first, mark, example = said[0].partition("Example: ")
    if command.epilog:
        mark, example = "", str(command.epilog)
    return "\n\n".join([first.strip(), *(" ".join(part.split()) for part in said[1:]), mark + example])
