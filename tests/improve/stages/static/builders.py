"""A gate over two trees that are written down in the test; tools run without a sandbox."""

import asyncio
import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from bot.core.change import Claim, FileChange, Kind
from bot.core.charter import Charter, Ward
from bot.core.ids import Sha, Tree
from bot.core.sandbox import Finished
from bot.core.tier import Tier
from bot.improve.doors import Gate, Profile
from bot.improve.profile import profile

BASE, HEAD = Sha("b" * 40), Sha("a" * 40)
OPEN = Charter(wards=(Ward("*", Tier.SAFE),))
Files = Mapping[str, str | bytes]


@dataclass(frozen=True, slots=True)
class Folder:
    """A workspace without a sandbox, for tools that this test starts itself."""

    path: Path
    sha: Sha
    tree: Tree
    python: Path = Path(sys.executable)

    async def run(self, argv: Sequence[str], **options: Any) -> Finished:
        words = [word.replace("{python}", str(self.python)) for word in argv]
        env = {"PATH": os.environ["PATH"], **dict(options.get("env") or {})}
        process = await asyncio.create_subprocess_exec(
            *words, cwd=self.path, env=env, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(options.get("stdin", b""))
        return Finished(process.returncode, out, err, 0.0)


class TwoTrees:
    """As much of a repository as static stages ask for."""

    def __init__(self, base: Files, head: Files) -> None:
        self.path = Path()
        self.trees = {BASE: base, HEAD: head}

    def files(self, sha: Sha) -> Mapping[PurePosixPath, str]:
        return {PurePosixPath(name): "100644" for name in self.trees[sha]}

    def read(self, sha: Sha, path: PurePosixPath) -> bytes | None:
        found = self.trees[sha].get(str(path))
        return found.encode() if isinstance(found, str) else found


def change(base: Files, head: Files, name: str, old: str | None = None) -> FileChange:
    """What git would say of one file."""
    before, after = base.get(old or name), head.get(name)
    path, old_path = PurePosixPath(name), PurePosixPath(old or name)
    if before is None or after is None:
        content = after if before is None else before
        count = content.count("\n") if isinstance(content, str) else 0
        added, removed = (count, 0) if before is None else (0, count)
        return FileChange(path, old_path, "add" if before is None else "delete", added=added, removed=removed)
    if isinstance(before, bytes) or isinstance(after, bytes):
        return FileChange(path, old_path, "modify", binary=True)
    steps = difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False).get_opcodes()
    edits = [step for step in steps if step[0] != "equal"]
    return FileChange(
        path,
        old_path,
        "rename" if old else "modify",
        added=sum(d - c for _, _, _, c, d in edits),
        removed=sum(b - a for _, a, b, _, _ in edits),
        lines=tuple((c + 1, d) for _, _, _, c, d in edits if d > c),
    )


@cache
def _profile(base: tuple[tuple[str, str | bytes], ...]) -> Profile:
    """Most gates here have one of a few bases."""
    repo = TwoTrees(dict(base), {})
    return profile(repo.files(BASE), lambda path: repo.read(BASE, path))


def gate_of(tmp: Path, base: Files, head: Files, moved: Mapping[str, str] | None = None, **fields: Any) -> Gate:
    """A gate over two trees; `moved` maps a renamed file's new name to its old one. `head` alone names all files."""
    moved = moved or {}
    for side, files in (("base", base), ("head", head)):
        for folder in sorted({tmp / side, *((tmp / side / name).parent for name in files)}):
            folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (tmp / side / name).write_bytes(content.encode() if isinstance(content, str) else content)
    names = sorted({*base, *head} - set(moved.values()))
    changes = [change(base, head, n, moved.get(n)) for n in names if n in moved or base.get(n) != head.get(n)]
    before = Folder(tmp / "base", BASE, Tree("1" * 40))
    after = Folder(tmp / "head", HEAD, Tree("2" * 40))
    for name in ("scratch", "cache"):
        (tmp / name).mkdir(exist_ok=True)
    repo = TwoTrees(base, head)
    gate = Gate(
        repo=repo,  # type: ignore[arg-type]
        base=before,
        head=after,
        trial=after,
        changes=tuple(changes),
        profile=_profile(tuple(base.items())),
        charter=OPEN,
        claim=Claim.NONE,
        kind=Kind.OTHER,
        scratch=tmp / "scratch",
        cache=tmp / "cache",
    )
    return replace(gate, **fields)
