"""`megawatts doctor`: what works on this machine, and what to do about the rest."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot.app import doctor_doors
from bot.app import settings as environment
from bot.app.bot_house import secrets_of
from bot.app.doctor_doors import Unwell
from bot.app.home import Home
from bot.app.road_settings import road
from bot.core.errors import MegawattsError, Misconfigured
from bot.core.verdict import Status, Verdict, worst

_ROOT = Path(__file__).parent.parent.parent
_PYTHON = (3, 11)
_GIT = (2, 38)
"""`git merge-tree --write-tree` is there from this version on."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as a verdict in JSON.")] = False,
) -> None:
    """Check this machine and say how to mend what is wrong. Example: megawatts doctor

    Exit code 0 if all is well, else 1.
    """
    verdict = examine(home)
    if as_json:
        sys.stdout.write(json.dumps(verdict.to_dict(), indent=1) + "\n")
    else:
        for check in verdict.children:
            sys.stdout.write(f"{'ok  ' if check.passed else 'FAIL'}  {check.name}: {check.because}\n")
    raise typer.Exit(0 if verdict.passed else 1)


def examine(home: Path | None) -> Verdict:
    """Every check, each with its fix where it fails; none stops the others."""
    checks: dict[str, Callable[[], str]] = {
        "python": python,
        "git": git,
        "settings": settings,
        "data": data,
        "home": lambda: writable(home),
        "sandbox": sandbox,
        "charter": charter,
    }
    from bot.app import doctor_argocd, doctor_github, doctor_prometheus, doctor_sandbox  # noqa: PLC0415  (as they are)

    found = [_verdict(name, check) for name, check in checks.items()] + _outside(home)
    road = [*doctor_github.examine(), *doctor_argocd.examine(), *doctor_prometheus.examine()]
    return worst("doctor", [*found, doctor_sandbox.examine(), *road])


def _outside(home: Path | None) -> list[Verdict]:
    """What the settings lead to outside of this process; none is asked while the settings do not hold."""
    place = Home.find(home)
    try:
        given = environment.load()
    except Misconfigured:
        return []
    checks: dict[str, Callable[[], str]] = {
        "discord": lambda: doctor_doors.discord(given),
        "models": lambda: doctor_doors.models(given),
        "database": lambda: doctor_doors.database(given, place),
        "backup": lambda: doctor_doors.backup(given, place, road().github_repository),
        "redis": lambda: doctor_doors.redis(given),
        "vectors": lambda: doctor_doors.vectors(given, place),
    }
    return [_discreet(_verdict(name, check), secrets_of(given)) for name, check in checks.items()]


def _discreet(verdict: Verdict, secrets: tuple[str, ...]) -> Verdict:
    """Without the secrets of the settings, whatever a library wrote into its error."""
    because = verdict.because
    for secret in secrets:
        because = because.replace(secret, "***")
    return replace(verdict, because=because)


def _verdict(name: str, check: Callable[[], str]) -> Verdict:
    try:
        return Verdict(name, Status.PASS, check())
    except MegawattsError as error:
        return Verdict(name, Status.FAIL, str(error))
    except Exception as error:  # noqa: BLE001  (one broken check must not hide the others)
        return Verdict(name, Status.ERROR, f"could not be checked ({type(error).__name__}: {error})")


def python() -> str:
    """The interpreter is new enough."""
    running = tuple(sys.version_info[:3])
    found = ".".join(map(str, running))
    if running < _PYTHON:
        raise Unwell(f"Python is {found}; install 3.11 or newer and run scripts/setup again")
    return found


def git() -> str:
    """git is there and new enough."""
    path = shutil.which("git")
    if path is None:
        raise Unwell("git is not on PATH; install it (Debian: apt-get install git)")
    out = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout.split()
    found = out[2] if len(out) > 2 else ""
    numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdecimal())
    if numbers < _GIT:
        raise Unwell(f"git is {found or 'of an unknown version'}; install {'.'.join(map(str, _GIT))} or newer")
    return found


def settings() -> str:
    """The environment holds nothing wrong."""
    environment.load()
    count = sum(row.origin == "environment" for row in environment.shown())
    return f"{count} set in the environment, the rest at their defaults"


def data() -> str:
    """Intents, prompts, tuning and flags are whole and fit the tools."""
    from bot.app.bot_wiring import World, assemble  # noqa: PLC0415
    from bot.chat import flags  # noqa: PLC0415
    from bot.sdk.testing import DictRecords  # noqa: PLC0415

    flags.load()
    assemble(World(DictRecords()))
    return "intents, prompts, tuning and flags fit the tools"


def writable(home: Path | None) -> str:
    """The home can be written."""
    place = Home.find(home).create()
    try:
        with tempfile.TemporaryFile(dir=place.path) as probe:
            probe.write(b"probe")
    except OSError as error:
        fix = "give another with --home or MEGAWATTS_HOME"
        raise Unwell(f"{place.path} cannot be written ({error.strerror}); {fix}") from error
    return f"{place.path} can be written"


def sandbox() -> str:
    """Something confines untrusted code here."""
    from bot.adapters.sandbox import find  # noqa: PLC0415

    box = find()
    notes = f", but: {'; '.join(box.notes)}" if box.notes else ""
    return f"{box.name}{notes}"


def charter(root: Path = _ROOT) -> str:
    """The charter of this installation holds."""
    from bot.policy.charter import parse  # noqa: PLC0415

    file = root / ".github" / "charter.toml"
    if not file.is_file():
        return "no charter beside the code: nothing is proposed from here"
    found = parse(file.read_text(encoding="utf-8"), str(file))
    return f"{len(found.wards)} wards, {len(found.stages)} stages"
