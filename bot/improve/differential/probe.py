"""The program that runs in the sandbox: reads a job from stdin, writes observations line by line."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from bot.improve.differential.explore import Explorer
from bot.improve.differential.observe import Watcher
from bot.improve.differential.subject import Subject, freeze, purge
from bot.improve.inputs.spec import Spec
from bot.improve.inputs.values import Call, decode_call, encode_call


def main() -> None:
    """Do one job: `explore` finds inputs, `observe` runs given ones. Results go to what was standard output."""
    job = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for name in ("asyncio", "numpy") if job.get("warm") else ("asyncio",):
        importlib.import_module(name)
    purge()
    freeze(job["seed"])
    subject = Subject(job["roots"], job["seed"])
    for row in _rows(job, subject):
        out.write(json.dumps(row) + "\n")
        if "o" not in row:  # results wait for the next beginning: one write a call, and none is lost if a call kills us
            out.flush()
    out.flush()
    os._exit(0)


def _rows(job: dict[str, Any], subject: Subject) -> Iterator[dict[str, Any]]:
    for task in job["tasks"]:
        spec = Spec.from_dict(task["spec"])
        calls = [decode_call(c) for c in task["calls"]]
        try:
            subject.load(spec.module)
            watcher = Watcher(subject.find, f"{spec.module}:{spec.name}", spec.how, job["call_seconds"])
            watcher.target()
        except BaseException as error:  # noqa: BLE001  (a module that cannot be loaded is an answer)
            yield {"f": task["id"], "broken": f"{type(error).__name__}: {error}"[:300]}
            continue
        if job["do"] == "explore":
            yield _explore(task, spec, watcher, calls, job["seed"])
        else:
            yield from _observe(task, watcher, subject, calls)


def _explore(task: dict[str, Any], spec: Spec, watcher: Watcher, calls: list[Call], seed: int) -> dict[str, Any]:
    file = str(importlib.import_module(spec.module).__file__)
    explorer = Explorer(spec, watcher, {file}, seed, limit=task["limit"], seconds=task["seconds"])
    found = explorer.run(calls)
    lines = sorted({arc[2] for arc in explorer.arcs if arc[2] > 0})
    arcs = sorted({(arc[1], arc[2]) for arc in explorer.arcs})
    return {"f": task["id"], "calls": [encode_call(c) for c in found], "lines": lines, "arcs": arcs,
            "slow": explorer.slow, "tried": explorer.tried}  # fmt: skip


def _observe(task: dict[str, Any], watcher: Watcher, subject: Subject, calls: list[Call]) -> Iterator[dict[str, Any]]:
    hung = 0
    for index, call in enumerate(calls):
        if hung >= task.get("hangs", 3):
            yield {"f": task["id"], "i": index, "o": {"skipped": True}}
            continue
        yield {"f": task["id"], "begin": index}
        subject.still()
        seen = watcher.observe(call)
        hung += "h" in seen
        yield {"f": task["id"], "i": index, "o": seen}


if __name__ == "__main__":
    main()
