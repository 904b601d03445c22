"""Running analysis tools in the sandbox: this program's interpreter over the files of a checkout."""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from bot.core.errors import Unavailable
from bot.core.sandbox import Finished, Limits
from bot.improve.doors import Workspace


async def tool(
    work: Workspace,
    argv: Sequence[str],
    *,
    readable: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
    seconds: float = 120.0,
    stdin: bytes = b"",
    codes: Sequence[int] = (0, 1),
) -> Finished:
    """Run `python -m` argv, or `-c` and a program, over a checkout. Raises Unavailable when the tool itself broke."""
    command = [sys.executable, "-I", "-B", *(argv if argv[0] == "-c" else ["-m", *argv])]
    done = await work.run(
        command,
        readable=readable,
        writable=writable,
        env={"LC_ALL": "C.UTF-8", **(env or {})},
        stdin=stdin,
        limits=Limits(seconds=seconds, cpu_seconds=seconds * 2, output_kb=16384),
    )
    if done.limit or done.timed_out:
        raise Unavailable(argv[0], f"it reached its limit of {done.limit or 'seconds'}")
    if done.code not in codes:
        said = " ".join((done.err or done.out).decode(errors="replace").split())[-300:]
        raise Unavailable(argv[0], f"it ended with code {done.code}: {said}")
    return done


def present(work: Workspace, paths: Sequence[PurePosixPath]) -> list[str]:
    """Those of the paths that are regular files in a checkout, as arguments that cannot be read as options."""
    found = [work.path / p for p in paths]
    return [f"./{p}" for p, full in zip(paths, found, strict=True) if full.is_file() and not full.is_symlink()]


def digest(*parts: str | bytes) -> str:
    """A short name for a folder in the cache: 20 hex digits."""
    total = hashlib.sha256()
    for part in parts:
        total.update((part.encode() if isinstance(part, str) else part) + b"\0")
    return total.hexdigest()[:20]
