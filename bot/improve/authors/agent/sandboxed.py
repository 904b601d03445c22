"""What a model may set in motion: a search, tests and checkers, each in the sandbox and within bounds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bot.core.sandbox import Finished
from bot.improve.authors._apart import formatted, laid_out
from bot.improve.authors.agent.draft import Draft
from bot.improve.doors import Profile, Workspace
from bot.improve.stages import _mypy_config as mypy_config
from bot.improve.stages._ruff import config_file
from bot.improve.stages._tools import tool
from bot.improve.testing.overlay import overlaid
from bot.improve.testing.results import Run
from bot.improve.testing.run import Ask, run_tests

SEARCH_SECONDS, CHECK_SECONDS, TEST_SECONDS = 10.0, 180.0, 180.0
WIDTH = 240
"""Characters shown of a line."""
SEARCH = """
import json, os, re, sys
job = json.load(sys.stdin)
found, pattern = 0, re.compile(job["pattern"])
for name in job["files"]:
    text = job["texts"].get(name)
    if text is None:
        try:
            with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                text = file.read(job["largest"]).decode()
        except (OSError, ValueError):
            continue
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.search(line):
            print(json.dumps([name, number, line.strip()[: job["width"]]]), flush=True)
            found += 1
            if found >= job["most"]:
                sys.exit()
"""
ELSEWHERE = """
import os, runpy, sys
os.chdir(sys.argv[1])
sys.argv = sys.argv[2:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
"""Runs a module with another working directory than the checkout: mypy looks there first for what is imported."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a draft is tried. `scratch` is this attempt's own, `cache` the gate's."""

    work: Workspace
    profile: Profile
    scratch: Path
    cache: Path

    async def search(self, draft: Draft, pattern: str, names: Sequence[PurePosixPath], most: int) -> list[str]:
        """Lines that match, as `path:line: text`. In the sandbox: an expression may take for ever. Raises Unavailable
        where it does."""
        texts = {str(path): text for path, text in draft.changed().items() if text is not None}
        job = {
            "pattern": pattern,
            "files": [str(name) for name in names],
            "texts": texts,
            "most": most,
            "width": WIDTH,
            "largest": 1_000_000,
        }
        done = await tool(self.work, ["-c", SEARCH], stdin=json.dumps(job).encode(), seconds=SEARCH_SECONDS, codes=(0,))
        rows = [json.loads(line) for line in done.out.decode(errors="replace").splitlines()]
        return [f"{name}:{number}: {text}" for name, number, text in rows]

    async def tests(self, draft: Draft, targets: Sequence[str], seconds: float) -> Run:
        """Run tests of the draft, by id or by file; all of them for no targets."""
        ids = tuple(target for target in targets if "::" in target)
        files = tuple(target for target in targets if "::" not in target)
        with overlaid(self.work.path, draft.contents(), self.scratch) as root:
            bound = max(1.0, min(TEST_SECONDS, seconds))
            ask = Ask(tests=ids or None, files=files, coverage=False, root=root, seconds=bound)
            return await run_tests(self.work, self.profile, ask, scratch=self.scratch, cache=self.cache)

    async def check(self, draft: Draft) -> dict[str, str]:
        """What ruff and mypy say of the changed Python files, by tool; empty text: nothing."""
        names = [str(path) for path, text in draft.changed().items() if text is not None and path.suffix == ".py"]
        if not names:
            return {}
        with overlaid(self.work.path, draft.contents(), self.scratch) as root:
            said = {"ruff": _shown(await self._ruff(root, names), root)}
            config = mypy_config.config_file(self.work.path)
            if config is not None:
                said["mypy"] = _shown(await self._mypy(root, config, names), root)
        return said

    async def _ruff(self, root: Path, names: Sequence[str]) -> Finished:
        config = config_file(self.work.path)
        chosen = ["--config", str(config)] if config else ["--isolated"]
        argv = ["ruff", "check", "--no-cache", *chosen, "--output-format", "concise", "--quiet", "--force-exclude"]
        return await tool(
            self.work, ["-c", ELSEWHERE, str(root), *argv, "--", *names], readable=(root,), seconds=CHECK_SECONDS
        )

    async def _mypy(self, root: Path, config: Path, names: Sequence[str]) -> Finished:
        kept = self.scratch / "mypy"
        kept.mkdir(exist_ok=True)
        kept.chmod(0o777)
        argv = ["mypy", "--config-file", str(config), "--cache-dir", str(kept), "--no-error-summary"]
        argv += ["--follow-imports", "silent", "--python-executable", str(self.work.python), "--", *names]
        return await tool(
            self.work,
            ["-c", ELSEWHERE, str(root), *argv],
            readable=(root,),
            writable=(kept,),
            seconds=CHECK_SECONDS,
            codes=(0, 1, 2),
        )

    async def formatted(self, draft: Draft) -> Mapping[PurePosixPath, bytes | None]:
        """The draft's contents, Python files laid out as the repository's are."""
        if not self.profile.formatted:
            return draft.contents()
        found: dict[PurePosixPath, bytes | None] = {}
        for path, text in draft.changed().items():
            before = draft.before(path)
            if text is None:
                found[path] = None
            elif path.suffix != ".py":
                found[path] = text.encode()
            elif before is None:
                laid = await laid_out(self.work, path, text)
                found[path] = (laid if laid is not None else text).encode()
            else:
                found[path] = (await formatted(self.work, path, before, text)).encode()
        return found


def in_checkout(run: Run, root: str) -> Run:
    """The same run; paths of the disposable tree are no part of what is told."""
    tests = {name: replace(result, text=result.text.replace(root, "")) for name, result in run.tests.items()}
    return replace(run, tests=tests)


def _shown(done: Finished, root: Path) -> str:
    return (done.out or done.err).decode(errors="replace").replace(f"{root}/", "").strip()
