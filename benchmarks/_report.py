"""Where figures go, and where their data comes from."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"


def data(name: str) -> Path | None:
    """A file of the shared data set, or None where the data is absent (`MEGAWATTS_DATA` names another folder)."""
    folder = Path(os.environ.get("MEGAWATTS_DATA", ROOT.parent / "shared" / "data"))
    return folder / name if (folder / name).exists() else None


def machine() -> str:
    """One line about this machine: processor count, architecture, Python."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def write(name: str, body: str) -> None:
    """Replace the section of this benchmark in docs/benchmarks.md, with machine and date."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    stamp = f"{datetime.now(UTC):%Y-%m-%d}; {machine()}"
    section = f"{begin}\n## {name}\n\n{stamp}. Run again with `scripts/bench {name}`.\n\n{body.strip()}\n{end}"
    page = PAGE.read_text() if PAGE.exists() else "# Benchmarks\n\nEach section is written by its benchmark.\n"
    if begin in page and end in page:
        page = page[: page.index(begin)] + section + page[page.index(end) + len(end) :]
    else:
        page = page.rstrip() + "\n\n" + section + "\n"
    PAGE.write_text(page)
