"""The program that measures: both versions in one process, turn by turn, so that noise falls on both alike."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from bot.improve.differential.canonical import canonical
from bot.improve.differential.observe import OutOfTime, limited
from bot.improve.differential.subject import Subject, purge
from bot.improve.inputs.spec import Spec
from bot.improve.inputs.values import Call, decode_call, realise
from bot.improve.testing.inside.io_count import Counter

BATCH = 0.001
"""CPU seconds that one turn of base should last: far above the clock's grain."""
MAX_LOOPS = 3_000
MAX_ROUNDS = 50
MIN_ROUNDS = 8
FEWEST = 5
"""Turns after which a measurement that takes too long is ended."""
LARGE = (150, 1_000)
"""Lengths that sequences are repeated to, for the question how cost grows."""
SLOW = 0.25
PASS = 0.05
"""CPU seconds that one pass over all calls may take: it is made some sixty times, a dozen of them watched."""
THREADS = 4
Find = Callable[[str], Any]


class Cost(NamedTuple):
    """Of some calls together: processor and wall seconds, bytes read and written, reads and writes (-1: not known)."""

    cpu: float
    wall: float
    moved: float = -1
    operations: float = -1

    def each(self, number: int) -> list[float]:
        """Of one call among that many."""
        return [value / number if value >= 0 else value for value in self]


def main() -> None:
    """Measure the functions of the job on stdin; one JSON line each."""
    job = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    importlib.import_module("asyncio")
    purge()
    for row in _rows(job):
        out.write(json.dumps(row) + "\n")
        out.flush()
    os._exit(0)


