"""Reads the files that `megawatts judge` compares: one number a line, `time,value` rows, or `bad,total` rows."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from bot.core.errors import Misconfigured
from bot.core.health import MetricKind
from bot.policy.judge.samples import Samples

NO_ANSWER = frozenset({"", "nan", "null", "none", "na", "n/a", "-"})
"""What exporters write where they had no value; one of these is a hole, not a fault of the file."""
_ASK = "write one number a line, or time,value rows"
_ASK_RATE = "write bad,total rows with 0 <= bad <= total"


def read(path: Path, kind: MetricKind) -> Samples:
    """The samples of one file. A header line, blank lines and # comments are passed over.

    Raises Misconfigured, naming file, line and the fix, for what cannot be read or does not fit the kind.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"cannot read samples from {path}: {_reason(error)}; name a text file of numbers"
        ) from error
    rows = [(n, _cells(line)) for n, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if rows and _is_header(rows[0][1]):
        rows = rows[1:]
    if kind == "rate":
        return _rate(path, rows)
    return _series(path, rows)


def _series(path: Path, rows: Sequence[tuple[int, list[str]]]) -> Samples:
    values: list[float | None] = []
    times: list[float] = []
    width = len(rows[0][1]) if rows else 1
    for line, cells in rows:
        if len(cells) != width or width > 2:
            raise Misconfigured(f"{path}, line {line}: {len(cells)} columns where 1 or 2 fit; {_ASK}")
        values.append(None if cells[-1].lower() in NO_ANSWER else _number(path, line, cells[-1], _ASK))
        if width == 2:
            times.append(_time(path, line, cells[0]))
    if any(later < earlier for earlier, later in pairwise(times)):
        order = sorted(range(len(times)), key=times.__getitem__)
        values, times = [values[i] for i in order], [times[i] for i in order]
    return Samples(tuple(values), times=tuple(times))


def _rate(path: Path, rows: Sequence[tuple[int, list[str]]]) -> Samples:
    values: list[float | None] = []
    totals: list[float] = []
    for line, cells in rows:
        if len(cells) != 2:
            raise Misconfigured(f"{path}, line {line}: {len(cells)} columns where 2 fit; {_ASK_RATE}")
        if any(cell.lower() in NO_ANSWER for cell in cells):
            values.append(None)
            totals.append(0.0)
            continue
        bad, total = (_number(path, line, cell, _ASK_RATE) for cell in cells)
        if not 0 <= bad <= total:
            raise Misconfigured(f"{path}, line {line}: {bad:g} bad of {total:g} cannot be; {_ASK_RATE}")
        values.append(bad)
        totals.append(total)
    return Samples(tuple(values), tuple(totals))


def _cells(line: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split("#", 1)[0].replace(";", ",").replace("\t", ",").split(",")]


def _is_header(cells: Sequence[str]) -> bool:
    """A first row whose last cell is a word: neither a number nor a hole."""
    try:
        float(cells[-1])
    except ValueError:
        return cells[-1].lower() not in NO_ANSWER and cells[-1][0].isalpha()
    return False


def _number(path: Path, line: int, text: str, ask: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Misconfigured(f"{path}, line {line}: {text[:40]!r} is not a number; {ask}")
    return number


def _time(path: Path, line: int, text: str) -> float:
    """Seconds: a number as it is, or an ISO date and time (UTC where it names no zone)."""
    try:
        return _number(path, line, text, _ASK)
    except Misconfigured:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(f"{path}, line {line}: {text[:40]!r} is no time; use seconds or ISO 8601") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _reason(error: Exception) -> str:
    return (error.strerror or "not readable") if isinstance(error, OSError) else "not UTF-8 text"
