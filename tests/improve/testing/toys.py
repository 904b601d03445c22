"""Toy repositories, and a workspace that runs programs as plain processes, without the sandbox."""

import asyncio
import difflib
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, cast

from bot.core.change import Claim, FileChange, Kind
from bot.core.charter import Charter
from bot.core.ids import Sha, Tree
from bot.core.sandbox import Finished, Limits
from bot.improve.doors import Gate, Profile
from bot.improve.testing import interpreter

# Toys' tests run under our own interpreter: what its plugins for Discord and Kubernetes import takes as long as a run.
interpreter.LEFT_OUT = (*interpreter.LEFT_OUT, "simcord", "kmock", "anyio")
SHA, TREE = Sha("1" * 40), Tree("2" * 40)
PROFILE = Profile(
    roots=(PurePosixPath(),), packages=(PurePosixPath("toy"),), tests=(PurePosixPath("tests"),), runner="pytest"
)


@dataclass
class PlainWorkspace:
    """A checkout whose programs run unconfined, for trusted toy code only."""

    path: Path
    sha: Sha = SHA
    tree: Tree = TREE
    python: Path = Path(sys.executable)
    runs: int = 0

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
        self.runs, began = self.runs + 1, time.monotonic()
        words = [str(self.python) if word == "{python}" else word for word in argv]
        process = await asyncio.create_subprocess_exec(
            *words, cwd=self.path, env=dict(env or {}), stdin=-1, stdout=-1, stderr=-1, start_new_session=True
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin), (limits or Limits()).seconds)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            return Finished(None, b"", b"", 0.0, timed_out=True, limit="seconds")
        return Finished(process.returncode, out, err, time.monotonic() - began)


Files = Mapping[str, str]


def write(root: Path, files: Files) -> Path:
    """Write files below a new folder."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def changes(base: Files, head: Files) -> tuple[FileChange, ...]:
    """What a repository would say of these two trees, without renames."""
    found = []
    for name in sorted({*base, *head}):
        if base.get(name) == head.get(name):
            continue
        action = "add" if name not in base else "delete" if name not in head else "modify"
        old, new = base.get(name, "").splitlines(), head.get(name, "").splitlines()
        spans = [
            (b1 + 1, b2)
            for tag, _, _, b1, b2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
            if tag in {"insert", "replace"}
        ]
        path = PurePosixPath(name)
        found.append(FileChange(path, path, action, lines=tuple(spans)))
    return tuple(found)


def gate(
    folder: Path,
    base: Files,
    edits: Mapping[str, str | None],
    *,
    claim: Claim = Claim.NONE,
    kind: Kind = Kind.REFACTOR,
    workspace: Any = PlainWorkspace,
    **fields: Any,
) -> Gate:
    """A gate over base and base-with-edits; None deletes. The trial tree has the head's product, the base's tests."""
    head: dict[str, str] = {name: text for name, text in {**base, **edits}.items() if text is not None}
    profile = fields.pop("profile", PROFILE)

    def referee(name: str) -> bool:
        path = PurePosixPath(name)
        return profile.is_test(path) or name in {"pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini"}

    trial = {n: t for n, t in head.items() if not referee(n)} | {n: t for n, t in base.items() if referee(n)}
    spaces = [
        workspace(write(folder / name, files), tree=Tree(f"{abs(hash(tuple(sorted(files.items()))))}"))
        for name, files in (("base", base), ("head", head), ("trial", trial))
    ]
    (folder / "scratch").mkdir()
    (folder / "cache").mkdir()
    made = Gate(
        repo=cast("Any", None),
        base=spaces[0],
        head=spaces[1],
        trial=spaces[2],
        changes=changes(base, head),
        profile=profile,
        charter=Charter(wards=()),
        claim=claim,
        kind=kind,
        scratch=folder / "scratch",
        cache=folder / "cache",
    )
    return replace(made, **fields)
