"""Finds what ruff could repair safely: by the repository's own rules, or by a few that suit any code."""

import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from bot.core.change import Finding
from bot.core.sandbox import Limits
from bot.improve.analysts._measured import measured, worth
from bot.improve.authors._apart import product_files
from bot.improve.doors import Profile, Workspace
from bot.improve.stages._ruff import config_file
from bot.improve.testing.results import FileLines

NAME = "ruff_findings"
RULES = (
    "F401",
    "F541",
    "F632",
    "C4",
    "SIM",
    "RET",
    "PIE",
    "PERF",
    "PLR",
    "PLC",
    "B",
    "RSE",
    "FLY",
    "ISC",
    "FURB",
    "UP",
)
"""Where a repository has no configuration of its own: what makes code simpler, and nothing that is only taste."""
SECONDS = 60.0


class RuffFindings:
    """Analyst: one finding for each rule and file that ruff can fix safely.

    `cache` is the gate's: code that the tests run weighs more, since there a fix can be proved.
    """

    name = NAME

    def __init__(self, cache: Path | None = None) -> None:
        self.cache = cache

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """Raises ValueError if ruff gives no answer that can be read."""
        names = [f"./{path}" for path in product_files(work, profile)]
        if not names:
            return []
        config = chosen(work.path)
        select = [] if config[0] == "--config" else ["--select", ",".join(RULES)]
        argv = ["check", "--no-cache", "--exit-zero", "--output-format", "json", *config, *select, "--", *names]
        done = await work.run(
            [sys.executable, "-I", "-B", "-m", "ruff", *argv],
            env={"LC_ALL": "C.UTF-8"},
            limits=Limits(seconds=SECONDS, output_kb=32768),
        )
        if not done.ok:
            raise ValueError(f"ruff ended with {done.limit or done.code}: {done.err.decode(errors='replace')[-200:]}")
        return list(_findings(json.loads(done.out), work, measured(work, self.cache)))


def chosen(root: Path) -> tuple[str, ...]:
    """ruff's options for a tree: its own configuration file, or none at all."""
    config = config_file(root)
    return ("--config", str(config)) if config else ("--isolated",)


def _findings(rows: Sequence[Mapping[str, Any]], work: Workspace, known: Mapping[str, FileLines]) -> Iterator[Finding]:
    found: dict[tuple[PurePosixPath, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        fix = row.get("fix") or {}
        name = Path(str(row["filename"]))
        path = PurePosixPath(name.relative_to(work.path) if name.is_absolute() else name)
        if fix.get("applicability") == "safe" and row.get("code"):
            found[path, str(row["code"])].append(row)
    for (path, code), group in sorted(found.items()):
        lines = [int(row["location"]["row"]) for row in group]
        text = "\n".join(str(edit.get("content", "")) for row in group for edit in row["fix"].get("edits", ()))
        yield Finding(
            rule=code,
            path=path,
            line=min(lines),
            end_line=max(lines),
            severity=worth(known, path, lines),
            message=f"ruff {code} in {len(group)} places: {group[0]['message']}",
            analyst=NAME,
            symbol=str(path),
            evidence={
                "places": len(group),
                "url": str(group[0].get("url") or ""),
                "digest": hashlib.sha256(text.encode()).hexdigest()[:12],
            },
        )
