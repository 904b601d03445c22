"""`megawatts stop`, `resume`, `rollback` and `override`: a person's word against the machine's, always on record."""

import asyncio
import getpass
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.switch import FileSwitch
from bot.app.home import Home
from bot.app.settings import load
from bot.app.stores import open_audit, open_records, open_switch
from bot.core.case import Stop
from bot.core.errors import Denied, MegawattsError, Misconfigured, Unavailable
from bot.core.ids import Sha
from bot.core.ports import AuditLog, Records, Switch
from bot.core.text import one_line

HomeOption = Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (stop, resume, rollback, override):
        app.command(command.__name__)(command)


def stop(
    reason: Annotated[str, typer.Argument(help="Why.")], home: HomeOption = None, *, as_json: JsonOption = False
) -> None:
    """Stop everything that changes anything, in every process, now. Example: megawatts stop "errors since noon" """
    place, why, by = Home.find(home).existing(), _reason(reason), who()
    state, trouble = _stopped(place, by, why)
    _tell({"stopped": True, "reason": state.reason, "by": state.by, "at": state.at.isoformat()}, as_json=as_json)
    if trouble:
        raise Misconfigured(trouble)


def resume(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Let things move again after a stop. Example: megawatts resume"""
    place, by = Home.find(home).existing(), who()
    with _desk(place) as desk:
        state = desk.switch.state()
        if state is not None:
            _record(desk, by, "resume", "everything", reason=f"ends the stop: {state.reason}")
            desk.switch.resume(by)
    _tell({"stopped": False, "by": by, "was_stopped": state is not None}, as_json=as_json)


def rollback(
    version: Annotated[
        str, typer.Argument(help="Version tag to go back to; none: the newest merge is taken back.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    home: HomeOption = None,
    *,
    pull: Annotated[int, typer.Option(help="Take back this pull request's merge alone.")] = 0,
    only: Annotated[
        list[str] | None, typer.Option(help="With --pull: only what it did to this path or folder; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Go back, by reverts through the forge. Example: megawatts rollback v0.1.3 --reason "slow answers" """
    place, why, by = Home.find(home).existing(), _reason(reason), who()
    paths = _paths(only or [])
    _one_order(version, pull, paths)
    _known_version(place, version)
    _known_merge(place, pull)
    row = {"version": version, "pull": pull, "only": paths, "by": by, "reason": why, "at": _now()}
    facts = {"only": ", ".join(paths)} if paths else None
    with _desk(place) as desk:
        _record(desk, by, "rollback", _subject(version, pull, paths), reason=why, facts=facts)
        desk.records.put("rollbacks", _unique(), row)
    _tell({"asked": "rollback", **row}, as_json=as_json)


def override(
    pull: Annotated[int, typer.Argument(help="Number of the pull request.")],
    reason: Annotated[str, typer.Argument(help="Why.")],
    home: HomeOption = None,
    *,
    head: Annotated[str, typer.Option(help="Only if the head is this commit [default: the head as it is now].")] = "",
    as_json: JsonOption = False,
) -> None:
    """Consent in place of those who were asked, for this head. Example: megawatts override 12 "agreed by phone" """
    place, why, by = Home.find(home).existing(), _reason(reason), who()
    now = _head(place, pull)
    if head and head != now:
        raise Denied(f"the head of #{pull} is {now}, not {head}: look at it again")
    row = {"head": now, "by": by, "reason": why, "at": _now()}
    with _desk(place) as desk:
        _record(desk, by, "override", f"#{pull}", reason=why, facts={"head": now})
        desk.records.put("overrides", str(pull), row)
    _tell({"asked": "override", "pull": pull, **row}, as_json=as_json)


def who() -> str:
    """The login of the person at this machine: whoever may write the home folder is an admin of it."""
    try:
        return one_line(getpass.getuser(), 80)
    except (OSError, KeyError):
        return "unknown"


def _reason(text: str) -> str:
    reason = one_line(text, 500)
    if not reason:
        raise Misconfigured("a reason is needed: say why in a few words, in quotes")
    return reason


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a person's word is written to."""

    records: Records
    audit: AuditLog
    switch: Switch


@contextmanager
def _desk(home: Home) -> Iterator[_Desk]:
    settings = load()
    with closing(open_records(settings, home)) as records:
        yield _Desk(records, open_audit(settings, home, records), open_switch(settings, home, records))


def _stopped(home: Home, by: str, why: str) -> tuple[Stop, str]:
    """Everything is stopped that can be reached, whatever else is broken; the stop, and what is wrong beside it."""
    unaudited: MegawattsError | None = None
    opened = False
    try:
        with _desk(home) as desk:
            opened = True
            try:
                _record(desk, by, "stop", "everything", reason=why)
            except MegawattsError as error:
                unaudited = error  # a broken log must not keep a person from stopping the machine
            state = desk.switch.stop(why, by)
    except MegawattsError as error:
        state = FileSwitch(home.switch).stop(why, by)
        if not opened:
            with suppress(MegawattsError):
                FileAuditLog(home.audit).append(by, "stop", "everything", why)
        return state, f"what shares the home folder {home.path} is stopped, but other processes may not be: {error}"
    said = f"everything is stopped, but that could not be put on record: {unaudited}" if unaudited else ""
    return state, said


def _record(
    desk: _Desk, by: str, act: str, subject: str, *, reason: str, facts: Mapping[str, str] | None = None
) -> None:
    """Put it on record before it is done, and where members see it: a database that is away holds up no stop."""
    desk.audit.append(by, act, subject, reason, facts)
    row = {"act": act, "subject": subject, "by": by, "reason": reason, "at": _now()}
    try:
        desk.records.put("announcements", _unique(), row)
    except Unavailable as error:
        typer.echo(f"members are not told of it: {error}", err=True)


def _known_version(home: Home, version: str) -> None:
    from bot.adapters.localforge.forge import LocalForge  # noqa: PLC0415  (git is needed by these two only)

    if version and (home.forge / "forge.db").exists():
        tags = asyncio.run(LocalForge(home.forge).tags())
        if version not in tags:
            known = ", ".join(sorted(tags)[-5:]) or "none yet"
            raise Misconfigured(f"there is no version {version[:80]!r}: known are {known}")


def _one_order(version: str, pull: int, paths: Sequence[str]) -> None:
    if pull < 0:
        raise Misconfigured(f"{pull} is no number of a pull request: write --pull 12")
    if version and pull:
        raise Misconfigured("a version and --pull are two orders: give one of them")
    if paths and not pull:
        raise Misconfigured("--only needs --pull: name the pull request of which these paths are taken back")


def _paths(only: Sequence[str]) -> list[str]:
    """Paths as they are in the repository. Raises Misconfigured for one that leads out of it, or to all of it."""
    found = []
    for text in only:
        path = PurePosixPath(text)
        if path.is_absolute() or ".." in path.parts or not path.parts or text != one_line(text, 500):
            raise Misconfigured(f"--only {text[:80]!r} is no path in the repository: write one such as bot/chat")
        found.append(str(path))
    return sorted(set(found))


def _subject(version: str, pull: int, paths: Sequence[str]) -> str:
    if pull:
        return f"a part of #{pull}" if paths else f"#{pull}"
    return version or "the newest merge"


def _known_merge(home: Home, pull: int) -> None:
    from bot.adapters.localforge.forge import LocalForge  # noqa: PLC0415  (as above)

    if pull and (home.forge / "forge.db").exists():
        merged = [p for p in asyncio.run(LocalForge(home.forge).proposals(everything=True)) if p.merged_as is not None]
        if pull not in {p.pull for p in merged if p.reverts is None}:
            raise Misconfigured(f"#{pull} is no merge that could be taken back: see megawatts audit search --act merge")


def _head(home: Home, pull: int) -> Sha:
    from bot.adapters.localforge.forge import LocalForge  # noqa: PLC0415  (as above)

    for proposal in asyncio.run(LocalForge(home.forge).proposals()):
        if proposal.pull == pull:
            return proposal.head
    raise Denied(f"there is no open pull request #{pull}")


def _unique() -> str:
    """Keys sort by time."""
    return f"{_now()}-{uuid.uuid4().hex[:8]}"


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _tell(row: Mapping[str, object], *, as_json: bool) -> None:
    typer.echo(json.dumps(row) if as_json else ", ".join(f"{key}: {value}" for key, value in row.items()))
