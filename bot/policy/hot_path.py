"""Whether the way from one commit to another changes data alone: then what runs may read it without a new process."""

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from bot.core.change import FileChange
from bot.core.verdict import Status, Verdict

FOLDER = PurePosixPath("bot/chat")
"""All data that can be read anew lies below it."""
FILES = (PurePosixPath("tuning.toml"), PurePosixPath("flags.toml"))
FOLDERS = {PurePosixPath("intents"): ".toml", PurePosixPath("prompts"): ".md", PurePosixPath("texts"): ".toml"}
"""Folders of such data below it, and what their files end with. No folder within them is looked into."""
INERT = ("changelog.d/", "docs/", "tests/")
"""What no running bot reads: it may ride along."""
LARGEST = 256 * 1024
"""Bytes of one such file."""
MOST = 200
"""Files that one change may bring so."""


def data_only(changes: Iterable[FileChange], size: Callable[[PurePosixPath], int]) -> Verdict:
    """PASS if every changed file is data of the closed list, plain and small, or is read by nobody; else FAIL.

    `size` gives the bytes of a file as it is after the change. A rename counts at both ends. Whether the data holds is
    not asked here: that says who reads it.
    """
    every = tuple(changes)
    if len(every) > MOST:
        return _no(f"{len(every)} files change, more than {MOST}")
    for change in every:
        if why := _refused(change, size):
            return _no(why)
    return Verdict("hot path", Status.PASS, "only data changes that can be read without a new process")


def is_data(path: PurePosixPath) -> bool:
    """Whether a path is on the closed list."""
    try:
        below = path.relative_to(FOLDER)
    except ValueError:
        return False
    return below in FILES or (".." not in path.parts and FOLDERS.get(below.parent) == below.suffix != "")


def _refused(change: FileChange, size: Callable[[PurePosixPath], int]) -> str:
    """Why this one asks for a deploy; empty if it does not."""
    for path in sorted(change.paths):
        if not is_data(path) and not (str(path).startswith(INERT) and ".." not in path.parts):
            return f"{path} is not data that can be read without a new process"
    if not is_data(change.path) or change.action == "delete":
        return ""
    if change.mode != "100644" or change.action == "type":
        return f"{change.path} is not a plain file"
    if change.binary:
        return f"{change.path} is not text"
    return f"{change.path} is larger than {LARGEST} bytes" if size(change.path) > LARGEST else ""


def _no(because: str) -> Verdict:
    return Verdict("hot path", Status.FAIL, because)
