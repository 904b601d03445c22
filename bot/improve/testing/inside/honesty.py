"""Signs that the judged code bends the referee: objects equal to everything, bodies of tests that were replaced."""

from __future__ import annotations

import hashlib
import inspect
import sys
import sysconfig
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

BUILTINS = (object, int, str, float, bytes, tuple, list, dict, set, frozenset, BaseException)


class Nobody:
    """A stranger: nothing that compares honestly is equal to it."""


def always_equal(root: str) -> list[str]:
    """Names of loaded classes, other than the interpreter's and its packages', whose instances equal a stranger."""
    here = str(Path(__file__).resolve().parent)
    foreign = [here, sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()]
    foreign = [path for path in foreign if not root.startswith(path)]
    names = set()
    for cls in _classes(object, set()):
        method = vars(cls).get("__eq__")
        code = getattr(method, "__code__", None)
        if code is None or any(code.co_filename.startswith(path) for path in foreign):
            continue
        if _equals_stranger(cls, method):
            names.add(f"{cls.__module__}.{cls.__qualname__}")
    return sorted(names)


def _classes(cls: type, seen: set[type]) -> set[type]:
    todo = [cls]
    while todo:
        child: type
        for child in type.__subclasses__(todo.pop()):
            if child not in seen:
                seen.add(child)
                todo.append(child)
    return seen


def _equals_stranger(cls: type, method: Any) -> bool:
    for builtin in BUILTINS:
        try:
            instance: object = builtin.__new__(cls)
            answer = method(instance, Nobody())
            return answer is not NotImplemented and bool(answer)
        except BaseException:  # noqa: BLE001, S112  (judged code may raise anything; then it is not equal)
            continue
    return False


def digest(function: Any, root: str) -> str | None:
    """Fingerprint of the test body that ran; None if it is no plain function of the checkout."""
    try:
        plain = inspect.unwrap(getattr(function, "__func__", function))
    except ValueError:
        return None
    if not isinstance(plain, FunctionType) or not plain.__code__.co_filename.startswith(root):
        return None
    state = hashlib.sha256()
    _feed(plain.__code__, state)
    return state.hexdigest()[:16]


def _feed(code: CodeType, state: Any) -> None:
    state.update(code.co_code)
    state.update(repr((code.co_names, code.co_varnames, code.co_freevars)).encode("utf-8", "replace"))
    for value in code.co_consts:
        if isinstance(value, CodeType):
            _feed(value, state)
        elif isinstance(value, (str, bytes, int, float, complex, bool, type(None))):
            state.update(repr(value).encode("utf-8", "replace"))
