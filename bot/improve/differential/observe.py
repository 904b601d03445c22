"""One call, watched: what it returned or raised, printed, warned of and changed."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import signal
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from bot.improve.differential.canonical import canonical
from bot.improve.inputs.values import Call, realise

MAX_OUT = 4_000
CONTAINERS = (list, dict, set, bytearray)


class OutOfTime(BaseException):
    """The call used up its time. Not an Exception, so that a broad handler in the subject does not eat it."""


def _ring(_signal: int, _frame: types.FrameType | None) -> None:
    raise OutOfTime


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Time limit for the body: CPU time, and forty times as much by the wall for what waits.

    Raises OutOfTime, and again each tenth of it if that was swallowed. Leaves its signal handlers in place: the
    probe has no other use for these signals, and setting them anew each time is a tenth of its cost.
    """
    if signal.getsignal(signal.SIGVTALRM) is not _ring:
        signal.signal(signal.SIGVTALRM, _ring)
        signal.signal(signal.SIGALRM, _ring)
    again = max(seconds / 10, 0.01)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, again)
    signal.setitimer(signal.ITIMER_REAL, seconds * 40, again)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


class Watcher:
    """Calls one function of the subject and writes down what could be seen from outside."""

    def __init__(self, find: Callable[[str], Any], path: str, how: str, seconds: float) -> None:
        self.find, self.path, self.how, self.seconds = find, path, how, seconds
        self._raises: dict[str, set[int]] = {}

    def target(self) -> Any:
        """The function itself; a method or property as found on its class, to be called with the object first."""
        found = self.find(self.path)
        for name in ("fget", "func"):
            if not callable(found) and callable(getattr(found, name, None)):
                return getattr(found, name)
        return found

    def observe(self, call: Call, around: contextlib.AbstractContextManager[Any] | None = None) -> dict[str, Any]:
        """The observation as JSON data: `r` result, `x` exception, `h` out of time, `s` could not be set up,
        `a` arguments after, `o` printed, `w` warnings, `i` which arguments the result is."""
        seen: dict[str, Any] = {}
        out = io.StringIO()
        try:
            args = [realise(a, self.find) for a in call.args]
            kwargs = {k: realise(v, self.find) for k, v in call.kwargs}
            before = canonical([args, kwargs])
        except Exception as error:  # noqa: BLE001  (an input that cannot be built is no evidence)
            return {"s": type(error).__name__}
        with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(out):
            warnings.simplefilter("always")
            self._call(seen, args, kwargs, around or contextlib.nullcontext())
        after = canonical([args, kwargs])
        if after != before:
            seen["a"] = after
        if out.getvalue():
            seen["o"] = out.getvalue()[:MAX_OUT]
        if warned:
            seen["w"] = sorted({f"{w.category.__name__}: {w.message}"[:200] for w in warned})
        return seen

    def _call(
        self,
        seen: dict[str, Any],
        args: list[Any],
        kwargs: dict[str, Any],
        around: contextlib.AbstractContextManager[Any],
    ) -> None:
        try:
            target = self.target()
            with limited(self.seconds), around:
                result = target(*args, **kwargs)
                if inspect.iscoroutine(result):
                    result = asyncio.run(result)
                seen["r"] = canonical(result)
            same = [i for i, a in enumerate(args) if a is result and isinstance(a, CONTAINERS) and len(a)]
            if same:
                seen["i"] = same
        except OutOfTime:
            seen.clear()
            seen["h"] = True
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001  (what it raises is what it does)
            seen["x"] = type(error).__name__
            seen["m"] = str(error)[:300]
            seen["e"] = self._explicit(error)

    def _explicit(self, error: BaseException) -> bool:
        """Whether a `raise` or `assert` statement raised it, and not an operation on an unfit value."""
        frames = traceback.extract_tb(error.__traceback__)
        if not frames:
            return False
        last = frames[-1]
        if last.filename not in self._raises:
            self._raises[last.filename] = _raising_lines(last.filename)
        return last.lineno in self._raises[last.filename]


def _raising_lines(filename: str) -> set[int]:
    try:
        with open(filename, encoding="utf-8") as file:  # noqa: PTH123  (the subject may have patched pathlib)
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return set()
    found = (n for n in ast.walk(tree) if isinstance(n, (ast.Raise, ast.Assert)))
    return {line for n in found for line in range(n.lineno, (n.end_lineno or n.lineno) + 1)}
