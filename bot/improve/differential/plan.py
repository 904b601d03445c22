"""Which functions a change touches, by syntax tree: comments, docs and annotations do not count."""

import ast
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.improve.inputs.params import FunctionNode
from bot.improve.inputs.spec import functions

MAX_SIBLINGS = 5


@dataclass(frozen=True, slots=True)
class Touched:
    """One function that both versions have and that the change can have altered."""

    name: str
    why: str
    lines: dict[str, frozenset[int]] = field(default_factory=dict)
    """By side: first lines of the statements in it that the change touched, each with the lines it spans."""
    spans: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compare in one module."""

    touched: tuple[Touched, ...]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    surface: bool = False
    """Statements at module level changed: what the module defines as data is compared."""


class _Bare(ast.NodeTransformer):
    """Drops docstrings, and the annotations of functions that nothing decorates."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None or not isinstance(node.target, ast.Name):
            return node
        return ast.Assign([node.target], node.value)

    def _function(self, node: FunctionNode) -> ast.AST:
        if not node.decorator_list:
            node.returns = None
            for arg in ast.walk(node.args):
                if isinstance(arg, ast.arg):
                    arg.annotation = None
        node.body = _without_doc(node.body)
        return self.generic_visit(node)


def _without_doc(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] or [ast.Pass()] if documented else body


def shape(node: ast.AST) -> str:
    """A text that is equal for two trees which behave alike by construction."""
    copy = ast.parse(ast.unparse(node))
    return ast.dump(_Bare().visit(copy))


def _outer(tree: ast.Module) -> dict[str, str]:
    """Shapes of what module and class level define, functions left out, by the names they bind."""
    found: dict[str, str] = {}
    for node in _without_doc(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.ClassDef):
            body = [s for s in _without_doc(node.body) if not isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))]
            head = ast.ClassDef(node.name, node.bases, node.keywords, body or [ast.Pass()], node.decorator_list)
            found[node.name] = ast.dump(head)
            continue
        for name in _bound(node) or {f"line {ast.dump(node)}"}:
            found[name] = found.get(name, "") + ast.dump(node)
    return found


def _bound(node: ast.stmt) -> set[str]:
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        names |= {(a.asname or a.name).partition(".")[0] for a in node.names}
    return names


def _uses(node: ast.AST, names: set[str]) -> str:
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & names
    return min(used) if used else ""


def plan(base: str, head: str) -> Plan:
    """What to compare between two versions of a module. Raises SyntaxError if one does not parse."""
    trees = ast.parse(base), ast.parse(head)
    old, new = functions(trees[0]), functions(trees[1])
    both = [name for name in old if name in new]
    outer = _outer(trees[0]), _outer(trees[1])
    names = {n for n in {*outer[0], *outer[1]} if outer[0].get(n) != outer[1].get(n)}
    bodies = {n: "changed" for n in both if shape(old[n]) != shape(new[n])}
    signed = {n for n in bodies if shape(_signature(old[n])) != shape(_signature(new[n]))}
    why = dict(bodies)
    shifted = names | {n for n in {*old, *new} if (n in old) != (n in new) and "." not in n}
    for name in both:
        owner = name.partition(".")[0] if "." in name else ""
        if name not in why and (used := owner if owner in names else _uses(new[name], shifted)):
            why[name] = f"uses {used}"
    for name, source in _callers({n.rpartition(".")[2] for n in signed}, both, new).items():
        why.setdefault(name, f"calls {source}")
    _siblings(why, both)
    private = {n for n in signed if _hidden(n) and _callers({n.rpartition(".")[2]}, both, new)}
    changed = _changed_lines(base, head)
    touched = tuple(_touched(n, why[n], old[n], new[n], changed) for n in both if n in why and n not in private)
    gone = tuple(n for n in old if n not in new)
    return Plan(touched, tuple(n for n in new if n not in old), gone, bool(names))


def _hidden(name: str) -> bool:
    """Whether only this module calls it: another signature is then nobody else's business."""
    short = name.rpartition(".")[2]
    return short.startswith("_") and not short.endswith("__")


def _signature(node: FunctionNode) -> ast.AST:
    made = ast.FunctionDef("f", node.args, [ast.Pass()], node.decorator_list, None)
    return ast.fix_missing_locations(made)


def _callers(called: set[str], both: Iterable[str], new: dict[str, FunctionNode]) -> dict[str, str]:
    found = {}
    for name in both:
        used = {
            getattr(n.func, "attr", getattr(n.func, "id", "")) for n in ast.walk(new[name]) if isinstance(n, ast.Call)
        }
        if used & called and name.rpartition(".")[2] not in called:
            found[name] = min(used & called)
    return found


def callers(source: str, name: str) -> list[str]:
    """Functions of the module that call this one: where it can be seen at work if it cannot be called itself."""
    known = functions(ast.parse(source))
    return list(_callers({name.rpartition(".")[2]}, known, known))


def _siblings(why: dict[str, str], both: Iterable[str]) -> None:
    """Public methods of an object whose other method changed: they show the state it left."""
    for owner in {n.rpartition(".")[0] for n in why if "." in n}:
        near = [n for n in both if n.rpartition(".")[0] == owner and n not in why]
        for name in [n for n in near if not n.rpartition(".")[2].startswith("_")][:MAX_SIBLINGS]:
            why[name] = f"shares its object with {next(n for n in why if n.startswith(owner))}"


def _changed_lines(base: str, head: str) -> tuple[frozenset[int], frozenset[int]]:
    old: set[int] = set()
    new: set[int] = set()
    matcher = difflib.SequenceMatcher(None, base.splitlines(), head.splitlines(), autojunk=False)
    for action, a, b, c, d in matcher.get_opcodes():
        if action != "equal":
            old.update(range(a + 1, b + 1))
            new.update(range(c + 1, d + 1))
    return frozenset(old), frozenset(new)


def _touched(
    name: str, why: str, old: FunctionNode, new: FunctionNode, changed: tuple[frozenset[int], frozenset[int]]
) -> Touched:
    spans = {side: tuple(_spans(node, lines)) for side, node, lines in
             (("base", old, changed[0]), ("head", new, changed[1]))}  # fmt: skip
    return Touched(name, why, {side: frozenset(s[0] for s in rows) for side, rows in spans.items()}, spans)


def _spans(node: FunctionNode, changed: frozenset[int]) -> Iterable[tuple[int, int]]:
    """The statements of a function that a change touched: first and last line, compound ones without their bodies."""
    for step in ast.walk(node):
        if (
            not isinstance(step, ast.stmt)
            or step is node
            or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        ):
            continue
        inside = getattr(step, "body", None)
        last = inside[0].lineno - 1 if isinstance(inside, list) and inside else (step.end_lineno or step.lineno)
        last = max(last, step.lineno)
        if not changed.isdisjoint(range(step.lineno, last + 1)):
            yield step.lineno, last
