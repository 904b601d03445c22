"""`megawatts changelog`: what each version brought, read from the fragments in its tree."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.improve.release import UNRELEASED, Release, changelog, fragments, ordered

if TYPE_CHECKING:
    from bot.adapters.git.repository import GitRepository

_FORM = "%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(creatordate:short)"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("changelog")(show)


def show(
    version: Annotated[str, typer.Argument(help="Only this version; none: all of them.")] = "",
    repo: Annotated[Path, typer.Option(help="Git repository; the embedded forge: .megawatts/forge/repo.git.")] = Path(),
    *,
    branch: Annotated[str, typer.Option(help="What is merged and not tagged yet is read from here.")] = "HEAD",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Print what each version brought, newest first. Example: megawatts changelog v0.1.3"""
    from bot.adapters.git.repository import GitRepository  # noqa: PLC0415  (git is needed from here on only)

    releases = [*ordered(tagged(GitRepository(repo))), pending(GitRepository(repo), branch)]
    names = [release.name for release in releases]
    if version and version not in names:
        known = ", ".join(reversed(names[-6:-1])) or "none yet"
        raise Misconfigured(f"there is no version {version[:80]!r}: known are {known}")
    entries = _entries(changelog(releases))
    wanted = {version: entries[version]} if version else entries
    typer.echo(json.dumps(wanted) if as_json else "\n".join(wanted.values()).rstrip())


def _entries(text: str) -> dict[str, str]:
    """The changelog cut at its versions."""
    parts = text.split("\n## ")[1:]
    return {part[1 : part.index("]")]: f"## {part}" for part in parts}


def tagged(repo: "GitRepository") -> list[Release]:
    """Every tag of a commit, with the fragments of its tree."""
    out = repo.git.run("for-each-ref", f"--format={_FORM}", "refs/tags").out.decode("utf-8", "replace")
    rows = [line.split("\0") for line in out.splitlines()]
    return [Release(name, day, fragments(repo, Sha(inner or own))) for name, own, inner, day in rows]


def pending(repo: "GitRepository", branch: str) -> Release:
    """What is merged and has no version yet."""
    return Release(UNRELEASED, "", fragments(repo, repo.resolve(branch)))
