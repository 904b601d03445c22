"""V-2: does every changed file parse, and is it formatted as the base's configuration asks."""

import ast
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from bot.core.errors import Unavailable
from bot.core.verdict import Verdict
from bot.improve.doors import Gate, Workspace, not_applicable
from bot.improve.stages._problems import Problem, conclude
from bot.improve.stages._ruff import config_file, relative, ruff
from bot.improve.stages._source import MAX_BYTES, read
from bot.improve.stages._tools import present


class FormatStage:
    """Parses every changed Python file; asks ruff about those that were formatted at base, or are new."""

    id = "V-2"
    name = "format"
    needs: tuple[str, ...] = ()
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        changed = gate.changed()
        if not changed:
            return not_applicable(self.name, "no Python file changed")
        problems = [p for c in changed if (p := _syntax(gate.head, c.path))]
        broken = {p.path for p in problems}
        told = config_file(gate.base.path) is not None
        whole = [c for c in changed if c.path not in broken and (told or c.action != "add")]
        if gate.profile.formatted and whole:
            old = {c.old_path: c.path for c in whole if c.action != "add"}
            before = await unformatted(gate.base, list(old), gate.base.path)
            exempt = {old[path] for path in before}
            after = await unformatted(gate.head, [c.path for c in whole if c.path not in exempt], gate.base.path)
            problems += [Problem("format", path, 0, "is not formatted: run ruff format") for path in after]
        return conclude(self.name, problems, f"{len(changed)} files parse and are formatted")


def _syntax(work: Workspace, path: PurePosixPath) -> Problem | None:
    data = read(work, path)
    if data is None:
        return Problem("syntax", path, 0, f"cannot be read as a regular file of at most {MAX_BYTES} bytes")
    try:
        ast.parse(data)
    except SyntaxError as error:
        return Problem("syntax", path, error.lineno or 0, f"does not parse: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Problem("syntax", path, 0, f"does not parse: {type(error).__name__}")
    return None


async def unformatted(work: Workspace, paths: list[PurePosixPath], config: Path) -> set[PurePosixPath]:
    """Those of the files that ruff would format otherwise, by the configuration found in the folder `config`."""
    names = present(work, paths)
    if not names:
        return set()
    done = await ruff(work, ["format", "--check", "--no-cache", "--output-format", "json"], names, config)
    try:
        rows = json.loads(done.out)
    except ValueError as error:
        raise Unavailable("ruff", "its answer is not JSON") from error
    return {relative(str(row["filename"]), work) for row in rows}


STAGE = FormatStage()
