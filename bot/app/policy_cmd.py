"""`megawatts policy`: what the charter says of a change, of this repository, and of past decisions."""

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.core.case import Case, Surroundings
from bot.core.change import FileChange, Kind, Origin, Proposal
from bot.core.charter import Charter
from bot.core.errors import Misconfigured
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Fact, Status, Verdict, worst
from bot.policy import codeowners
from bot.policy.charter import PATH, parse
from bot.policy.consent import consent, required_owners
from bot.policy.pattern import matches
from bot.policy.record import Flip, replay
from bot.policy.red_team import conditions
from bot.policy.tier import only_adds, tier_of, ward_of

if TYPE_CHECKING:
    from bot.adapters.git.repository import GitRepository

CODES = {Status.PASS: 0, Status.FAIL: 1, Status.PENDING: 2, Status.INCONCLUSIVE: 3, Status.ERROR: 3}
_Repo = Annotated[Path, typer.Option(help="Root of the git repository.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="What the charter says of a change, of this repository, and of past decisions.")
    group.command("explain", epilog="Example: megawatts policy explain --base main --head my-branch")(explain_command)
    group.command("check", epilog="Example: megawatts policy check --repo .")(check_command)
    group.command("replay", epilog="Example: megawatts policy replay --charter new-charter.toml")(replay_command)
    group.command("codeowners", epilog="Example: megawatts policy codeowners --write")(codeowners_command)
    app.add_typer(group, name="policy", no_args_is_help=True)


def explain_command(
    repo: _Repo = Path(),
    base: Annotated[str, typer.Option(help="Base branch or commit: its charter speaks.")] = "main",
    head: Annotated[str, typer.Option(help="Revision that carries the change.")] = "HEAD",
    kind: Annotated[Kind, typer.Option(help="What the change is.")] = Kind.OTHER,
    origin: Annotated[Origin, typer.Option(help="Where the wish came from.")] = Origin.ANALYST,
    *,
    as_json: _Json = False,
) -> None:
    """Say which tier a change has, by which ward, and whose consent it needs. Exit code: 0 none, 1 refused, 2 waits."""
    verdict = explain(_open(repo), base, head, kind, origin)
    _show(verdict, as_json=as_json)


def check_command(repo: _Repo = Path(), *, as_json: _Json = False) -> None:
    """Check the charter, CODEOWNERS against it, and the ward of every tracked file. Exit code: 0 well, 1 not."""
    _show(check(_open(repo)), as_json=as_json)


def replay_command(
    charter: Annotated[Path, typer.Option(help="The changed charter.")] = Path(PATH),
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    *,
    as_json: _Json = False,
) -> None:
    """Take recorded decisions again under another charter, and list those that it would change."""
    from bot.app.home import Home  # noqa: PLC0415
    from bot.app.settings import load  # noqa: PLC0415
    from bot.app.stores import open_records  # noqa: PLC0415  (opens the store)

    rules = _parsed(charter)
    with closing(open_records(load(), Home.find(home).existing())) as records:
        rows = records.scan("decisions")
    flips, unreadable = replayed(rows, rules)
    if as_json:
        shown = [{**asdict(flip), "at": flip.at.isoformat()} for flip in flips]
        report = {"charter": str(charter), "decisions": len(rows), "flips": shown, "unreadable": unreadable}
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
        return
    for flip in flips:
        sys.stdout.write(f"#{flip.pull} {flip.head[:12]} {flip.at:%Y-%m-%d %H:%M}  {flip.was} -> {flip.now}")
        sys.stdout.write(f"  {flip.because}\n")
    for key in unreadable:
        sys.stderr.write(f"{key}: was recorded in another form and cannot be taken again\n")
    sys.stdout.write(f"{len(flips)} of {len(rows)} decisions would change\n")


def codeowners_command(
    repo: _Repo = Path(),
    *,
    write: Annotated[bool, typer.Option("--write", help="Write the file instead of printing it.")] = False,
) -> None:
    """Generate CODEOWNERS from the charter in the work tree."""
    text = codeowners.generate(_parsed(repo / PATH))
    if not write:
        sys.stdout.write(text)
        return
    _replace(repo / codeowners.PATH, text)
    sys.stderr.write(f"wrote {repo / codeowners.PATH}\n")


def explain(repo: "GitRepository", base: str, head: str, kind: Kind, origin: Origin) -> Verdict:
    """The tier of a change and the consent that it still needs, by the charter at base."""
    ours, theirs = repo.resolve(base), repo.resolve(head)
    text = repo.read(ours, PurePosixPath(PATH))
    if text is None:
        raise Misconfigured(f"{base} has no {PATH}: commit a charter there, or name another --base")
    charter = parse(text.decode("utf-8", errors="replace"), f"{PATH} at {base}")
    fork = repo.merge_base(ours, theirs)
    changes = repo.changes(fork, theirs)
    if not changes:
        return Verdict("policy", Status.PASS, "the head changes nothing against its base")
    case = _case(repo, (fork, ours, theirs), changes, kind, origin)
    ruling = tier_of(case.proposal.paths, kind, origin, case.only_adds, charter)
    alone = conditions(charter, ruling.tier)
    agreed = consent(case, charter, ruling.tier, datetime.now(UTC))
    owners = required_owners(case.proposal.paths, case.only_adds, charter)
    facts: dict[str, Fact] = {
        "base": ours,
        "head": theirs,
        "tier": ruling.tier.name.lower(),
        "wards": _wards(case, charter),
        "owners": list(owners),
        "consent": agreed.because,
    }
    verdict = worst("policy", (ruling.because, agreed, *alone))
    because = "; ".join((ruling.because.because, agreed.because, *(one.because for one in alone)))
    return Verdict("policy", verdict.status, because, verdict.children, facts=facts)


def _case(
    repo: "GitRepository", shas: tuple[Sha, Sha, Sha], changes: Iterable[FileChange], kind: Kind, origin: Origin
) -> Case:
    """The change as a proposal that nobody has spoken about yet."""
    fork, main, head = shas
    paths = frozenset(path for change in changes for path in change.paths)
    proposal = Proposal(
        pull=PullNumber(0), branch="", title="", head=head, head_tree=repo.tree(head), base=fork, paths=paths,
        author="", opened=datetime.now(UTC), kind=kind, origin=origin,
    )  # fmt: skip
    return Case(proposal, Surroundings(main), only_adds=only_adds(changes))


def _wards(case: Case, charter: Charter) -> dict[str, str]:
    wards = ((path, ward_of(path, charter, adds=str(path) in case.only_adds)) for path in sorted(case.proposal.paths))
    return {str(path): f"{ward.tier.name.lower()} ({ward.pattern})" if ward else "sealed" for path, ward in wards}


def check(repo: "GitRepository") -> Verdict:
    """Whether charter and CODEOWNERS hold: of the work tree, or of HEAD where there is none."""
    files = sorted(repo.files(repo.resolve("HEAD")))
    text, owners = _current(repo, PATH), _current(repo, codeowners.PATH)
    if text is None:
        missing = Verdict("charter", Status.FAIL, f"{PATH} is missing: add one (see CONTRIBUTING.md)")
        return worst("policy", [missing])
    try:
        charter = parse(text)
    except Misconfigured as error:
        wrong = [Verdict("error", Status.FAIL, line) for line in str(error).splitlines()]
        return worst("policy", [worst("charter", wrong)])
    well = Verdict("charter", Status.PASS, f"{len(charter.wards)} wards, {len(charter.maintainers)} maintainers")
    fresh = codeowners.same(owners or "", charter)
    return worst("policy", (well, fresh, codeowners.agree(files, owners or "", charter), _covered(files, charter)))


def _covered(files: list[PurePosixPath], charter: Charter) -> Verdict:
    """Every file has a ward or is sealed as new ground: that is safe, so it is told and does not fail."""
    wards = {path: ward_of(path, charter, adds=True) for path in files}
    bare = [str(path) for path, ward in wards.items() if ward is None]
    idle = [ward.pattern for ward in charter.wards if not any(matches(ward.pattern, path) for path in files)]
    because = f"{len(files) - len(bare)} of {len(files)} files have a ward, the other {len(bare)} are sealed"
    return Verdict("wards", Status.PASS, because, facts={"sealed": bare, "idle": idle})


def replayed(rows: Iterable[tuple[str, Mapping[str, Any]]], charter: Charter) -> tuple[list[Flip], list[str]]:
    """The decisions that this charter would take otherwise, and the keys of rows that cannot be read."""
    flips, unreadable = [], []
    for key, row in rows:
        try:
            flip = replay(row, charter)
        except (KeyError, TypeError, ValueError, AttributeError):
            unreadable.append(key)
            continue
        if flip is not None:
            flips.append(flip)
    return flips, unreadable


def _open(path: Path) -> "GitRepository":
    from bot.adapters.git.repository import GitRepository  # noqa: PLC0415  (loads the git library)

    return GitRepository(path.absolute())


def _parsed(path: Path) -> Charter:
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path} cannot be read ({error}): name a charter that exists") from error


def _current(repo: "GitRepository", name: str) -> str | None:
    if repo.bare:
        data = repo.read(repo.resolve("HEAD"), PurePosixPath(name))
    else:
        file = repo.path / name
        data = file.read_bytes() if file.is_file() else None
    return None if data is None else data.decode("utf-8", errors="replace")


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all. A link in its place is replaced, not followed."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written ({error}): free the disk or change its rights") from error


def _show(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(verdict.to_dict(), indent=2) + "\n")
    else:
        from bot.app.validate_view import shown  # noqa: PLC0415  (rich is needed from here on only)

        sys.stdout.write(shown(verdict))
    raise typer.Exit(CODES[verdict.status])
