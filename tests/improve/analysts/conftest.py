"""A checkout in a temporary folder whose programs run without a sandbox: for tests of what is asked, not of how."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest

from bot.core.ids import Sha, Tree
from bot.core.sandbox import Finished, Limits
from bot.improve.doors import Profile
from bot.improve.profile import profile

BASE, CONTENT = Sha("a" * 40), Tree("b" * 40)


@dataclass
class Here:
    """`doors.Workspace`; remembers what was run, and may answer instead of running."""

    path: Path
    sha: Sha = BASE
    tree: Tree = CONTENT
    python: Path = Path("/usr/bin/python3")
    ran: list[tuple[Sequence[str], Sequence[Path]]] = field(default_factory=list)
    answer: Finished | None = None

    async def run(
        self,
        argv: Sequence[str],
        *,
        writable: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limits: Limits | None = None,
    ) -> Finished:
        self.ran.append((argv, writable))
        if self.answer is not None:
            return self.answer
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=self.path, env=dict(env or {}), stdin=-1, stdout=-1, stderr=-1
        )
        out, err = await process.communicate(stdin)
        return Finished(process.returncode, out, err, 0.0)


Made = tuple[Here, Profile]


@pytest.fixture
def made(tmp_path: Path) -> Callable[[Mapping[str, str]], Made]:
    """A tree of these files, and its profile."""

    def make(files: Mapping[str, str]) -> Made:
        for name, text in files.items():
            place = tmp_path / "tree" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        paths = {PurePosixPath(name): "100644" for name in files}
        return Here(tmp_path / "tree"), profile(
            paths, lambda path: files[str(path)].encode() if str(path) in files else None
        )

    return make
