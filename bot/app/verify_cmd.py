"""`megawatts verify SHA`: whether the provenance of a commit is whole, asked of the repository alone."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict

if TYPE_CHECKING:
    from bot.adapters.git.notes import Notes
    from bot.adapters.git.repository import GitRepository
    from bot.adapters.signing.ed25519 import Ring
    from bot.policy.provenance_check import Ground

EXAMPLE = "Example: megawatts verify HEAD --repo .megawatts/forge/repo.git"
MARKS = {Status.PASS: "whole", Status.FAIL: "broken"}


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("verify", epilog=EXAMPLE)
    def verify(
        sha: Annotated[str, typer.Argument(help="The merge commit, or the head of an open pull request.")],
        repo: Annotated[Path, typer.Option(help="Root of the git repository with the notes.")] = Path(),
        main: Annotated[str, typer.Option(help="Where history is looked up for what happened since.")] = "HEAD",
        as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON, and nothing else.")] = False,
    ) -> None:
        """Check the provenance of a commit, offline: exit 0 whole, 1 broken, with the first thing that is."""
        verdict = verified(repo.absolute(), sha, main)
        sys.stdout.write(json.dumps(verdict.to_dict(), indent=2) + "\n" if as_json else _lines(verdict))
        raise typer.Exit(0 if verdict.passed else 1)


def verified(path: Path, revision: str, main: str = "HEAD") -> Verdict:
    """The verdict over the chain in the notes of this repository. Misconfigured for a wrong path or revision."""
    from bot.adapters.git.notes import Notes  # noqa: PLC0415  (the engine's libraries load here)
    from bot.adapters.git.repository import GitRepository  # noqa: PLC0415
    from bot.policy.provenance_check import verify  # noqa: PLC0415

    repo = GitRepository(path)
    notes, sha = Notes(repo), repo.resolve(revision)
    texts = notes.all()
    ground, ring = _ground(repo, notes, texts, sha, repo.resolve(main))
    return verify(texts.get(sha, ""), ground, ring.check)


def _ground(
    repo: "GitRepository", notes: "Notes", texts: Mapping[Sha, str], sha: Sha, main: Sha
) -> "tuple[Ground, Ring]":
    """What the repository itself shows of the commit, and the keys that it names."""
    from bot.adapters.signing.ed25519 import KEYS, Ring  # noqa: PLC0415
    from bot.policy.provenance_check import Ground, anchors_on, commits_of  # noqa: PLC0415

    parents = notes.parents(sha)
    base, later = (notes.file(commit, KEYS) for commit in (parents[0] if parents else sha, main))
    ring = Ring.read(base or "", later or "")
    named = {commit for commit in commits_of(texts.get(sha, "")) | {sha} if repo.has(commit)}
    ground = Ground(
        sha,
        trees={commit: repo.tree(commit) for commit in named},
        parents=parents,
        keys=None if base is None else Ring.read(base).ids,
        later_keys=Ring.read(later or "").ids,
        anchors=anchors_on(sha, texts.values()),
        reverts=notes.reverts(main).get(sha, frozenset()),
        versions=tuple(name for name in notes.tags(sha) if name.startswith("v")),
    )
    return ground, ring


def _lines(verdict: Verdict) -> str:
    """One line with the outcome, and one for each question that was asked."""
    lines = [f"{MARKS.get(verdict.status, 'broken')}: {verdict.because}"]
    lines += [f"  {child.status.name.lower():<5} {child.name}: {child.because}" for child in verdict.children]
    return "\n".join(lines) + "\n"
