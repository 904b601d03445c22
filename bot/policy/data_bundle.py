"""The data of one commit as one text: how it travels to pods, and what is asked of it before any of it is read.

Compressed, since what `kubectl apply` keeps of an object beside it has to fit in 256 KiB (Kubernetes'
`ValidateAnnotations`); a ConfigMap itself ends at 1 MiB.
"""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.policy.hot_path import FILES, FOLDER, LARGEST, MOST, is_data

LONGEST = 192 * 1024
"""Letters of the text. Data that needs more goes the way of code."""
WHOLE = 4 * 1024 * 1024
"""Bytes of all files together, unpacked."""
DOCUMENT = "data.json"
"""What the mounted file is called."""
Because = Literal["format", "hash", "base"]
_COMMIT = re.compile(r"[0-9a-f]{40}")


class DataRefused(Misconfigured):
    """Data that is not to be read. `because`: it is no such data, not what was promoted, or made for other code."""

    def __init__(self, because: Because, message: str) -> None:
        super().__init__(message)
        self.because = because


@dataclass(frozen=True, slots=True)
class Bundle:
    """The data of a commit. `base` is the commit of the code that it was proved to differ from by data alone."""

    base: Sha
    revision: Sha
    files: Mapping[PurePosixPath, str]
    """By their place below `bot/chat`."""

    @property
    def sha256(self) -> str:
        """Over everything: both commits and each file."""
        return hashlib.sha256(_text([self.base, self.revision, _rows(self.files)])).hexdigest()

    @property
    def content(self) -> str:
        """The files as letters, digits, - and _ (RFC 4648, section 5, without its padding)."""
        return base64.urlsafe_b64encode(zlib.compress(_text(_rows(self.files)), 9)).decode("ascii").rstrip("=")


def sealed(bundle: Bundle) -> Bundle:
    """The same, if it fits and every file is one that may travel so. Raises DataRefused."""
    _whole(bundle.files)
    if len(bundle.content) > LONGEST:
        raise DataRefused("format", f"the data is longer than {LONGEST} letters, even compressed")
    return bundle


def opened(base: str, revision: str, sha256: str, content: str) -> Bundle:
    """What was sealed, unpacked within its bounds and compared with its hash. Raises DataRefused."""
    for name, value in (("base", base), ("revision", revision)):
        if not _COMMIT.fullmatch(value):
            raise DataRefused("format", f"its {name} is no commit: {value[:60]!r}")
    bundle = Bundle(Sha(base), Sha(revision), _unpacked(content))
    if bundle.sha256 != sha256:
        raise DataRefused("hash", f"its hash is {bundle.sha256[:12]}, and {sha256[:12]!r} was promoted: it was edited")
    return bundle


def mounted(document: bytes, own: str) -> Bundle | None:
    """The data in a mounted document, for a process whose code is of the commit `own`; None: it shall read its own.

    Raises DataRefused, with `base` for what is meant for other code: old pods see that while new ones take their place.
    """
    row = _document(document)
    base, revision = row["base"], row["revision"]
    if base != own:
        raise DataRefused("base", f"it is for the code of {base[:12]!r}, and this is {own[:12]}")
    if not revision:
        return None
    return opened(base, revision, row["sha256"], row["content"])


def _document(document: bytes) -> dict[str, str]:
    keys = ("base", "revision", "sha256", "content")
    try:
        found: Any = json.loads(document) if len(document) <= 2 * LONGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or sorted(found) != sorted(keys) or not all(isinstance(found[k], str) for k in keys):
        raise DataRefused("format", f"{DOCUMENT} is none: it has {', '.join(keys)}, each a text, and nothing else")
    return {key: found[key] for key in keys}


def _unpacked(content: str) -> Mapping[PurePosixPath, str]:
    try:
        rows = json.loads(_inflated(content)) if len(content) <= LONGEST and content.isascii() else None
    except (ValueError, zlib.error, RecursionError):
        rows = None
    if not isinstance(rows, dict) or not all(isinstance(value, str) for value in rows.values()):
        raise DataRefused("format", "its content is no compressed list of files")
    return _whole({PurePosixPath(name): value for name, value in rows.items() if _named(name)})


def _inflated(content: str) -> bytes:
    """Empty for what does not end within its bounds."""
    packed = base64.b64decode(content + "=" * (-len(content) % 4), altchars=b"-_", validate=True)
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(packed, WHOLE)
    return text if unpacking.eof and not unpacking.unused_data else b""


def _named(name: str) -> bool:
    """Whether a path is written as paths are, so that no two names are one file."""
    if str(PurePosixPath(name)) != name:
        raise DataRefused("format", f"{name[:80]!r} is no plain path")
    return True


def _whole(files: Mapping[PurePosixPath, str]) -> Mapping[PurePosixPath, str]:
    """The files, if all of them may travel so."""
    missing = [str(path) for path in FILES if path not in files]
    if missing or len(files) > MOST:
        raise DataRefused("format", f"it has {len(files)} files of at most {MOST}, and no {' and no '.join(missing)}")
    for path, text in files.items():
        if not is_data(FOLDER / path):
            raise DataRefused("format", f"{str(path)[:80]!r} is not data that can be read without a new process")
        if len(text.encode("utf-8", errors="replace")) > LARGEST:
            raise DataRefused("format", f"{path} is larger than {LARGEST} bytes")
    return files


def _rows(files: Mapping[PurePosixPath, str]) -> dict[str, str]:
    return {str(path): text for path, text in files.items()}


def _text(value: object) -> bytes:
    """One text for one value, whoever writes it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
