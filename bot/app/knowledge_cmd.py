"""`megawatts knowledge`: what was learned from outcomes, how sure that is, and a person's word to forget a lesson."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.app.emergency_cmd import HomeOption, JsonOption, who
from bot.app.home import Home
from bot.app.settings import load
from bot.app.stores import open_audit, open_records
from bot.core.errors import Denied
from bot.core.ports import Records
from bot.core.text import one_line
from bot.improve import board
from bot.improve.knowledge_keeping import forget as forget_lesson
from bot.improve.knowledge_keeping import known
from bot.improve.knowledge_view import Strategy, failed, lesson_lines, lesson_row, strategies
from bot.policy import symptoms
from bot.policy.knowledge_lifecycle import Lesson
from bot.policy.patterns import patterns

_MOST = 30


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(invoke_without_command=True)
    group.callback()(shown)
    group.command("forget")(forget)
    app.add_typer(group, name="knowledge")


def shown(
    ctx: typer.Context,
    strategy: Annotated[str, typer.Option(help="AUTHOR/RULE: the outcomes behind one strategy.")] = "",
    home: HomeOption = None,
    *,
    habits: Annotated[bool, typer.Option("--patterns", help="When members come with what, and what follows.")] = False,
    failures: Annotated[bool, typer.Option("--failed", help="What went wrong, the newest first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What was learned of each strategy, and how sure that is, as the next ranking prefers them.
    Example: megawatts knowledge --failed"""
    if ctx.invoked_subcommand is not None:
        return
    place, now = Home.find(home).existing(), datetime.now(UTC)
    with closing(open_records(load(), place)) as records:
        lessons = known(records, now)
        found, queue, noted = strategies(lessons, now), waiting(records), records.scan(symptoms.TABLE) if habits else ()
    if habits:
        met = patterns(one for _key, row in noted if (one := symptoms.read(row)) is not None)
        typer.echo(json.dumps(met.row()) if as_json else "\n".join(met.lines()))
    elif strategy:
        typer.echo(_behind(found, strategy, as_json=as_json))
    elif failures:
        typer.echo(_failed(failed(lessons), as_json=as_json))
    elif as_json:
        rows = {"strategies": [one.row() for one in found], "next": queue, "lessons": [*map(lesson_row, lessons)]}
        typer.echo(json.dumps(rows))
    else:
        typer.echo(_table(found, queue))


def forget(
    lesson: Annotated[str, typer.Argument(help="The 12 digits of a lesson.")],
    because: Annotated[str, typer.Option(help="Why.")] = "",
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Delete a lesson's words, on record. Example: megawatts knowledge forget 0123456789ab --because "names a person"

    It ranks and warns no more. What it refused stays refused: `megawatts retry` lets an idea be tried again.
    """
    place, by, settings = Home.find(home).existing(), who(), load()
    with closing(open_records(settings, place)) as records:
        audit = open_audit(settings, place, records)
        gone = forget_lesson(records, audit, lesson, by=by, reason=because)
    row = {"forgotten": lesson, "by": by, "result": gone.result.value}
    still = f"it stays {gone.result.value}" if as_json else f"that it was {gone.result.value} is still known"
    typer.echo(json.dumps(row) if as_json else f"forgot {lesson}; {still}")


def waiting(records: Records) -> list[Mapping[str, Any]]:
    """What the last ranking would try next, best first, with its reasons."""
    row = records.get(board.QUEUE, board.KEY) or {"ideas": []}
    return [dict(one) for one in row["ideas"]]


def _table(found: Sequence[Strategy], queue: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "nothing was learned yet: no idea was tried"
    width = max(len(one_line(one.name, 48)) for one in found)
    lines = ["Strategies, as the next ranking prefers them: by the chance as it may well be (mean and some spreads):"]
    lines += [f"  {one_line(one.name, 48).ljust(width)}  {one.because()}" for one in found[:_MOST]]
    lines += [f"  and {len(found) - _MOST} more (--json has all)"] if len(found) > _MOST else []
    lines += ["", "Next, as the last ranking found it:" if queue else "Nothing waits to be tried."]
    lines += [f"  {one['id']} {one_line(str(one['title']), 80)}: {one_line(str(one['because']), 240)}" for one in queue]
    return "\n".join(lines)


def _behind(found: Sequence[Strategy], name: str, *, as_json: bool) -> str:
    one = next((some for some in found if some.name == name), None)
    if one is None:
        there = ", ".join(one_line(some.name, 60) for some in found[:10]) or "none was tried yet"
        raise Denied(f"--strategy {one_line(name, 80)!r} was never tried; there are: {there}")
    if as_json:
        return json.dumps({**one.row(), "lessons": [*map(lesson_row, one.lessons)]})
    return "\n".join([f"{one.name}: {one.because()}", *map(lesson_lines, one.lessons)])


def _failed(found: Sequence[Lesson], *, as_json: bool) -> str:
    if as_json:
        return json.dumps([*map(lesson_row, found)])
    return "\n".join(map(lesson_lines, found[:_MOST])) or "nothing went wrong yet"
