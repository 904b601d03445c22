"""Named places at which a test may kill this process, to see that nothing is lost or done twice."""

import os
import signal

VARIABLE = "MEGAWATTS_CRASH_AT"

POINTS = (
    "publish.objects",
    "publish.ref",
    "open.before",
    "open.row",
    "open.done",
    "report.row",
    "report.done",
    "comment.row",
    "comment.done",
    "ask.row",
    "ask.done",
    "edit.row",
    "edit.done",
    "merge.before",
    "merge.commit",
    "merge.ref",
    "merge.row",
    "merge.done",
    "revert.before",
    "revert.commit",
    "revert.ref",
    "revert.row",
    "revert.done",
    "close.row",
    "close.done",
    "tag.before",
    "tag.done",
    "release.row",
    "release.done",
    "dashboard.row",
    "dashboard.done",
)
"""Points of the embedded forge. Other adapters and the engine may name their own."""

_passed: dict[str, int] = {}


def point(name: str) -> None:
    """Kill this process by SIGKILL if MEGAWATTS_CRASH_AT is `name`, or `name#n` at the n-th passing; else nothing."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if wanted in {name, f"{name}#{_passed[name]}"}:
        os.kill(os.getpid(), signal.SIGKILL)


def passages() -> dict[str, int]:
    """How often each point was passed in this process, while MEGAWATTS_CRASH_AT names any."""
    return dict(_passed)
