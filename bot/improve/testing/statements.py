"""Which lines of a file can run, as coverage counts them."""

from collections.abc import Sequence

from coverage.exceptions import CoverageException
from coverage.parser import PythonParser

EXCLUDED = ("#.*pragma:\\s*no\\s*cover", "if TYPE_CHECKING:", "if typing.TYPE_CHECKING:", "@(typing\\.)?overload")
BODILESS = "^\\s*\\.\\.\\.\\s*(#.*)?$"


def statements(text: str, more: Sequence[str] = ()) -> frozenset[int]:
    """First lines of the executable statements, without excluded ones; empty if the text does not parse."""
    if not text:
        return frozenset()
    parser = PythonParser(text=text, exclude="|".join(f"(?:{part})" for part in (*EXCLUDED, BODILESS, *more)))
    try:
        parser.parse_source()
    except CoverageException:
        return frozenset()
    return frozenset(parser.statements)


def first_lines(text: str, lines: frozenset[int]) -> frozenset[int]:
    """Lines mapped to the first line of the statement they belong to."""
    parser = PythonParser(text=text)
    try:
        parser.parse_source()
    except CoverageException:
        return lines
    return frozenset(parser.first_lines(lines))
