"""A promotion: which image an environment runs, or which data beside it, written into its values, and the proof that
nothing else changed.

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
ENABLED = ("bot", "data", "enabled")
DATA = tuple(("bot", "data", name) for name in ("revision", "sha256", "content"))
"""Data that travels without an image; empty where the image's own is read. Only there where people put `enabled`."""
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
    """The commit that runs now is the new one or lies before it."""
    data: bool = True
    """What data it brings is that of its commit, which differs from the image's by data alone; or it brings none."""


@dataclass(frozen=True, slots=True)
class Data:
    """What values say of data beside the image. Without a revision the image's own is read."""

    revision: str
    sha256: str
    content: str


NONE = Data("", "", "")


def written(values: str, digest: str, commit: str) -> str:
    """The values with this image, and its own data. Raises Misconfigured where the keys are not there once, plainly."""
    if not DIGEST.fullmatch(digest):
        raise Misconfigured(f"{digest[:80]!r} is no image digest: it reads sha256: and 64 hex digits")
    if not COMMIT.fullmatch(commit):
        raise Misconfigured(f"{commit[:60]!r} is no full commit id")
    lines, found = _found(values)
    put: dict[tuple[str, ...], str] = dict(zip(KEYS, (digest, commit), strict=True))
    return _replaced(lines, found, put | {key: "" for key in DATA if key in found})


def with_data(values: str, data: Data) -> str:
    """The values with this data beside the image that is there. Raises Misconfigured where they are not open to it."""
    if not COMMIT.fullmatch(data.revision):
        raise Misconfigured(f"{data.revision[:60]!r} is no full commit id")
    if not re.fullmatch(r"[0-9a-f]{64}", data.sha256) or not re.fullmatch(r"[A-Za-z0-9_-]+", data.content):
        raise Misconfigured("the data's hash or content is not written as such are")
    if data_of(values) is None:
        raise Misconfigured("the values take no data: bot.data needs enabled: true, and revision, sha256 and content")
    return _replaced(*_found(values), dict(zip(DATA, (data.revision, data.sha256, data.content), strict=True)))


def data_of(values: str) -> Data | None:
    """The data that the values name; None where they are not open to any. Raises Misconfigured as `images` does."""
    lines, found = _found(values)
    if any(key not in found for key in (ENABLED, *DATA)) or _value(lines[found[ENABLED]]) != "true":
        return None
    return Data(*(_value(lines[found[key]]) for key in DATA))


def runs(values: str) -> tuple[str, str]:
    """The commits of the code and of the data that the values run. Raises Misconfigured as `images` does."""
    _digest, commit = images(values)
    data = data_of(values)
    return commit, data.revision if data is not None and data.revision else commit


def _replaced(lines: list[str], found: Mapping[tuple[str, ...], int], values: Mapping[tuple[str, ...], str]) -> str:
    for key, value in values.items():
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
        if path in (*KEYS, ENABLED, *DATA):
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
    digest, commit = (_value(lines[found[key]]) for key in KEYS)
    return digest, commit


def _value(line: str) -> str:
    return line.split(":", 1)[1].split(" #", maxsplit=1)[0].strip().strip('"')


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
        _held(seen.forward, "direction", "no step back behind what is there"),
        _held(seen.data, "data", "the files of its commit, which differs from the image's by data alone"),
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
        digest, _commit = images(after)
        data = data_of(after) or NONE
        image, commit = runs(after)
        same = (with_data(before, data) if data.revision else written(before, digest, image)) == after
    except Misconfigured as error:
        return Verdict(name, Status.FAIL, str(error))
    if not same:
        return Verdict(name, Status.FAIL, "changes more than the image's digest and commit, or the data beside it")
    return Verdict(
        name, Status.PASS, f"runs {digest[:19]} of {commit[:12]}", facts={"digest": digest, "commit": commit}
    )
