"""`megawatts validate`: the stages V-1 to V-13 over one change of any Python repository."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from bot.core.change import Claim, Kind
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.verdict import Fact, Status, Verdict

CODES = {Status.PASS: 0, Status.FAIL: 1, Status.PENDING: 2, Status.INCONCLUSIVE: 3, Status.ERROR: 3}
EXAMPLE = "Example: megawatts validate --repo . --base main --head my-branch"


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of one validation."""

    repo: Path
    base: str
    head: str
    stages: tuple[str, ...] = ()
    claim: Claim = Claim.NONE
    kind: Kind = Kind.OTHER
    by_engine: bool = True
    python: Path | None = None
    keep_going: bool = False
    cached: bool = True
    first: bool = False


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("validate", epilog=EXAMPLE)
    def validate(  # noqa: PLR0917  (typer reads options from parameters)
        repo: Annotated[
            Path, typer.Option(help="Root of the git repository; its work tree is never touched.")
        ] = Path(),
        base: Annotated[str, typer.Option(help="Revision that the change starts from.")] = "main",
        head: Annotated[str, typer.Option(help="Revision that carries the change.")] = "HEAD",
        event: Annotated[bool, typer.Option("--event", help="Base, head, author: from GitHub's event.")] = False,
        stage: Annotated[list[str] | None, typer.Option(help="Only this stage (name or V-n) and its needs.")] = None,
        claim: Annotated[Claim, typer.Option(help="What the change promises.")] = Claim.NONE,
        kind: Annotated[Kind, typer.Option(help="What the change is.")] = Kind.OTHER,
        by: Annotated[str, typer.Option(help="Who made it: `engine` (strict) or `person`.")] = "engine",
        python: Annotated[Path | None, typer.Option(help="Interpreter for the repository's code.")] = None,
        keep_going: Annotated[bool, typer.Option("--all", help="Go on after a stage has failed.")] = False,
        first: Annotated[
            bool, typer.Option("--first", help="V-1 to V-7 with impacted tests only: a first answer.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON, and nothing else.")] = False,
        cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Use verdicts kept by content.")] = True,
        github: Annotated[bool, typer.Option("--github", help="Annotations, and a job summary.")] = False,
        sarif: Annotated[Path | None, typer.Option(help="Write the findings as SARIF 2.1.0 to this file.")] = None,
        report: Annotated[Path | None, typer.Option(help="Write the verdict as JSON to this file too.")] = None,
    ) -> None:
        """Judge a change. Exit code: 0 pass, 1 fail, 2 waits for people, 3 inconclusive or error."""
        if by not in {"engine", "person"}:
            raise typer.BadParameter("choose engine or person", param_hint="--by")
        if as_json and github:
            raise typer.BadParameter("stdout has room for one of --json and --github; --report FILE writes JSON too")
        asked = Asked(
            repo=repo.absolute(), base=base, head=head, stages=tuple(stage or ()), claim=claim, kind=kind,
            by_engine=by == "engine", python=python, keep_going=keep_going, cached=cache, first=first,
        )  # fmt: skip
        from bot.app.ci.annotations import mute  # noqa: PLC0415
        from bot.app.ci.reports import Reports  # noqa: PLC0415
        from bot.app.validate_view import shown, watching  # noqa: PLC0415  (rich is needed from here on only)

        reports = Reports(github, sarif, report)
        asked = from_event(asked) if event else asked
        with mute(on=github):
            with watching(quiet=as_json) as watch:
                verdict = asyncio.run(judged(asked, watch))
            sys.stdout.write(json.dumps(verdict.to_dict(), indent=2) + "\n" if as_json else shown(verdict))
        if reports.wanted:
            reports.write(verdict, paths_of(asked.repo, verdict))
        raise typer.Exit(CODES[verdict.status])


def from_event(asked: Asked) -> Asked:
    """The same question about the change of the event that started this workflow."""
    from bot.app.ci.cmd import current  # noqa: PLC0415

    event = current()
    return replace(asked, base=event.base, head=event.head, by_engine=event.by_engine)


def paths_of(repo: Path, verdict: Verdict) -> frozenset[str]:
    """The files that the judged change touches; none where git itself refuses them (V-1 says so)."""
    from bot.adapters.git.repository import GitRepository  # noqa: PLC0415

    base, head = (Sha(str(verdict.facts.get(side, ""))) for side in ("base", "head"))
    if not base or not head:
        return frozenset()
    try:
        return frozenset(str(path) for change in GitRepository(repo).changes(base, head) for path in change.paths)
    except Denied:
        return frozenset()


Watch = Callable[[str, Verdict | None], None]
Watching = AbstractContextManager[Watch]


async def judged(asked: Asked, watch: Watch) -> Verdict:
    """The verdict over what was asked. Raises Misconfigured for a wrong path, revision or stage name."""
    from bot.adapters.git.repository import GitRepository  # noqa: PLC0415  (the engine's libraries load here)
    from bot.adapters.sandbox import find  # noqa: PLC0415
    from bot.app.gate_factory import Question, between, open_gate  # noqa: PLC0415
    from bot.improve.gate import Plan, run_gate  # noqa: PLC0415
    from bot.improve.gate_cache import VerdictCache  # noqa: PLC0415
    from bot.improve.stages import all_stages, first_stages, wanted  # noqa: PLC0415

    only = wanted(asked.stages)
    repo = GitRepository(asked.repo)
    base, head, note = between(repo, asked.base, asked.head)
    if note:
        sys.stderr.write(f"{note}\n")
    python = asked.python.absolute() if asked.python else None
    question = Question(repo, base, head, asked.claim, asked.kind, asked.by_engine, python)
    plan = Plan(keep_going=asked.keep_going, watch=watch)
    try:
        async with open_gate(question, find()) as gate:
            cache = VerdictCache(gate.cache / "verdicts") if asked.cached else None
            stages = first_stages() if asked.first else all_stages()
            # A first answer says nothing of the charter's other stages: it was not asked about them.
            chosen = only or tuple(stage.name for stage in stages if asked.first)
            return await run_gate(gate, stages, chosen, cache, plan)
    except Denied as error:
        return refused(str(error), base, head, only)


def refused(because: str, base: str, head: str, only: Sequence[str]) -> Verdict:
    """The verdict over a head that cannot even be laid out: V-1's, whatever was asked for."""
    scope = Verdict("scope", Status.FAIL, because, facts={"id": "V-1"})
    facts: dict[str, Fact] = {"base": base, "head": head, "asked": list(only)}
    return Verdict("gate", Status.FAIL, f"scope: {because}", (scope,), facts=facts)
