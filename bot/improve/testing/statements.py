"""Which lines of a file can run, as coverage counts them."""

from functools import lru_cache

from coverage.exceptions import CoverageException
from coverage.parser import PythonParser

EXCLUDED = ("#.*pragma:\\s*no\\s*cover", "if TYPE_CHECKING:", "if typing.TYPE_CHECKING:", "@(typing\\.)?overload")
BODILESS = "^\\s*\\.\\.\\.\\s*(#.*)?$"


@lru_cache(maxsize=2048)
def statements(text: str, more: tuple[str, ...] = ()) -> frozenset[int]:
    """First lines of the executable statements, without excluded ones; empty if the text does not parse.

    Remembered, since most files of a repository are the same in every gate.
    """
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
