"""The table of commands: each lives in a module of its own, imported only when it is called."""

from importlib import import_module
from typing import Protocol, cast

import typer

COMMANDS: dict[str, str] = {
    "audit": "audit_cmd",
    "bot": "bot_cmd",
    "chat": "chat_cmd",
    "config": "config_cmd",
    "doctor": "doctor_cmd",
    "controller": "controller_cmd",
    "demo": "demo_cmd",
    "deployer": "deployer_cmd",
    "judge": "judge_cmd",
    "override": "emergency_cmd",
    "policy": "policy_cmd",
    "resume": "emergency_cmd",
    "rollback": "emergency_cmd",
    "stop": "emergency_cmd",
    "validate": "validate_cmd",
}
"""Command name to module below `bot.app`; the module has `register(app)`."""


class CommandModule(Protocol):
    """A module that adds one command, or one group of commands, to the command line."""

    def register(self, app: typer.Typer) -> None: ...


def build(argv: list[str]) -> typer.Typer:
    """The command line for these arguments: only the module that is asked for is imported, all for `--help`."""
    app = typer.Typer(name="megawatts", help=__doc__, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    app.callback()(_root)
    asked = next((word for word in argv if not word.startswith("-")), "")
    wanted = {COMMANDS[asked]} if asked in COMMANDS else set(COMMANDS.values())
    for module in sorted(wanted):
        cast("CommandModule", import_module(f"bot.app.{module}")).register(app)
    return app


def _root() -> None:
    """Megawatts improves its own code by pull request. Start with: megawatts demo."""
