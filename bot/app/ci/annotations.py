"""Annotations of a change on GitHub, by workflow commands.

The commands: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bot.app.ci.findings import Place
from bot.core.text import one_line

SHOWN = 10
"""GitHub shows ten of each level a step."""


def annotations(found: Iterable[Place]) -> str:
    """One command a line: the ten first of each level, and how many there are more."""
    by_level: dict[str, list[Place]] = {}
    for place in found:
        by_level.setdefault(place.level, []).append(place)
    lines = [_command(place) for places in by_level.values() for place in places[:SHOWN]]
    more = sum(max(0, len(places) - SHOWN) for places in by_level.values())
    if more:
        lines.append(f"{more} more stand in the summary and in the report")
    return "".join(f"{line}\n" for line in lines)


def _command(place: Place) -> str:
    properties = {"title": f"{place.stage}: {place.rule}" if place.rule != place.stage else place.stage}
    if place.path:
        properties["file"] = place.path
    if place.line:
        properties["line"] = str(place.line)
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{place.level} {told}::{data(one_line(place.message, 800))}"


def data(text: str) -> str:
    """Text that ends no command and begins none (the toolkit's `escapeData`)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return data(one_line(text, 300)).replace(":", "%3A").replace(",", "%2C")


@contextmanager
def mute(*, on: bool) -> Iterator[None]:
    """Let nothing that is printed inside be taken for a workflow command: evidence quotes what strangers wrote."""
    if not on:
        yield
        return
    token = secrets.token_hex(16)
    sys.stdout.write(f"::stop-commands::{token}\n")
    sys.stdout.flush()
    try:
        yield
    finally:
        sys.stdout.write(f"\n::{token}::\n")
        sys.stdout.flush()
