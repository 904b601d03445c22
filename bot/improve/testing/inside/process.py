"""What the referee's processes ask of the kernel."""

import ctypes

PR_SET_DUMPABLE = 4


def hide_memory(hidden: bool) -> None:
    """Whether processes of the same user may read this one's memory, descriptors and environment."""
    try:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0 if hidden else 1, 0, 0, 0)
    except (OSError, AttributeError):
        return
