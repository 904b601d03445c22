"""`megawatts route`: which model would be asked, and why."""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from bot.app import models, settings
from bot.app.home import Home
from bot.core.chat import HERE, Scope
from bot.core.errors import Unavailable
from bot.core.ids import ChannelId, GuildId, UserId
from bot.core.model import Prompt
from bot.core.verdict import Status, Verdict
from bot.policy.routing import Candidate, Route, Rules, route

ADD = (
    "No model is configured, so the offline responder answers. Add one: set OPENAI_API_KEY, ANTHROPIC_API_KEY, or "
    "LLAMA_API_ENDPOINT (Ollama or any server that speaks OpenAI's protocol), or DEFAULT_AI_PROVIDER=local for the "
    "small model of the extra `local`."
)
OFF = "DEFAULT_AI_PROVIDER is offline, so the offline responder answers: set it to auto to use models."
CODES = {Status.PASS: 0, Status.INCONCLUSIVE: 0}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be explained."""

    text: str
    private: bool = False
    tools: bool = True
    user: str = ""
    guild: str = ""
    home: Path | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """The decision, and what stood in its way."""

    route: Route
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, object]:
        """For other programs: the verdict tree, the order of asking, the notes."""
        return {
            "chain": [one.name for one in self.route.chain],
            "verdict": self.route.explain().to_dict(),
            "notes": list(self.notes),
        }


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Which model would be asked, and why.")
    group.callback()(_group)
    group.command("explain", epilog='Example: megawatts route explain "compare these two designs"')(explain_command)
    app.add_typer(group, name="route", no_args_is_help=True)


def _group() -> None:
    """Which model would be asked, and why."""


def explain_command(
    text: Annotated[str, typer.Argument(help="What a member might say.")],
    private: Annotated[bool, typer.Option("--private", help="As a direct message.")] = False,
    tools: Annotated[bool, typer.Option(help="With tools on offer.")] = True,
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    *,
    user: Annotated[str, typer.Option(help="Member whose budget counts.")] = "",
    guild: Annotated[str, typer.Option(help="Guild whose budget counts.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Say which models would be asked for this text, in which order, and why. Nothing is sent to a model.

    Latency and health are those of a bot that has just begun. Exit code: 0, or 1 if no model may be asked.
    """
    given = settings.load()
    explained = asyncio.run(explain(given, Asked(text, private, tools, user, guild, home)))
    verdict = explained.route.explain()
    if as_json:
        sys.stdout.write(json.dumps(explained.to_dict(), indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(shown(explained, verdict))
    raise typer.Exit(CODES.get(verdict.status, 1))


async def explain(given: settings.Settings, asked: Asked) -> Explained:
    """The route under these settings. Raises Misconfigured for settings that no provider can use."""
    from bot.agent.router import task_of  # noqa: PLC0415  (not needed for the help)
    from bot.agent.wire import Limits  # noqa: PLC0415

    scope = Scope(UserId(asked.user), ChannelId(""), GuildId(asked.guild) or HERE, private=asked.private)
    task = task_of(Prompt("", asked.text), scope, Limits(timeout=given.ai_timeout / 1000), tools=asked.tools)
    candidates, notes = await _candidates(given)
    if not models.configured(given):
        notes = [*notes, OFF if given.default_ai_provider == "offline" else ADD]
    left = await _left(given, scope, asked.home)
    rules = Rules(given.default_ai_provider, given.ai_private_local_only, left)
    return Explained(route(task, candidates, {}, rules), tuple(notes))


async def _candidates(given: settings.Settings) -> tuple[list[Candidate], list[str]]:
    """What the providers have; one that does not answer is a note."""
    found: list[Candidate] = []
    notes: list[str] = []
    for provider in models.providers(given):
        try:
            listed: Sequence[Candidate] = await provider.candidates()
            found += listed
            if not listed:
                notes.append(f"{provider.name} has no model: add one there, or name one in the settings")
        except Unavailable as error:
            notes.append(str(error))
        finally:
            await provider.close()
    return found, notes


async def _left(given: settings.Settings, scope: Scope, home: Path | None) -> float | None:
    """What may still be spent today by the records of this home; all of it where there are none."""
    from bot.agent.ledger import Ledger  # noqa: PLC0415  (not needed for the help)
    from bot.app.bot_wiring import now  # noqa: PLC0415
    from bot.policy.budget import Budget  # noqa: PLC0415

    rules = Budget(given.ai_user_daily_usd, given.ai_guild_daily_usd, given.ai_daily_usd)
    from bot.app.stores import database_url, open_records  # noqa: PLC0415  (opens the store)

    place = Home.find(home)
    if not database_url(given) and not place.records.is_file():
        return min(rules.user, rules.guild if scope.guild else rules.user, rules.everyone)
    with closing(await asyncio.to_thread(open_records, given, place)) as records:
        return await Ledger(records, rules, now, "explain").left(scope)


def shown(explained: Explained, verdict: Verdict) -> str:
    """The table for a person."""
    from rich.console import Console  # noqa: PLC0415  (not needed for --json)
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=sys.stdout)
    with console.capture() as captured:
        console.print(Text(f"{verdict.children[0].because}"))
        if explained.route.places:
            columns = ("", Column("model", no_wrap=True), "points", "$ per million in/out", "why")
            table = Table(*columns, show_edge=False, pad_edge=False)
            for number, place in enumerate(explained.route.places, 1):
                price = place.candidate.price
                cost = f"{price.input:g} / {price.output:g}" if price.input or price.output else "free"
                told = verdict.children[number].because
                place_shown = "-" if place.obstacle else str(number)
                table.add_row(place_shown, Text(place.candidate.name), f"{place.points:.2f}", cost, Text(told))
            console.print(table)
            console.print(Text(verdict.because))
        for note in explained.notes:
            console.print(Text(note))
    return captured.get()
