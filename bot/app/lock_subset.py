"""The part of requirements.lock that one image needs, hashes included: `python -m bot.app.lock_subset LOCK NAMES`."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bot.core.errors import Misconfigured

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?(?:==(?P<version>[^\s;\\]+))?")


def subset(lock: str, wanted: Iterable[str]) -> str:
    """The lock's entries for these requirements, in the lock's order.

    `wanted`: requirements as `uv pip compile` lists them, or bare names. Raises Misconfigured for one that the lock
    does not have, has without a hash, or has in another version: nothing is installed that the lock does not hold.
    """
    entries = dict(_entries(lock))
    names = set()
    for line in wanted:
        text = line.strip()
        if text and not text.startswith(("#", "--hash")):
            names.add(_found(entries, text))
    if not names:
        raise Misconfigured("no requirement was named: give the output of uv pip compile, or names, one a line")
    return "".join(entry for name, entry in entries.items() if name in names)


def _found(entries: Mapping[str, str], text: str) -> str:
    """The name of the entry that a line asks for."""
    name, version = _pinned(text)
    entry = entries.get(name)
    if entry is None:
        raise Misconfigured(f"{name} is not in the lock: run scripts/lock")
    locked = _pinned(entry)[1]
    if version and version != locked:
        raise Misconfigured(f"{name} {version} is wanted and the lock has {locked}: run scripts/lock")
    if "--hash=" not in entry:
        raise Misconfigured(f"{name} has no hash in the lock: run scripts/lock")
    return name


def _entries(lock: str) -> Iterator[tuple[str, str]]:
    """Each requirement with its lines of hashes. One that is there twice, by markers, keeps both."""
    found: dict[str, str] = {}
    name = ""
    for line in lock.splitlines(keepends=True):
        if line.strip() and not line.startswith((" ", "#", "-")):
            name = _pinned(line)[0]
        if name and line.strip():
            found[name] = found.get(name, "") + line
    yield from found.items()


def _pinned(text: str) -> tuple[str, str]:
    """Name, as the registries normalise it (PEP 503), and version."""
    matched = _PIN.match(text)
    if matched is None:
        raise Misconfigured(f"{text[:60]!r} is no requirement")
    return re.sub(r"[-_.]+", "-", matched["name"]).lower(), matched["version"] or ""


def main(arguments: list[str]) -> int:
    """Print the part; 2 with one sentence on stderr where there is none."""
    if len(arguments) != 2:
        sys.stderr.write("give the lock and a file of requirements: python -m bot.app.lock_subset LOCK NAMES\n")
        return 2
    try:
        lock, names = (Path(one).read_text(encoding="utf-8") for one in arguments)
        sys.stdout.write(subset(lock, names.splitlines()))
    except (Misconfigured, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