def _rows(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for task in job["functions"]:
        _forget([*job["base"], *job["head"]])
        try:
            yield {"id": task["id"], **_measure(task, job)}
        except BaseException as error:  # noqa: BLE001  (what cannot be measured is an answer)
            yield {"id": task["id"], "broken": f"{type(error).__name__}: {error}"[:200]}


class Version:
    """A function as one side defines it, with the means to build its arguments."""

    def __init__(self, roots: list[str], spec: Spec, *, stays: bool) -> None:
        before, path = dict(sys.modules), list(sys.path)
        self.modules: dict[str, Any] = {}
        self._counter = Counter()
        subject = Subject(roots, 0)
        self.function = subject.find(f"{spec.module}:{spec.name}")
        self.function = getattr(self.function, "fget", self.function)
        self.modules = {n: m for n, m in sys.modules.items() if n not in before}
        if stays:
            return
        for name in [n for n, module in self.modules.items() if _inside(module, roots)]:
            del sys.modules[name]
        sys.path[:] = path

    def find(self, path: str) -> Any:
        """An object of this version's modules, for recipes in arguments."""
        module, _, name = path.partition(":")
        found = self.modules.get(module) or importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def changes(self, calls: list[Call]) -> bool:
        """Whether the function alters what it is given: then each run needs arguments of its own."""
        prepared = self.arguments(calls)
        before = repr(canonical([list(turn) for turn in prepared]))
        _run(self.function, prepared)
        return repr(canonical([list(turn) for turn in prepared])) != before

    def arguments(self, calls: list[Call]) -> list[tuple[list[Any], dict[str, Any]]]:
        """Fresh arguments for each call."""
        return [
            ([realise(a, self.find) for a in c.args], {k: realise(v, self.find) for k, v in c.kwargs}) for c in calls
        ]

    def spend(self, calls: list[Call], loops: int, *, fresh: bool = True) -> Cost:
        """What `loops` times all calls cost; arguments are built outside of the measurement."""
        prepared = [self.arguments(calls) for _ in range(loops)] if fresh else [self.arguments(calls)] * loops
        gc.collect()
        gc.disable()
        self._counter.begin()
        wall, cpu = time.perf_counter(), time.process_time()
        for turn in prepared:
            _run(self.function, turn)
        spent = time.process_time() - cpu, time.perf_counter() - wall
        moved = self._counter.end()
        gc.enable()
        return Cost(*spent, *(moved or ()))

    def memory(self, calls: list[Call]) -> tuple[int, int]:
        """Peak bytes of one pass, and bytes still held after it."""
        prepared = self.arguments(calls)
        gc.collect()
        tracemalloc.start()
        _run(self.function, prepared)
        gc.collect()
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak, held


def _run(function: Callable[..., Any], prepared: list[tuple[list[Any], dict[str, Any]]]) -> None:
    for args, kwargs in prepared:
        try:
            result = function(*args, **kwargs)
            if hasattr(result, "__next__"):
                consume(result)
        except Exception:  # noqa: BLE001, S112  (raising is what the function does on this input)
            continue


def _forget(roots: list[str]) -> None:
    """Forget what an earlier function's measurement imported of the product."""
    for name in [n for n, module in list(sys.modules.items()) if _inside(module, roots)]:
        del sys.modules[name]
    sys.path[:] = [p for p in sys.path if p not in roots]


def consume(result: Any) -> None:
    """Run a generator to its end, within bounds: making one costs nothing, using it does."""
    for count, _ in enumerate(result):
        if count > 10_000:
            break


def _inside(module: Any, roots: list[str]) -> bool:
    file = str(getattr(module, "__file__", None) or "")
    return any(file.startswith(os.path.abspath(root) + os.sep) for root in roots) and "site-packages" not in file  # noqa: PTH100  (strings compared with strings)


def _measure(task: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    spec = Spec.from_dict(task["spec"])
    base = Version(job["base"], spec, stays=False)
    head = Version(job["head"], Spec.from_dict(task["head"]), stays=True)
    calls = _quick(base, [decode_call(c) for c in task["calls"]])
    if not calls:
        return {"broken": "no input ends in time"}
    found: dict[str, Any] = {"natural": _turns(base, head, calls, task["seconds"] * 0.6)}
    large = _quick(base, [c for n in LARGE for c in (scaled(call, n) for call in calls[:4]) if c is not None])
    if large:
        found["large"] = _turns(base, head, large[-3:], task["seconds"] * 0.4)
    found["leak"] = [_growth(base, calls), _growth(head, calls)]
    found["race"] = _races(head, calls) and not _races(base, calls)
    return found


def _quick(version: Version, calls: list[Call]) -> list[Call]:
    """Calls that base does in time and without surprise: as many as fit into a pass, or the quickest one."""
    found, dear = list[Call](), list[tuple[float, Call]]()
    slow, room = 0, PASS
    for call in calls:
        if slow >= 3:
            break
        try:
            with limited(SLOW):
                spent = version.spend([call], 1)[0]
            if spent <= room:
                found.append(call)
                room -= spent
            else:
                dear.append((spent, call))
        except OutOfTime:
            gc.enable()
            slow += 1
        except Exception:  # noqa: BLE001, S112  (an input that cannot be built measures nothing)
            continue
    return found or [call for _, call in sorted(dear, key=lambda pair: pair[0])[:1]]


def _turns(base: Version, head: Version, calls: list[Call], seconds: float) -> dict[str, Any]:
    """Pairs of costs per call, in seconds, the order changing from turn to turn."""
    once = max(base.spend(calls, 1)[0], head.spend(calls, 1)[0], 1e-7)
    fresh = base.changes(calls) or head.changes(calls)
    loops = max(1, min(MAX_LOOPS // len(calls), int(BATCH / once)))
    number = loops * len(calls)
    rows: list[tuple[list[float], list[float]]] = []
    ends = time.perf_counter() + seconds
    while len(rows) < MAX_ROUNDS and (len(rows) < MIN_ROUNDS or time.perf_counter() < ends):
        order = (base, head) if len(rows) % 2 == 0 else (head, base)
        spent = [version.spend(calls, loops, fresh=fresh).each(number) for version in order]
        rows.append((spent[0], spent[1]) if len(rows) % 2 == 0 else (spent[1], spent[0]))
        if time.perf_counter() > ends + seconds and len(rows) >= FEWEST:
            break
    peaks = [version.memory(calls)[0] for version in (base, head)]
    costs = {name: [(one[at], two[at]) for one, two in rows] for at, name in enumerate(Cost._fields)}
    return {**costs, "peak": peaks, "calls": len(calls), "loops": loops}


def _growth(version: Version, calls: list[Call]) -> list[int]:
    """Bytes still held after each of five passes, the first not counted."""
    return [version.memory(calls)[1] for _ in range(5)][1:]


def _races(version: Version, calls: list[Call]) -> bool:
    """Whether four threads at once get other results than one after another."""

    def results() -> list[str]:
        seen = []
        for args, kwargs in version.arguments(calls[:20]):
            try:
                seen.append(repr(canonical(version.function(*args, **kwargs))))
            except Exception as error:  # noqa: BLE001  (an outcome like any other)
                seen.append(type(error).__name__)
        return seen

    alone = results()
    together: list[list[str]] = []
    threads = [threading.Thread(target=lambda: together.append(results())) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return any(seen != alone for seen in together) and results() == alone


def scaled(call: Call, length: int) -> Call | None:
    """The call with its sequences repeated up to a length; None if it has none to repeat."""
    args = tuple(_repeated(a, length) for a in call.args)
    return Call(args, call.kwargs) if args != call.args else None


def _repeated(value: Any, length: int) -> Any:
    if isinstance(value, (list, str)) and 0 < len(value) < length:
        return value * (length // len(value))
    return value


if __name__ == "__main__":
    main()
