"""What is known of a function's names: which are its own, and who else looks at them."""

import ast
from collections.abc import Iterable, Mapping

Function = ast.FunctionDef | ast.AsyncFunctionDef
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.GeneratorExp)
"""What may look at a name at another time than it is read."""
_LOOKERS = frozenset({"locals", "vars", "eval", "exec", "dir", "globals"})


class Scope:
    """The names of one function."""

    def __init__(self, function: Function, parents: Mapping[ast.AST, ast.AST]) -> None:
        self.function = function
        self._parents = parents
        self._nodes = list(ast.walk(function))
        self._names = [node for node in self._nodes if isinstance(node, ast.Name)]
        called = {n.func.id for n in self._nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        self.watched = not called.isdisjoint(_LOOKERS)
        self._outer = {
            name for node in self._nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names
        }
        self._deleted = {n.id for n in self._names if isinstance(n.ctx, ast.Del)}
        inner = (n for node in self._nodes if node is not function and isinstance(node, _INNER) for n in ast.walk(node))
        self._captured = {n.id for n in inner if isinstance(n, ast.Name)}
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        self.parameters = {a.arg: a for a in named if a is not None}

    def private(self, *names: str) -> bool:
        """Whether nobody but this function's own statements, in their order, can see these names."""
        other = self._outer | self._captured | self._deleted
        return not self.watched and other.isdisjoint(names)

    def read_elsewhere(self, name: str, within: Iterable[ast.AST]) -> bool:
        """Whether the name's value may be read outside of these nodes. A loop that binds it anew reads its own."""
        mine = {id(n) for node in within for n in ast.walk(node)}
        return any(
            n.id == name and isinstance(n.ctx, ast.Load) and id(n) not in mine and not self._rebound(n)
            for n in self._names
        )

    def _rebound(self, use: ast.Name) -> bool:
        child: ast.AST = use
        node = self._parents.get(child)
        while node is not None and node is not self.function:
            if isinstance(node, ast.For) and child in node.body and use.id in targets(node.target):
                return True
            if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) and any(
                use.id in targets(g.target) for g in node.generators
            ):
                return child is not node.generators[0]
            child, node = node, self._parents.get(node)
        return False

    def stores(self, name: str, within: ast.AST | None = None) -> int:
        """How often the name is bound, in the whole function or in a part of it."""
        nodes = self._names if within is None else [n for n in ast.walk(within) if isinstance(n, ast.Name)]
        return sum(n.id == name and not isinstance(n.ctx, ast.Load) for n in nodes) + self._hidden(name, within)

    def _hidden(self, name: str, within: ast.AST | None) -> int:
        """Bindings that are no Name: handlers, imports, definitions, patterns."""
        nodes = self._nodes if within is None else list(ast.walk(within))
        return sum(name in _binds(node) for node in nodes if node is not self.function)

    def guarded(self, node: ast.AST) -> bool:
        """Whether something around the node, in this function, may catch its exceptions and go on."""
        around = self._parents.get(node)
        while around is not None and around is not self.function:
            if isinstance(around, ast.Try | ast.TryStar | ast.With | ast.AsyncWith):
                return True
            around = self._parents.get(around)
        return False


def targets(target: ast.AST) -> set[str]:
    """Names that a target binds."""
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def names(*nodes: ast.AST) -> set[str]:
    """All names that stand in these nodes."""
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


def stored_names(tree: ast.AST) -> frozenset[str]:
    """Every name that anything in the file binds; `*` for a star import."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        else:
            found |= _binds(node)
    return frozenset(found)


def _binds(node: ast.AST) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    if isinstance(node, ast.Global | ast.Nonlocal):
        return set(node.names)
    bound = getattr(node, "name", None) or getattr(node, "rest", None)
    return (
        {bound}
        if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping) and bound
        else set()
    )
