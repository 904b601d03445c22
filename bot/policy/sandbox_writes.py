"""Which system calls and writes a sandbox counts as evidence, and how they are told."""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import PurePosixPath
from typing import Final

from bot.policy.redact import redact
from bot.policy.sandbox_evidence import CALLS, SOCKETS

LONGEST: Final = 80
"""Characters of a path that are told: its end, which says more than its beginning."""
_READ: Final = 256
"""Characters in which a secret is looked for: one that is cut at their beginning is not told anyway."""
_OWN = re.compile(r"/proc/(self|thread-self|[0-9]+)(/|$)")
_DEVICE = re.compile(r"/dev/(null|zero|full|random|urandom|tty|ptmx|console|pts/.*|fd/.*|std(in|out|err))$")
_CACHES = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"})
_UNIX, _NETLINK, _INTERNET = 1, 16, {2: "AF_INET", 10: "AF_INET6"}
_PARTLY = {"clone": "clone(namespaces)", "ioctl": "ioctl(terminal input)"} | {
    name: f"{name}(set-id)" for name in ("chmod", "fchmod", "fchmodat", "fchmodat2")
}
_OTHER_CACHES = ("pytest-cache-files-", "hypothesis-")
"""Beginnings of names; the second is what a test run is lent ready, and need not learn anew."""
_UNPRINTED = re.compile(r"[^A-Za-z0-9_./+=:@~-]")


class Act(Enum):
    """What is done to a path."""

    OPEN = "open"
    CREATE = "create"
    """Opened for reading, and made if it is not there."""
    MAKE = "make"
    """Made anew: what is there already stays as it is."""
    REMOVE = "remove"


def attempt(act: Act, *, exists: bool, parent: bool) -> bool:
    """Whether this would have been a write if nothing had denied it.

    Where the folder of the path is not there, or what was asked for would have changed nothing, there was nothing to
    deny.
    """
    moot = {Act.OPEN: False, Act.CREATE: exists, Act.MAKE: exists, Act.REMOVE: not exists}[act]
    return parent and not moot


def may_write(path: str, lent: Mapping[str, bool]) -> bool:
    """By the deepest folder that holds the path, or is it; `lent` says of folders whether they may be written."""
    while path:
        if path in lent:
            return lent[path]
        path = path.rpartition("/")[0]
    return False


def harmless(path: str) -> bool:
    """Tools' caches, which fall away where they cannot be kept; devices that hold nothing; a process's own settings."""
    if _OWN.match(path) or _DEVICE.match(path):
        return True
    parts = PurePosixPath(path).parts
    return any(part in _CACHES or part.startswith(_OTHER_CACHES) for part in parts)


def shown(path: str, root: str) -> str:
    """A path as it may stand in a report: of the tree if it lies there, no odd characters, no secret, its end only."""
    at = PurePosixPath(path)
    text = str(at.relative_to(root)) if root and at.is_relative_to(root) else path
    text = _UNPRINTED.sub("?", redact(text[-_READ:]))
    return text if len(text) <= LONGEST else f"...{text[3 - LONGEST :]}"


def forbidden(name: str, words: Sequence[int]) -> tuple[str, list[str]]:
    """The kind and the name of a refused call by its first arguments; no name where an ordinary program makes it.

    Local sockets are refused under Landlock only: libc asks there for a name service cache. It asks NETLINK_ROUTE for
    the host's own addresses before it resolves a name.
    """
    if name not in {"socket", "socketpair"}:
        return CALLS, [_PARTLY.get(name, name)]
    family, protocol = words[0], words[2]
    if family == _UNIX or (family, protocol) == (_NETLINK, 0):
        return CALLS, []
    if family in _INTERNET:
        return SOCKETS, [f"socket({_INTERNET[family]})"]
    return CALLS, [f"{name}({family})"]
