"""Which lines and branches of chosen files a call reaches."""

from __future__ import annotations

import sys
import types
from typing import Any

Arc = tuple[str, int, int]


class Arcs:
    """Records steps from line to line within the functions of these files, while used as a context manager."""

    def __init__(self, files: set[str]) -> None:
        self.files = files
        self.arcs: set[Arc] = set()
        self._last: dict[int, int] = {}
        self._before: Any = None

    def __enter__(self) -> Arcs:
        self.arcs = set()
        self._before = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_exc: object) -> None:
        sys.settrace(self._before)
        self._last.clear()

    def _enter(self, frame: types.FrameType, _event: str, _arg: Any) -> Any:
        if frame.f_code.co_filename not in self.files:
            return None
        self._last[id(frame)] = -frame.f_code.co_firstlineno
        return self._step

    def _step(self, frame: types.FrameType, event: str, _arg: Any) -> Any:
        key = id(frame)
        if event == "line":
            self.arcs.add((frame.f_code.co_name, self._last.get(key, 0), frame.f_lineno))
            self._last[key] = frame.f_lineno
        elif event in ("return", "exception"):
            self.arcs.add((event, self._last.get(key, 0), 0))
        return self._step
