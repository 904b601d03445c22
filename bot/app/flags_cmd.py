"""`megawatts flags`: what is declared, who gets which side, what is stopped, and how experiments stand."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.chat import flags as declared
from bot.core.flags import Decision, Flag, Stopped, Unit
from bot.core.ids import GuildId, UserId
from bot.policy.flag_stops import TABLE as STOPS
from bot.policy.flag_stops import stopped
from bot.policy.flags import counts, decide

_SEEN = ("began", "state", "because", "figures")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("flags")(flags)


def flags(
    user: Annotated[str, typer.Option(help="Say what holds for this member.")] = "",
    guild: Annotated[str, typer.Option(help="Say what holds on this server.")] = "",
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show every feature flag, what holds and why, stops and experiments. Example: megawatts flags --user 42 --json"""
    found, unit = declared.load(), Unit(UserId(user), GuildId(guild))
    stops, trials = _kept(home)
    rows = [_row(flag, unit, stops, trials.get(flag.trial)) for flag in found.values()]
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    for row in rows:
        sys.stdout.write(_text(row))


def _kept(home: Path | None) -> tuple[tuple[Stopped, ...], dict[str, Any]]:
    """Stops and experiments, where there is a home that holds any; nothing is created."""
    from bot.app.home import Home  # noqa: PLC0415  (only this command needs what follows)
    from bot.app.settings import load  # noqa: PLC0415
    from bot.app.stores import database_url, open_records  # noqa: PLC0415

    place, settings = Home.find(home), load()
    if not database_url(settings) and not place.records.exists():
        return (), {}
    records = open_records(settings, place)
    try:
        return stopped(records.scan(STOPS)), dict(records.scan("experiments"))
    finally:
        records.close()


def _row(flag: Flag, unit: Unit, stops: tuple[Stopped, ...], trial: dict[str, Any] | None) -> dict[str, Any]:
    from bot.app.bot_wiring import now  # noqa: PLC0415

    decision: Decision = decide(flag, unit, now(), stops)
    row: dict[str, Any] = {"name": flag.name, "family": flag.family, "what": flag.what, "owner": flag.owner}
    row |= {"off": flag.off, "on": flag.on, "default": flag.default, "safe": flag.safe, "share": flag.share}
    row |= {"value": decision.value, "because": decision.because}
    row["stops"] = [asdict(one) for one in stops if counts(one, flag)]
    if flag.experiment is not None:
        seen = {key: trial[key] for key in _SEEN} if trial else {"state": "not seen yet"}
        row["experiment"] = {"trial": flag.trial, **asdict(flag.experiment), **seen}
    return row


def _text(row: dict[str, Any]) -> str:
    trial = row.get("experiment")
    lines = [f"{row['name']} = {row['value']}  [{row['family']}]", f"    {row['what']}", f"    {row['because']}"]
    lines += [f"    stopped in {one['guild'] or 'every guild'} by {one['by']}: {one['reason']}" for one in row["stops"]]
    if trial:
        lines.append(f"    experiment {trial['trial']} on {trial['metric']}: {trial['state']}")
        lines += [f"      {name} {value}" for name, value in trial.get("figures", {}).items()]
    return "\n".join(lines) + "\n"
