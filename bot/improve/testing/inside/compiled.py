"""Code of sources that were compiled before, found by a hash of their whole text: compiling takes a suite seconds."""

from __future__ import annotations

import _imp
import ast
import hashlib
import json
import marshal
import os
import sys
import warnings
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from .probes import Marked, marked

PLAIN, TEST, LINES = "plain", "test", "lines"
"""As Python compiles a module, as pytest does, which rewrites assertions, and with marks that say which lines ran."""


def key(kind: str, source: bytes) -> str:
    """The name of a source's code in the folder."""
    return hashlib.sha256(kind.encode() + b"\0" + source).hexdigest()


def with_marks(folder: str, source: bytes, path: str) -> Marked:
    """A source's code with marks, from the folder where it is there. Raises what compiling raises where it is not."""
    if folder:
        try:
            code, size, implied = _read(folder, LINES, source)
        except (OSError, ValueError, EOFError, TypeError):
            pass
        else:
            _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]
            return Marked(code, size, implied)
    return marked(source, path)


def _read(folder: str, kind: str, source: bytes) -> Any:
    """What the folder holds of a source. Raises OSError, ValueError, EOFError or TypeError where that is nothing."""
    with open(os.path.join(folder, key(kind, source)), "rb") as file:  # noqa: PTH118, PTH123  (once a module)
        return marshal.load(file)  # noqa: S302  (our own, and lent read-only)


def install(folder: str) -> None:
    """Let imports, and pytest's, take their code from the folder where it is there, with the file's own name in it.

    It holds code of the base alone, made without running any of it: see `bot.improve.testing.precompiled`.
    """

    def found(kind: str, source: bytes, path: str) -> CodeType | None:
        try:
            code = _read(folder, kind, source)
        except (OSError, ValueError, EOFError, TypeError):
            return None
        if not isinstance(code, CodeType):
            return None
        _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]  # as importlib does with its own
        return code

    compiles = SourceFileLoader.source_to_code

    def source_to_code(self: SourceFileLoader, data: Any, path: Any, *args: Any, **more: Any) -> Any:
        known = found(PLAIN, data, path) if isinstance(data, bytes) and isinstance(path, str) else None
        return known or compiles(self, data, path, *args, **more)

    SourceFileLoader.source_to_code = source_to_code  # type: ignore[method-assign,assignment]
    rewrite = sys.modules.get("_pytest.assertion.rewrite")
    rewrites = getattr(rewrite, "_rewrite_test", None)
    if rewrites is None:
        return

    def rewrite_test(fn: Path, config: Any) -> Any:
        known = None if config.getini("enable_assertion_pass_hook") else found(TEST, fn.read_bytes(), str(fn))
        return rewrites(fn, config) if known is None else (None, known)  # the first is for a cache that we do not write

    vars(rewrite)["_rewrite_test"] = rewrite_test


def main() -> int:
    """Compile the files that standard input names, each into the folder that it names. None of them is run."""
    job = json.load(sys.stdin)
    sys.path.extend(job["kit"])
    warnings.simplefilter("error")  # what has something to say is left to say it whenever it is imported
    for kind, paths in job["files"].items():
        for path in paths:
            source = Path(path).read_bytes()
            try:
                code = MAKE[kind](source)
            except Exception:  # noqa: BLE001, S112  (a file that does not compile is an error where it is imported)
                continue
            Path(job["folder"], key(kind, source)).write_bytes(marshal.dumps(code))
    return 0


def _rewritten(source: bytes) -> CodeType:
    from _pytest.assertion.rewrite import rewrite_asserts  # noqa: PLC0415  (only where there are pytest's tests)

    tree = ast.parse(source)
    rewrite_asserts(tree, source)
    return compile(tree, "", "exec", dont_inherit=True)


def _plain(source: bytes) -> CodeType:
    return compile(source, "", "exec", dont_inherit=True)


def _with_marks(source: bytes) -> tuple[Any, ...]:
    return tuple(marked(source, ""))


MAKE: dict[str, Callable[[bytes], Any]] = {PLAIN: _plain, TEST: _rewritten, LINES: _with_marks}
