"""Runs tests on mutants: the tests are collected once, and each mutant lives in a process forked from there."""

from __future__ import annotations

import gc
import importlib.machinery
import json
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import Any

CO_OPTIMIZED = 1
Emit = Callable[[dict[str, Any]], None]


def apply_edit(mutant: dict[str, Any]) -> tuple[str, str]:
    """The original text of the mutant's file, and the mutated one."""
    with open(mutant["file"], encoding="utf-8", newline="") as handle:  # noqa: PTH123  (py3.9's Path has no newline)
        text = handle.read()
    return text, text[: mutant["start"]] + mutant["text"] + text[mutant["end"] :]


def live_patches(mutant: dict[str, Any]) -> list[tuple[CodeType, CodeType]] | None:
    """Functions whose code the mutant changes, old and new; None if it changes what runs at import."""
    old, new = (compile(text, mutant["file"], "exec", dont_inherit=True) for text in apply_edit(mutant))
    return _pairs(old, new)


def _pairs(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    if not _same_surface(old, new):
        return None
    found: list[tuple[CodeType, CodeType]] = []
    for before, after in zip(_children(old), _children(new), strict=True):
        if before.co_flags & CO_OPTIMIZED:
            if not _same(before, after):
                if before.co_freevars != after.co_freevars:
                    return None
                found.append((before, after))
        else:
            below = _pairs(before, after)
            if below is None:
                return None
            found += below
    return found


def _children(code: CodeType) -> list[CodeType]:
    return [value for value in code.co_consts if isinstance(value, CodeType)]


def _same_surface(old: CodeType, new: CodeType) -> bool:
    """Whether two pieces of code do the same, apart from the functions and classes that they define."""
    plain = [[repr(v) for v in code.co_consts if not isinstance(v, CodeType)] for code in (old, new)]
    names = [child.co_name for child in _children(old)] == [child.co_name for child in _children(new)]
    return names and plain[0] == plain[1] and old.co_code == new.co_code and old.co_names == new.co_names


def _same(old: CodeType, new: CodeType) -> bool:
    return (
        _same_surface(old, new)
        and old.co_varnames == new.co_varnames
        and all(_same(before, after) for before, after in zip(_children(old), _children(new), strict=True))
    )


def patch(pairs: Sequence[tuple[CodeType, CodeType]]) -> int:
    """Give every living function with the old code the new one. How many there were."""
    wanted = {(old.co_filename, old.co_name, old.co_firstlineno): new for old, new in pairs}
    count = 0
    for thing in gc.get_objects():
        if type(thing) is FunctionType:
            code = thing.__code__
            new = wanted.get((code.co_filename, code.co_name, code.co_firstlineno))
            if new is not None:
                thing.__code__ = new
                count += 1
    return count


def install(mutant: dict[str, Any]) -> None:
    """Let imports of the mutant's file find the mutated text."""
    mutated = apply_edit(mutant)[1].encode()
    original = importlib.machinery.SourceFileLoader.get_data

    def get_data(self: Any, path: Any) -> bytes:
        if os.path.realpath(path) == os.path.realpath(mutant["file"]):
            return mutated
        if str(path).endswith(".pyc") and self.path == mutant["file"]:
            raise OSError("the cache is the original's")
        return original(self, path)

    importlib.machinery.SourceFileLoader.get_data = get_data  # type: ignore[method-assign]  # the point of it


def each(mutants: Sequence[dict[str, Any]], attempt: Callable[[dict[str, Any]], dict[str, Any]], emit: Emit) -> None:
    """Try every mutant in a process of its own; what exceeds its seconds is ended and counts as noticed."""
    for mutant in mutants:
        emit({"e": "mutant_start", "id": mutant["id"]})
        began = time.monotonic()
        record = _forked(mutant, attempt)
        emit(dict(record, e="mutant", id=mutant["id"], seconds=round(time.monotonic() - began, 3)))


def _forked(mutant: dict[str, Any], attempt: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(source)
        record: dict[str, Any] = {"outcome": "died"}
        try:
            os.setpgid(0, 0)
            record = attempt(mutant)
        except BaseException as error:  # noqa: BLE001  (a mutant may raise anything; it was noticed)
            record = {"outcome": "died", "by": repr(error)[:200]}
        finally:
            os.write(sink, json.dumps(record).encode("ascii", "replace") + b"\n")
            os._exit(0)
    os.close(sink)
    answer = _answer(source, mutant["seconds"])
    _reap(pid)
    return answer


def _answer(source: int, seconds: float) -> dict[str, Any]:
    """What the child said; silence until its time is over is a timeout, silence at its end a death."""
    deadline, data = time.monotonic() + seconds, b""
    try:
        while True:
            ready, _, _ = select.select([source], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return {"outcome": "timeout"}
            part = os.read(source, 1 << 14)
            data += part
            if not part:
                return {"outcome": "died"}
            if data.endswith(b"\n"):
                return dict(json.loads(data))
    finally:
        os.close(source)


def _reap(pid: int) -> None:
    for send in (os.killpg, os.kill):
        try:
            send(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    os.waitpid(pid, 0)
