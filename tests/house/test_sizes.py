"""Files, functions and classes stay small enough to be read."""

from typing import Any

FILE, FUNCTION, CLASS = 300, 60, 12
"""Lines of a file, lines of a function, public methods of a class."""
LARGE = {
    "bot/core/ports.py:Forge": "the door of the forge: one method for each thing that the loop does there",
    "bot/core/ports.py:Repository": "the door of a repository",
    "bot/adapters/localforge/forge.py:LocalForge": "implements the door of the forge and what people do there",
    "bot/adapters/github/forge.py:GitHubForge": "implements the door of the forge",
    "bot/adapters/git/repository.py:GitRepository": "implements the door of a repository",
    "bot/improve/authors/codemods/source.py:Source": "one parsed file, which answers many small questions",
}
"""Classes that may have more public methods, and why."""


Outlines = dict[str, Any]


def counted(outlines: Outlines) -> dict[str, int]:
    """Public methods of every class."""
    return {f"{path}:{name}": n for path, one in outlines.items() for name, n in one.classes.items()}


def test_no_file_is_longer_than_300_lines(product: dict[str, str]) -> None:
    assert {path: n for path, text in product.items() if (n := text.count("\n")) > FILE} == {}


def test_no_function_is_longer_than_60_lines(outlines: Outlines) -> None:
    lengths = [(f"{path}:{name}", lines) for path, one in outlines.items() for name, lines in one.functions]
    assert [(name, n) for name, n in lengths if n > FUNCTION] == []
    assert len(lengths) > 1000, "or nothing was looked at"


def test_no_class_has_more_than_12_public_methods_without_a_reason(outlines: Outlines) -> None:
    assert {name: n for name, n in counted(outlines).items() if n > CLASS and name not in LARGE} == {}


def test_no_exception_outlives_its_need(outlines: Outlines) -> None:
    counts = counted(outlines)
    assert {name for name in LARGE if counts.get(name, 0) <= CLASS} == set()
