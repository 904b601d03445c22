"""The table of commands: each lives in a module of its own, imported only when it is called."""

from importlib import import_module
from typing import Any, Protocol, cast

import typer
from typer.core import TyperGroup

COMMANDS: dict[str, str] = {
    "audit": "audit_cmd",
    "backup": "backup_cmd",
    "bot": "bot_cmd",
    "chat": "chat_cmd",
    "changelog": "changelog_cmd",
    "ci": "ci.cmd",
    "config": "config_cmd",
    "db": "db_cmd",
    "doctor": "doctor_cmd",
    "controller": "controller_cmd",
    "demo": "demo_cmd",
    "deployer": "deployer_cmd",
    "docs": "docs_cmd",
    "flags": "flags_cmd",
    "improve": "improve_cmd",
    "init": "init_cmd",
    "judge": "judge_cmd",
    "knowledge": "knowledge_cmd",
    "override": "emergency_cmd",
    "policy": "policy_cmd",
    "promote": "promote_cmd",
    "quarantine": "quarantine_cmd",
    "red-team": "red_team_cmd",
    "restore": "backup_cmd",
    "resume": "emergency_cmd",
    "retry": "retry_cmd",
    "route": "route_cmd",
    "rollback": "emergency_cmd",
    "stop": "emergency_cmd",
    "validate": "validate_cmd",
    "verify": "verify_cmd",
    "watch": "watch_cmd",
}
"""Command name to module below `bot.app`; the module has `register(app)`."""


GROUPS: dict[str, tuple[str, ...]] = {
    "Begin": ("demo", "chat", "route", "doctor"),
    "Improve and judge": ("improve", "knowledge", "retry", "validate", "judge", "policy"),
    "Run": ("init", "bot", "deployer", "controller", "watch", "config", "flags", "db", "backup", "restore"),
    "Emergency and record": ("stop", "resume", "rollback", "override", "quarantine", "audit", "verify"),
    "This repository": ("docs", "changelog", "ci", "promote", "red-team"),
}
"""How `--help` arranges the commands, by what a person wants."""
HELP = "Megawatts: a bot that improves its own code by pull request. Start with: megawatts demo"


class Arranged(TyperGroup):
    """The command line's help with commands in groups instead of one long list."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  (typer calls it so)
        """One section a group; a command without a group comes last, so that none is ever hidden."""
        left = dict(self.commands)
        width = max(map(len, left), default=0)
        for title, names in {**GROUPS, "Other": tuple(left)}.items():
            found = [(name, left.pop(name)) for name in names if name in left]
            if not found:
                continue
            with formatter.section(title):
                limit = formatter.width - 6 - width
                rows = [(name.ljust(width), command.get_short_help_str(limit)) for name, command in found]
                formatter.write_dl(rows)


class CommandModule(Protocol):
    """A module that adds one command, or one group of commands, to the command line."""

    def register(self, app: typer.Typer) -> None: ...


def build(argv: list[str]) -> typer.Typer:
    """The command line for these arguments: only the module that is asked for is imported, all for `--help`."""
    app = typer.Typer(
        name="megawatts", cls=Arranged, help=HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None
    )
    app.callback()(_root)
    asked = next((word for word in argv if not word.startswith("-")), "")
    wanted = {COMMANDS[asked]} if asked in COMMANDS else set(COMMANDS.values())
    for module in sorted(wanted):
        cast("CommandModule", import_module(f"bot.app.{module}")).register(app)
    return app


def _root() -> None:
    """What concerns every command: `--debug` shows the traceback of an expected error (see `bot.__main__`)."""
