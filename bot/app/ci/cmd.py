"""`megawatts ci`: the steps of the workflows that need more than one line."""

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from bot.app.ci.event import Event, read
from bot.app.ci.gate import gate
from bot.app.ci.plan import legs
from bot.app.ci.reports import Reports, outputs
from bot.core.change import Kind, Origin
from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.core.verdict import Status

if TYPE_CHECKING:
    from bot.adapters.git.repository import GitRepository

Repo = Annotated[Path, typer.Option(help="Root of the git repository.")]
WAITS = {Status.PASS, Status.PENDING}
"""A change that waits for people is held by the status `megawatts/consent` and by CODEOWNERS, not by this job."""


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="What the workflows call; reads the event from GitHub's own variables.")
    group.command("plan", epilog="Example: megawatts ci plan --repo .")(plan_command)
    group.command("gate", epilog="Example: megawatts ci gate --job plan --job stage")(gate_command)
    group.command("policy", epilog="Example: megawatts ci policy --repo .")(policy_command)
    group.command("release", epilog="Example: megawatts ci release v1.2.3 --main origin/main")(release_command)
    app.add_typer(group, name="ci", no_args_is_help=True)


def current() -> Event:
    """The event that started this workflow. Raises Misconfigured outside of one."""
    name, path = os.environ.get("GITHUB_EVENT_NAME", ""), os.environ.get("GITHUB_EVENT_PATH", "")
    if not name or not path:
        raise Misconfigured("GITHUB_EVENT_NAME and GITHUB_EVENT_PATH are not set: give --base and --head instead")
    engine = os.environ.get("MEGAWATTS_ENGINE_LOGIN", "")
    return read(name, Path(path), repository=os.environ.get("GITHUB_REPOSITORY", ""), engine=engine)


def plan_command(repo: Repo = Path()) -> None:
    """Say what is compared, by whom it was made and which legs the matrix has, as outputs of the step."""
    event = current()
    rows = legs(_stages(_open(repo), event.base))
    outputs({"base": event.base, "head": event.head, "by": event.by, "legs": rows})


def _stages(repo: "GitRepository", base: Sha) -> tuple[str, ...]:
    """The charter's stages at the base; all where it names none, or where there is no charter."""
    from bot.improve.stages import ORDER  # noqa: PLC0415
    from bot.policy.charter import PATH, parse  # noqa: PLC0415

    text = repo.read(repo.resolve(base), PurePosixPath(PATH))
    named = () if text is None else parse(text.decode(errors="replace"), f"{PATH} at {base[:12]}").stages
    return tuple(named) or ORDER


def gate_command(
    job: Annotated[list[str], typer.Option(help="A job that must be among those waited for; may be repeated.")],
) -> None:
    """Pass only if every job in $NEEDS (the `needs` context as JSON) passed. Exit code: 0 all did, 1 not."""
    verdict = gate(os.environ.get("NEEDS", ""), frozenset(job))
    Reports(github=True, title="Gate").write(verdict, frozenset())
    sys.stdout.write(f"gate: {verdict.because}\n")
    raise typer.Exit(0 if verdict.passed else 1)


def policy_command(repo: Repo = Path()) -> None:
    """Say which tier the event's change has by the charter at its base. Exit code: 0 unless the charter refuses it."""
    from bot.app.policy_cmd import explain  # noqa: PLC0415

    event = current()
    origin = Origin.ANALYST if event.by_engine else Origin.PERSON
    verdict = explain(_open(repo), event.base, event.head, Kind.OTHER, origin)
    Reports(github=True, title="Policy").write(verdict, frozenset())
    sys.stdout.write(f"policy: {verdict.status.name.lower()}: {verdict.because}\n")
    raise typer.Exit(0 if verdict.status in WAITS else 1)


def release_command(
    tag: Annotated[str, typer.Argument(help="The version's tag, such as v1.2.3.")],
    repo: Repo = Path(),
    main: Annotated[str, typer.Option(help="The branch that a version must be part of.")] = "origin/main",
) -> None:
    """Print what the version brought, once its tag has the form of a version and lies on the main branch."""
    from bot.app.changelog_cmd import show  # noqa: PLC0415
    from bot.improve.release import latest  # noqa: PLC0415

    if latest([tag]) == (0, 0, 0) and tag != "v0.0.0":
        raise Misconfigured(f"{tag[:60]!r} is no version: tags of versions read v1.2.3")
    git = _open(repo)
    if not git.is_ancestor(git.resolve(f"refs/tags/{tag}"), git.resolve(main)):
        raise Misconfigured(f"{tag} does not lie on {main}: nothing is released from anywhere else")
    show(tag, repo, branch="HEAD", as_json=False)


def _open(path: Path) -> "GitRepository":
    from bot.adapters.git.repository import GitRepository  # noqa: PLC0415  (loads the git library)

    return GitRepository(path.absolute())
