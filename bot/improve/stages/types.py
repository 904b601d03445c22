"""V-3: mypy with the base's configuration; only errors that base has not count."""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from bot.core.errors import Unavailable
from bot.core.verdict import Verdict, worst
from bot.improve.doors import Gate, Workspace, not_applicable
from bot.improve.gate_cache import interpreter
from bot.improve.stages._ignores import ignores
from bot.improve.stages._mypy_config import config_file, targets
from bot.improve.stages._problems import Problem, conclude, only_new
from bot.improve.stages._tools import digest, tool

KEPT = 4
"""Caches of base trees that are kept; each is some 20 MB."""
ERRORS = "errors.json"
SILENT = ("type: ignore", "mypy directive", "pyright directive")


class TypesStage:
    """Checks head on a copy of the base's cache, so that nothing of the head is ever found in a later run."""

    id = "V-3"
    name = "types"
    needs: tuple[str, ...] = ()
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        config = config_file(gate.base.path)
        if config is None:
            return not_applicable(self.name, "the repository has no mypy configuration")
        wanted = targets(config, gate.base.path, gate.profile)
        if not any(
            _within(c.path, wanted) or _within(c.old_path, wanted) for c in gate.changes if c.path.suffix[:3] == ".py"
        ):
            return not_applicable(self.name, "no file that mypy checks here changed")
        known, ready = await _base(gate, config, wanted)
        mine = gate.scratch / self.name / "cache"
        shutil.copytree(ready, mine)
        (mine / ERRORS).unlink()
        found = await mypy(gate.head, config, wanted, mine)
        silenced = [p for p in ignores(gate) if p.message.endswith(SILENT)]
        parts = [
            conclude("errors", only_new(known, found), f"no new error ({len(known)} known at base)"),
            conclude("ignores", silenced, "no new ignore"),
        ]
        return worst(self.name, parts)


def _within(path: PurePosixPath, wanted: Sequence[str]) -> bool:
    return any(w == "." or path == PurePosixPath(w) or PurePosixPath(w) in path.parents for w in wanted)


async def _base(gate: Gate, config: Path, wanted: Sequence[str]) -> tuple[list[Problem], Path]:
    """The base's errors and its cache, made once for each base tree; a new one grows from the newest."""
    key = digest(version("mypy"), config.read_bytes(), interpreter(gate.head.python), *wanted)
    shelf = gate.cache / "mypy" / key
    ready = shelf / gate.base.tree
    if not (ready / ERRORS).is_file():
        shelf.mkdir(parents=True, exist_ok=True)
        gate.progress("types", "checking the base once")
        with tempfile.TemporaryDirectory(prefix="base-", dir=gate.scratch) as folder:
            draft = Path(folder) / "cache"
            _seed(shelf, draft)
            found = await mypy(gate.base, config, wanted, draft)
            rows = [[p.rule, str(p.path), p.line, p.message] for p in found]
            (draft / ERRORS).write_text(json.dumps(rows))
            _shelve(draft, ready)
        _trim(shelf)
    rows = json.loads((ready / ERRORS).read_text())
    return [Problem(rule, PurePosixPath(path), line, message) for rule, path, line, message in rows], ready


def _seed(shelf: Path, draft: Path) -> None:
    older = sorted((p for p in shelf.iterdir() if (p / ERRORS).is_file()), key=lambda p: p.stat().st_mtime)
    if older:
        shutil.copytree(older[-1], draft)
        (draft / ERRORS).unlink()
    else:
        draft.mkdir()


def _shelve(draft: Path, ready: Path) -> None:
    """Put a cache in its place, whole; another gate may have been first."""
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=ready.parent) as folder:
        whole = Path(folder) / "cache"
        shutil.copytree(draft, whole)
        with suppress(OSError):
            whole.rename(ready)


def _trim(shelf: Path) -> None:
    kept = sorted((p for p in shelf.iterdir() if (p / ERRORS).is_file()), key=lambda p: p.stat().st_mtime)
    for old in kept[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


async def mypy(work: Workspace, config: Path, wanted: Sequence[str], cache: Path) -> list[Problem]:
    """mypy's errors over a checkout. Raises Unavailable if mypy itself broke."""
    there = [w for w in wanted if (work.path / w).exists()]
    argv = ["mypy", "--config-file", str(config), "--cache-dir", str(cache), "--output", "json"]
    argv += ["--no-error-summary", "--no-warn-unused-configs", "--skip-version-check"]
    argv += ["--python-executable", str(work.python), "--", *there]
    done = await tool(work, argv, readable=(config.parent,), writable=(cache,), seconds=600, codes=(0, 1, 2))
    found = [p for line in done.out.decode(errors="replace").splitlines() if (p := _problem(line))]
    if done.code == 2 and not found:
        raise Unavailable("mypy", " ".join((done.err or done.out).decode(errors="replace").split())[-300:])
    return found


def _problem(line: str) -> Problem | None:
    with suppress(ValueError, KeyError, TypeError):
        row = json.loads(line)
        if row["severity"] == "error":
            path = PurePosixPath(str(row["file"]))
            return Problem(str(row["code"] or "error"), path, int(row["line"]), str(row["message"]))
    return None


STAGE = TypesStage()
