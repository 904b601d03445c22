"""docs/tools.md: what members can ask the bot to do, from the tools themselves."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import bot.extensions
from bot.app.references.scan import cell, code
from bot.sdk import ToolSpec, discover

_KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes or no"}


def tools() -> str:
    """The page."""
    specs = sorted((one.spec for one in discover(bot.extensions)), key=lambda one: (one.group, one.name))
    lines = [
        "# Tools",
        "",
        "Written by `megawatts docs` from the tools; a test compares the two.",
        "",
        "What members can ask for, by talking, with the prefix (`!help`), as slash commands, in the terminal and over",
        "the local endpoint. A tool acts with the lesser of the member's Discord permissions and the bot's own, looked",
        "up when it acts; ranks of roles and what a member can see count as they do on Discord. *asks*: it shows what",
        "will happen and waits for that member's button, whoever calls it. *changes*: a model can only propose it, the",
        "member presses the button. *private*: the answer is for that member's eyes. *server*: on Discord only.",
    ]
    for group, found in groupby(specs, key=lambda one: one.group):
        lines += [
            "",
            f"## {group or 'Other'}",
            "",
            "| tool | command | what | arguments | permissions | |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_row(spec) for spec in found]
    return "\n".join([*lines, ""])


def _row(spec: ToolSpec) -> str:
    given = "; ".join(_argument(name, shape, spec.parameters["required"]) for name, shape in _properties(spec).items())
    needed = ", ".join(code(name) for name in sorted(spec.permissions)) or "-"
    kinds = {
        "asks": spec.destructive,
        "changes": spec.mutates and not spec.destructive,
        "private": spec.private,
        "server": spec.guild_only,
    }
    marks = ", ".join(name for name, so in kinds.items() if so) or "-"
    command = code("/" + spec.command) if spec.command else "-"
    return f"| {code(spec.name)} | {command} | {cell(spec.summary)} | {cell(given) or '-'} | {needed} | {marks} |"


def _properties(spec: ToolSpec) -> Mapping[str, Mapping[str, Any]]:
    return dict(spec.parameters["properties"])


def _argument(name: str, shape: Mapping[str, Any], required: list[str]) -> str:
    kind = " or ".join(shape["enum"]) if "enum" in shape else shape.get("format") or _KINDS[shape["type"]]
    about = f", {shape['description']}" if shape.get("description") else ""
    return f"{code(name)}{'' if name in required else '?'} ({kind}{about})"
