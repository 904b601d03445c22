"""A promotion: which image an environment runs, written into its values, and the proof that nothing else changed.

Read by lines and not by a YAML library: what is not plainly block style is refused, and what is not touched stays as it
was, to the byte.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict, worst

WHERE = re.compile(r"deploy/environments/[a-z][a-z0-9-]{0,30}/bot\.yaml")
"""The files that a promotion may change. The controller's are people's."""
KEYS = (("bot", "image", "digest"), ("bot", "image", "commit"))
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}")
_ROW = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z0-9_.-]+):(?P<rest>(?: .*)?)")
_VALUE = re.compile(r" (?P<value>\"[A-Za-z0-9:._-]*\"|[A-Za-z0-9._-]+)(?P<tail>[ ]*(?: #.*)?)")


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
        lines, found = _found(after)
        digest, commit = (lines[found[key]].split(":", 1)[1].split(" #")[0].strip().strip('"') for key in KEYS)
        same = written(before, digest, commit) == after
    except Misconfigured as error:
        return Verdict(name, Status.FAIL, str(error))
    if not same:
        return Verdict(name, Status.FAIL, "changes more than the image's digest and commit")
    return Verdict(
        name, Status.PASS, f"runs {digest[:19]} of {commit[:12]}", facts={"digest": digest, "commit": commit}
    )
