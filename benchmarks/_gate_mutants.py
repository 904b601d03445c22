"""Small wrong changes of a function: the bad changes that were not used for tuning."""

import ast
import random
from collections.abc import Callable, Iterator

Edit = Callable[[], object]
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Add, ast.FloorDiv), ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Div: (ast.FloorDiv, ast.Mult), ast.Mod: (ast.FloorDiv,), ast.Pow: (ast.Mult,),
}  # fmt: skip
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list", "abs": "int"}
METHODS = {"lower": "upper", "upper": "lower", "append": "extend", "isupper": "islower", "islower": "isupper",
           "startswith": "endswith", "endswith": "startswith", "strip": "lstrip"}  # fmt: skip


def mutants(function: ast.FunctionDef, rng: random.Random) -> list[Edit]:
    """Edits of the function, each of which changes one place, in random order."""
    found = [edit for node in ast.walk(function) for edit in _edits(node, rng)]
    rng.shuffle(found)
    return found


def _edits(node: ast.AST, rng: random.Random) -> Iterator[Edit]:  # noqa: C901, PLR0912  (one row per operator)
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in COMPARISONS.get(type(op), ()):
                yield lambda i=i, other=other: node.ops.__setitem__(i, other())
    elif isinstance(node, (ast.BinOp, ast.AugAssign)):
        for kind in ARITHMETIC.get(type(node.op), ()):
            yield lambda kind=kind: setattr(node, "op", kind())
    elif isinstance(node, ast.BoolOp):
        yield lambda: setattr(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
        yield node.values.pop
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        step = rng.choice((1, -1))
        yield lambda: setattr(node, "value", node.value + step)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda: setattr(node, "value", not node.value)
    elif isinstance(node, (ast.If, ast.While, ast.IfExp)):
        yield lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield lambda: setattr(node, "op", ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not())
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Slice) and node.step is not None:
        yield lambda: setattr(node, "step", None)
    elif isinstance(node, (ast.For, ast.While)) and len(node.body) > 1:
        yield lambda: node.body.pop(rng.randrange(len(node.body)))
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield node.ifs.clear


def _calls(node: ast.Call) -> Iterator[Edit]:
    func = node.func
    if isinstance(func, ast.Name) and func.id in CALLS:
        yield lambda: setattr(func, "id", CALLS[func.id])
    if isinstance(func, ast.Attribute) and func.attr in METHODS:
        yield lambda: setattr(func, "attr", METHODS[func.attr])
    if node.keywords:
        yield node.keywords.clear
