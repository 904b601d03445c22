"""The product's files as syntax trees, and their functions: what several analysts start from."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.improve.authors._apart import product_files, read
from bot.improve.doors import Profile, Workspace

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One file that parses."""

    path: PurePosixPath
    text: str
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Defined:
    """A function and where it stands; `owner` is the class it is a method of, if it is one."""

    name: str
    node: Function
    owner: ast.ClassDef | None
    inner: bool
    """Defined inside of another function."""

    @property
    def public(self) -> bool:
        return not self.inner and not any(part.startswith("_") for part in self.name.split("."))

    @property
    def end(self) -> int:
        return self.node.end_lineno or self.node.lineno


def modules(work: Workspace, profile: Profile) -> Iterator[Module]:
    """The product's files in order; those that do not parse are left out."""
    for path in product_files(work, profile):
        try:
            text = read(work, path)
            yield Module(path, text, ast.parse(text))
        except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
            continue


def functions(
    tree: ast.AST, prefix: str = "", owner: ast.ClassDef | None = None, *, inner: bool = False
) -> Iterator[Defined]:
    """Every function below a node, by dotted name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield Defined(prefix + node.name, node, owner, inner)
            yield from functions(node, f"{prefix}{node.name}.", inner=True)
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.", node, inner=inner)
        else:
            yield from functions(node, prefix, owner, inner=inner)
