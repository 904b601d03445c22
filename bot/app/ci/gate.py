"""The required job: it passes only if every job that it waits for passed. Anything else, and nothing, is no pass."""

import json
from collections.abc import Mapping

from bot.core.text import one_line
from bot.core.verdict import Status, Verdict, worst

RESULTS = {"success": Status.PASS, "failure": Status.FAIL, "cancelled": Status.ERROR, "skipped": Status.ERROR}
"""What GitHub says of a job (the `needs` context). A job that was skipped has judged nothing."""


def gate(needs: str, expected: frozenset[str]) -> Verdict:
    """The verdict over the `needs` context as JSON. `expected` are the jobs that must be among them."""
    try:
        told = json.loads(needs)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not told:
        return Verdict("gate", Status.ERROR, "the results of the jobs cannot be read")
    found = [_job(str(name), value) for name, value in sorted(told.items())]
    missing = sorted(expected - set(told))
    found += [Verdict(name, Status.ERROR, "is not among the jobs that were waited for") for name in missing]
    return worst("gate", found)


def _job(name: str, value: object) -> Verdict:
    result = value.get("result") if isinstance(value, Mapping) else None
    status = RESULTS.get(result, Status.ERROR) if isinstance(result, str) else Status.ERROR
    text = one_line(str(result), 40) if result is not None else "no result"
    return Verdict(one_line(name, 60), status, text)
