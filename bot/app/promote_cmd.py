"""`megawatts promote`: writes which image an environment runs into its values, or its data alone, and nothing else."""

import base64
import json
import os
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from bot.core.errors import MegawattsError, Misconfigured
from bot.core.ids import Sha
from bot.policy.promotion import WHERE, data_of, images, proof, with_data, written

EXAMPLE = "Example: megawatts promote staging --digest sha256:... --commit 0123..."
LARGEST = 256 * 1024
"""Bytes of a values file."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("promote", epilog=EXAMPLE)(promote)


def promote(  # noqa: PLR0917  (typer reads options from parameters)
    environment: Annotated[str, typer.Argument(help="Folder below deploy/environments.")],
    digest: Annotated[str, typer.Option(help="The image, as sha256: and 64 hex digits.")],
    commit: Annotated[str, typer.Option(help="Commit that the image was built from: 40 hex digits.")],
    repo: Annotated[Path, typer.Option(help="Root of the repository.")] = Path(),
    request: Annotated[
        Path | None, typer.Option(help="Write GitHub's GraphQL request for this commit here; the tree stays.")
    ] = None,
    branch: Annotated[str, typer.Option(help="Branch that the request commits to.")] = "",
    onto: Annotated[str, typer.Option(help="Commit that the branch is at.")] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Write an environment's image. Only bot.image.digest and bot.image.commit change; anything else is refused.

    Where the values have bot.data.enabled, and nothing but data lies between the image that runs and this commit, the
    data is written beside that image instead: no pod starts anew (docs/reload.md).
    """
    name = PurePosixPath("deploy", "environments", environment, "bot.yaml")
    if not WHERE.fullmatch(str(name)):
        raise Misconfigured(f"{environment[:60]!r} is no environment's name: small letters, digits and -")
    path = _plain(repo, name)
    before = _read(path)
    after, instead = _with_its_data(repo, before, commit)
    after = after or written(before, digest, commit)
    verdict = proof({name: (before, after)})
    if not verdict.passed:
        raise Misconfigured(f"{name} would change otherwise than asked: {verdict.because}")
    changed = before != after
    if request is not None:
        body = _request(name, after, f"deploy({environment}): {commit[:12]}", branch, onto)
        request.write_text(json.dumps(body), encoding="utf-8")
    elif changed:
        _replace(path, after)
    now, _commit = images(after)
    report = {"file": str(name), "digest": now, "commit": commit, "changed": changed, "data": instead}
    says = f"{name}: {'runs' if changed else 'ran already'} {now}; {instead}\n"
    sys.stdout.write(json.dumps(report) + "\n" if as_json else says)


def _with_its_data(repo: Path, before: str, commit: str) -> tuple[str, str]:
    """The values with the commit's data beside the image that they have, or none; and what was decided, in words."""
    if data_of(before) is None:
        return "", "the image's own data: the values take no other"
    from bot.adapters.git.repository import GitRepository  # noqa: PLC0415  (git only where data may go alone)
    from bot.improve.data_promotions import as_values, bundle  # noqa: PLC0415

    _digest, base = images(before)
    try:
        found = bundle(GitRepository(repo), Sha(base), Sha(commit))
        return with_data(before, as_values(found)), f"data of {commit[:12]} alone: no process starts anew"
    except MegawattsError as error:
        return "", f"the image's own data: {error}"


def _plain(repo: Path, name: PurePosixPath) -> Path:
    """The file, where neither it nor a folder on the way to it is a link."""
    root = repo.resolve()
    path = root / name
    if path.resolve() != path or not path.is_file():
        raise Misconfigured(f"{name} is no ordinary file of {root.name}: add the environment first")
    return path


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise Misconfigured(f"{path.name} is larger than values are")
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path.name} cannot be read ({type(error).__name__})") from error


def _replace(path: Path, text: str) -> None:
    """Whole or not at all."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8"))
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        raise Misconfigured(f"{path.name} cannot be written ({error.strerror})") from error


def _request(name: PurePosixPath, text: str, headline: str, branch: str, onto: str) -> dict[str, Any]:
    """The body for `gh api graphql --input`. GitHub refuses it if the branch is elsewhere by then."""
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    if not (repository and branch and onto):
        raise Misconfigured("--request needs --branch, --onto and GITHUB_REPOSITORY")
    document = (Path(__file__).parent / "ci" / "commit.graphql").read_text(encoding="utf-8")
    contents = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return {
        "query": document,
        "variables": {
            "input": {
                "branch": {"repositoryNameWithOwner": repository, "branchName": branch},
                "expectedHeadOid": onto,
                "message": {"headline": headline},
                "fileChanges": {"additions": [{"path": str(name), "contents": contents}]},
            }
        },
    }
