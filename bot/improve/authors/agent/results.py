"""A run of tests as a model is told of it."""

from collections import Counter

from bot.improve.testing.results import Run

SHOWN, TAIL = 5, 1500
"""Failures that are shown, and how many of the last characters of each."""


def told(run: Run) -> str:
    """Counts, what could not be collected, and the first failures."""
    counts = Counter(result.outcome for result in run.tests.values())
    head = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())) or "no test ran"
    parts = [head + (" (ended by its time limit)" if run.timed_out else "")]
    parts += [f"{where}: {what[-TAIL:]}" for where, what in list(run.problems.items())[:SHOWN]]
    bad = run.bad()
    parts += [f"{test}: {run.tests[test].outcome}\n{run.tests[test].text[-TAIL:]}" for test in bad[:SHOWN]]
    if len(bad) > SHOWN:
        parts.append(f"… {len(bad) - SHOWN} more: {', '.join(bad[SHOWN : 4 * SHOWN])}")
    return "\n\n".join(parts)
