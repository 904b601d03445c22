"""What every house test looks at: the files of this repository, read without git."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (".ci", ".github", "benchmarks", "bot", "changelog.d", "charts", "deploy", "docs", "scripts", "tests")


def _files() -> Iterator[Path]:
    tops = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".coverage"]
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    yield from (path for path in sorted(tops + found) if "__pycache__" not in path.parts)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """Every text file of the repository by its path."""
    found = {}
    for path in _files():
        try:
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.fixture(scope="session")
def product(texts: dict[str, str]) -> dict[str, str]:
    """Every module of the product by its path."""
    return {path: text for path, text in texts.items() if path.startswith("bot/") and path.endswith(".py")}


@pytest.fixture(scope="session")
def trees(product: dict[str, str]) -> dict[str, list[ast.AST]]:
    """Every syntax node of every module of the product, by path."""
    return {path: list(ast.walk(ast.parse(text))) for path, text in product.items()}
