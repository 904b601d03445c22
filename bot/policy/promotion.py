"""A promotion: which image an environment runs, written into its values, and the proof that nothing else changed.

Read by lines and not by a YAML library: what is not plainly block style is refused, and what is not touched stays as it
was, to the byte.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.core.change import FileChange, Origin, Proposal
from bot.core.charter import Promotion
from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict, worst

WHERE = re.compile(r"deploy/environments/(?P<environment>[a-z][a-z0-9-]{0,30})/bot\.yaml")
"""The files that a promotion may change. The controller's are people's."""
KEYS = (("bot", "image", "digest"), ("bot", "image", "commit"))
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}")
_ROW = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z0-9_.-]+):(?P<rest>(?: .*)?)")
_VALUE = re.compile(r" (?P<value>\"[A-Za-z0-9:._-]*\"|[A-Za-z0-9._-]+)(?P<tail>[ ]*(?: #.*)?)")


@dataclass(frozen=True, slots=True)
class Seen:
    """What git shows of a pull request of the promoter, between its base and its head."""

    changes: tuple[FileChange, ...]
    files: Mapping[PurePosixPath, tuple[str | None, str | None]]
    """The text before and after of each file that a promotion may change."""
    one_commit: bool
    """The head is one commit, and the base is its only parent."""
    merged: bool
    """The commit of the image lies on the base branch."""
    forward: bool
    """The commit of the image that runs now is the new one or lies before it."""


def written(values: str, digest: str, commit: str) -> str:
    """The values with this image. Raises Misconfigured where the two keys are not there exactly once, plainly."""
    if not DIGEST.fullmatch(digest):
        raise Misconfigured(f"{digest[:80]!r} is no image digest: it reads sha256: and 64 hex digits")
    if not COMMIT.fullmatch(commit):
        raise Misconfigured(f"{commit[:60]!r} is no full commit id")
    lines, found = _found(values)
    for key, value in zip(KEYS, (digest, commit), strict=True):
        number = found[key]
        row = _ROW.fullmatch(lines[number])
        told = _VALUE.fullmatch(row["rest"]) if row else None
        if row is None or told is None:
            raise Misconfigured(f"line {number + 1}: {'.'.join(key)} has no plain value to be replaced")
        lines[number] = f'{row["indent"]}{row["key"]}: "{value}"{told["tail"]}'
    return "\n".join(lines)


def _found(values: str) -> tuple[list[str], dict[tuple[str, ...], int]]:
    """The lines, and the line of each key. A key counts by the keys that it stands below, by indentation."""
    lines = values.split("\n")
    above: list[tuple[int, str]] = []
    found: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(lines):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if "\t" in line or "\r" in line or text.startswith(("---", "...", "%", "&", "*", "<<", "!")):
            raise Misconfigured(f"line {number + 1} is more than plain block style: {text[:60]!r}")
        row = _ROW.fullmatch(line)
        if row is None:
            continue
        indent = len(row["indent"])
        above = [(depth, key) for depth, key in above if depth < indent] + [(indent, row["key"])]
        path = tuple(key for _, key in above)
        if path in KEYS:
            if path in found:
                raise Misconfigured(f"line {number + 1}: {'.'.join(path)} stands there twice")
            found[path] = number
    missing = [".".join(key) for key in KEYS if key not in found]
    if missing:
        raise Misconfigured(f"the values have no {' and no '.join(missing)} to be written")
    return lines, found


def images(values: str) -> tuple[str, str]:
    """Digest and commit of the image in a values file. Raises Misconfigured where they are not there plainly."""
    lines, found = _found(values)
    digest, commit = (lines[found[key]].split(":", 1)[1].split(" #")[0].strip().strip('"') for key in KEYS)
    return digest, commit


def by_promoter(proposal: Proposal, lane: Promotion | None) -> bool:
    """Whether the charter's promoter opened it. The engine's own is none, whatever the charter says."""
    return lane is not None and not proposal.by_engine and proposal.author.casefold() == lane.promoter.casefold()


def judge(proposal: Proposal, lane: Promotion | None, seen: Seen) -> Verdict:
    """PASS: a pull request of the promoter that brings a merged image into an environment that the charter opens to
    it, forward, and nothing else. It says nothing of the base branch since: the decision compares that."""
    said = _texts(frozenset(proposal.paths), seen)
    parts = [
        _held(by_promoter(proposal, lane) and proposal.origin is Origin.PERSON, "author", "the charter's promoter"),
        _held(seen.one_commit, "commits", "one commit on its base"),
        _held(_in_place(proposal.paths, seen.changes), "change", "one ordinary file, changed in place"),
        _opened(proposal.paths, lane),
        said,
        _held(seen.merged, "image", "built from a commit of the base branch"),
        _held(seen.forward, "direction", "no step back behind the image that is there"),
    ]
    return worst("promotion", parts)


def _held(holds: bool, name: str, what: str) -> Verdict:
    return Verdict(name, Status.PASS, what) if holds else Verdict(name, Status.FAIL, f"is not shown: {what}")


def _in_place(paths: Collection[PurePosixPath], changes: tuple[FileChange, ...]) -> bool:
    """One file, and that as an ordinary file before and after."""
    if len(changes) != 1 or changes[0].paths != frozenset(paths):
        return False
    (only,) = changes
    return only.action == "modify" and only.mode == "100644" and not only.binary and only.path == only.old_path


def _opened(paths: Collection[PurePosixPath], lane: Promotion | None) -> Verdict:
    found = {match["environment"] for match in (WHERE.fullmatch(str(path)) for path in paths) if match}
    shut = found - set(lane.environments if lane is not None else ())
    if shut or len(found) != 1:
        named = ", ".join(sorted(shut)) or "several or none"
        return Verdict("environment", Status.FAIL, f"{named}: people promote there")
    return Verdict("environment", Status.PASS, f"{found.pop()}: the charter opens it to the promoter")


def _texts(paths: frozenset[PurePosixPath], seen: Seen) -> Verdict:
    if frozenset(seen.files) != paths:
        return Verdict("values", Status.FAIL, "it changes what a promotion may not")
    return proof(seen.files)


def proof(files: Mapping[PurePosixPath, tuple[str | None, str | None]]) -> Verdict:
    """Whether a change is a promotion and nothing else. `files`: each changed path, its text before and after."""
    return worst("promotion", [_proven(path, before, after) for path, (before, after) in sorted(files.items())])


def _proven(path: PurePosixPath, before: str | None, after: str | None) -> Verdict:
    name = str(path)
    if not WHERE.fullmatch(name):
        return Verdict(name, Status.FAIL, "is no file that a promotion may change")
    if before is None or after is None:
        return Verdict(name, Status.FAIL, "is new or gone: a promotion changes what is there")
    try:
        digest, commit = images(after)
        same = written(before, digest, commit) == after
    except Misconfigured as error:
        return Verdict(name, Status.FAIL, str(error))
    if not same:
        return Verdict(name, Status.FAIL, "changes more than the image's digest and commit")
    return Verdict(
        name, Status.PASS, f"runs {digest[:19]} of {commit[:12]}", facts={"digest": digest, "commit": commit}
    )
