"""Where a verdict goes besides the terminal: annotations, the job's summary, a SARIF file, a JSON file."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app.ci.annotations import annotations
from bot.app.ci.findings import places
from bot.app.ci.sarif import sarif
from bot.app.ci.summary import summary
from bot.core.errors import Misconfigured
from bot.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Reports:
    """What was asked for besides the answer on the terminal."""

    github: bool = False
    """Annotations on stdout, and the summary to the file that $GITHUB_STEP_SUMMARY names."""
    sarif: Path | None = None
    report: Path | None = None
    title: str = "Megawatts"

    @property
    def wanted(self) -> bool:
        """Whether there is anything to write."""
        return self.github or self.sarif is not None or self.report is not None

    def write(self, verdict: Verdict, paths: frozenset[str], environment: Mapping[str, str] = os.environ) -> None:
        """Write them all. `paths` are the files of the change. Raises Misconfigured where a file cannot be written."""
        found = places(verdict, paths)
        if self.report is not None:
            _put(self.report, json.dumps(verdict.to_dict(), indent=2) + "\n")
        if self.sarif is not None:
            _put(self.sarif, json.dumps(sarif(verdict, found, _version()), indent=2) + "\n")
        if not self.github:
            return
        sys.stdout.write(annotations(found))
        append(environment.get("GITHUB_STEP_SUMMARY", ""), summary(verdict, found, self.title))


def append(file: str, text: str) -> None:
    """Add to one of the files by which a step speaks to GitHub; none is named outside of a workflow."""
    if not file:
        return
    try:
        with Path(file).open("a", encoding="utf-8") as target:
            target.write(text)
    except OSError as error:
        raise Misconfigured(f"{file} cannot be written ({error.strerror})") from error


def outputs(values: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> None:
    """The outputs of a step: to $GITHUB_OUTPUT, and to stdout where there is none. A value is one line."""
    lines = []
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if "\n" in text or "\r" in text:
            raise Misconfigured(f"the output {name} has more than one line: nothing is written")
        lines.append(f"{name}={text}\n")
    file = environment.get("GITHUB_OUTPUT", "")
    if file:
        append(file, "".join(lines))
    else:
        sys.stdout.write("".join(lines))


def _put(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written ({error.strerror}): name another file") from error


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  (only here)

    try:
        return version("megawatts")
    except PackageNotFoundError:
        return "0"
