"""What the codemods over loops have in common: when a loop may become an expression, and its clauses as text."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from bot.improve.authors.codemods.scope import names, targets
from bot.improve.authors.codemods.shape import condition, movable, operand
from bot.improve.authors.codemods.source import Source


@dataclass(frozen=True, slots=True)
class Nest:
    """Loops and conditions one inside the other, and the one statement within."""

    outer: ast.For
    clauses: tuple[ast.For | ast.If, ...]
    inner: tuple[ast.stmt, ...]

    @property
    def loops(self) -> tuple[ast.For, ...]:
        return tuple(clause for clause in self.clauses if isinstance(clause, ast.For))

    def text(self, source: Source) -> str:
        """The clauses as a comprehension has them."""
        return " ".join(_clause(source, clause) for clause in self.clauses)


def nest(stmt: ast.stmt) -> Nest | None:
    """The nest that starts with this loop; None for another statement, or where there is an `else`."""
    clauses: list[ast.For | ast.If] = []
    inner: Sequence[ast.stmt] = [stmt]
    while len(inner) == 1 and isinstance(inner[0], ast.For | ast.If) and not inner[0].orelse:
        clauses.append(inner[0])
        inner = inner[0].body
    first = clauses[0] if clauses else None
    return Nest(first, tuple(clauses), tuple(inner)) if isinstance(first, ast.For) else None


def _clause(source: Source, clause: ast.For | ast.If) -> str:
    if isinstance(clause, ast.If):
        return f"if {condition(source, clause.test)}"
    return f"for {source.code(clause.target)} in {operand(source, clause.iter)}"


def hidden(source: Source, found: Nest, carried: str, *parts: ast.AST) -> bool:
    """Whether the nest may become an expression: nobody can see `carried` grow, nor what the loops bind afterwards.

    Only in functions; `carried` and the loops' names are private to it; no `try` or `with` around, since an exception
    halfway would show what there is so far; nothing that means something else inside of a comprehension.
    """
    scope = source.scope(found.outer)
    heads = [p for c in found.clauses for p in ([c.test] if isinstance(c, ast.If) else [c.target, c.iter])]
    bound = {name for loop in found.loops for name in targets(loop.target)}
    if scope is None or carried in names(*heads, *parts) or not movable(*heads, *parts) or carried in bound:
        return False
    if not all(_plain(loop.target) for loop in found.loops):
        return False
    seen = any(scope.read_elsewhere(name, [found.outer]) for name in bound)
    return scope.private(carried, *bound) and not scope.guarded(found.outer) and not seen


def _plain(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple):
        return all(_plain(part) for part in target.elts)
    return isinstance(target, ast.Name)


def own(body: Sequence[ast.stmt]) -> list[ast.AST]:
    """Nodes of these statements that run with them: the insides of functions and classes are left out."""
    found: list[ast.AST] = []
    queue: list[ast.AST] = list(body)
    while queue:
        node = queue.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            queue += ast.iter_child_nodes(node)
    return found


def steps(body: Sequence[ast.stmt]) -> list[ast.AST]:
    """Nodes of a loop's body whose `break` and `continue` are this loop's."""
    found: list[ast.AST] = []
    queue: list[ast.AST] = list(body)
    while queue:
        node = queue.pop()
        found.append(node)
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            queue += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            queue += ast.iter_child_nodes(node)
    return found
