"""Rewrites of branches, conditions and results."""

import ast
import copy
import random

from benchmarks._gate_syntax import FLIPPED, assign, fresh, name, negate, sites


def flatten_else(function: ast.FunctionDef, rng: random.Random) -> bool:
    """An else after a return is flattened; what follows a returning if goes into an else."""
    for body, i, step in sites(function, rng):
        if isinstance(step, ast.If) and isinstance(step.body[-1], (ast.Return, ast.Raise)):
            if step.orelse:
                body[i + 1 : i + 1] = step.orelse
                step.orelse = []
                return True
            if i + 1 < len(body):
                step.orelse = body[i + 1 :]
                del body[i + 1 :]
                return True
    return False


def swap_branches(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`if c: a else: b` becomes `if not c: b else: a`."""
    for _, _, step in sites(function, rng):
        chained = isinstance(step, ast.If) and len(step.orelse) == 1 and isinstance(step.orelse[0], ast.If)
        if isinstance(step, ast.If) and step.orelse and not chained:
            step.test, step.body, step.orelse = negate(step.test), step.orelse, step.body
            return True
    return False


def conditional_to_if(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`return a if c else b` and `x = a if c else b` become statements."""
    for body, i, step in sites(function, rng):
        value = step.value if isinstance(step, (ast.Return, ast.Assign)) else None
        if isinstance(value, ast.IfExp):
            other = copy.deepcopy(step)
            step.value, other.value = value.body, value.orelse
            body[i] = ast.If(value.test, [step], [other])
            return True
    return False


def if_to_conditional(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`if c: return a` with `else: return b`, or a return behind it, becomes one conditional expression."""
    for body, i, step in sites(function, rng):
        if not (isinstance(step, ast.If) and len(step.body) == 1 and isinstance(step.body[0], ast.Return)):
            continue
        other = (
            step.orelse[0] if len(step.orelse) == 1 else body[i + 1] if not step.orelse and i + 1 < len(body) else None
        )
        if isinstance(other, ast.Return) and other.value is not None and step.body[0].value is not None:
            body[i : i + (1 if step.orelse else 2)] = [
                ast.Return(ast.IfExp(step.test, step.body[0].value, other.value))
            ]
            return True
    return False


def nested_if(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`if a: if b: ...` becomes `if a and b: ...`, and back."""
    for _, _, step in sites(function, rng):
        if not isinstance(step, ast.If) or step.orelse:
            continue
        inner = step.body[0]
        if len(step.body) == 1 and isinstance(inner, ast.If) and not inner.orelse:
            step.test, step.body = ast.BoolOp(ast.And(), [step.test, inner.test]), inner.body
            return True
        if isinstance(step.test, ast.BoolOp) and isinstance(step.test.op, ast.And):
            first, rest = step.test.values[0], step.test.values[1:]
            second = rest[0] if len(rest) == 1 else ast.BoolOp(ast.And(), rest)
            step.test, step.body = first, [ast.If(second, step.body, [])]
            return True
    return False


def de_morgan(function: ast.FunctionDef, rng: random.Random) -> bool:
    """A conjunction or disjunction that is only tested becomes its dual."""
    for _, _, step in sites(function, rng):
        if isinstance(step, (ast.If, ast.While)) and isinstance(step.test, ast.BoolOp):
            dual = ast.Or() if isinstance(step.test.op, ast.And) else ast.And()
            step.test = ast.UnaryOp(ast.Not(), ast.BoolOp(dual, [negate(v) for v in step.test.values]))
            return True
    return False


def flip_comparison(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`a < b` becomes `b > a`."""
    found = [
        n for n in ast.walk(function) if isinstance(n, ast.Compare) and len(n.ops) == 1 and type(n.ops[0]) in FLIPPED
    ]
    found = [n for n in found if not isinstance(n.comparators[0], ast.Call) or not isinstance(n.left, ast.Call)]
    if not found:
        return False
    node = rng.choice(found)
    node.left, node.comparators, node.ops = node.comparators[0], [node.left], [FLIPPED[type(node.ops[0])]()]
    return True


def plain_assignment(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`n += 1` becomes `n = n + 1`, for numbers."""
    for body, i, step in sites(function, rng):
        numeric = isinstance(step, ast.AugAssign) and isinstance(step.value, ast.Constant)
        if isinstance(step, ast.AugAssign) and numeric and isinstance(step.target, ast.Name):
            body[i] = assign(step.target.id, ast.BinOp(name(step.target.id), step.op, step.value))
            return True
    return False


def named_result(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`return e` becomes a variable and its return."""
    for body, i, step in sites(function, rng):
        if (
            isinstance(step, ast.Return)
            and step.value is not None
            and not isinstance(step.value, (ast.Name, ast.Constant))
        ):
            result = fresh(function, "outcome")
            body[i : i + 1] = [assign(result, step.value), ast.Return(name(result))]
            return True
    return False


def inlined_result(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`x = e` and `return x` become `return e`."""
    for body, i, step in sites(function, rng):
        after = body[i + 1] if i + 1 < len(body) else None
        if not (isinstance(step, ast.Assign) and isinstance(after, ast.Return) and isinstance(after.value, ast.Name)):
            continue
        target = step.targets[0]
        if len(step.targets) == 1 and isinstance(target, ast.Name) and target.id == after.value.id:
            body[i : i + 2] = [ast.Return(step.value)]
            return True
    return False


def generator_argument(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`sum([...])` becomes `sum(...)`, for functions that take any iterable."""
    found = [
        n for n in ast.walk(function) if isinstance(n, ast.Call) and len(n.args) == 1
        and isinstance(n.args[0], ast.ListComp)
        and (getattr(n.func, "id", "") in ("sum", "any", "all", "max", "min", "sorted", "set", "tuple")
             or getattr(n.func, "attr", "") == "join")
    ]  # fmt: skip
    if not found:
        return False
    node = rng.choice(found)
    comp = node.args[0]
    if isinstance(comp, ast.ListComp):
        node.args = [ast.GeneratorExp(comp.elt, comp.generators)]
    return True


def extracted_helper(function: ast.FunctionDef, rng: random.Random) -> bool:
    """The expression that is returned moves into a nested function of the names it reads.

    Not where the function calls itself: making a function in each call doubles the cost of a recursion, and a change
    that costs twice is no good one.
    """
    if any(isinstance(n, ast.Name) and n.id == function.name for n in ast.walk(function)):
        return False
    for body, i, step in sites(function, rng):
        if isinstance(step, ast.Return) and isinstance(step.value, (ast.BinOp, ast.Call, ast.Compare, ast.BoolOp)):
            local = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            local |= {a.arg for a in function.args.args}
            bound = {n.id for n in ast.walk(step.value) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            reads = sorted({n.id for n in ast.walk(step.value) if isinstance(n, ast.Name)} & local - bound)
            helper = fresh(function, "final")
            args = ast.arguments([], [ast.arg(r) for r in reads], None, [], [], None, [])
            made = ast.FunctionDef(helper, args, [ast.Return(step.value)], [], None)
            body[i : i + 1] = [made, ast.Return(ast.Call(name(helper), [name(r) for r in reads], []))]
            return True
    return False


def split_chain(function: ast.FunctionDef, _rng: random.Random) -> bool:
    """`a < b < c` becomes `a < b and b < c`, for a plain `b`."""
    for node in ast.walk(function):
        for field, old in ast.iter_fields(node):
            if (
                isinstance(old, ast.Compare)
                and len(old.ops) == 2
                and isinstance(old.comparators[0], (ast.Name, ast.Constant))
            ):
                one = ast.Compare(old.left, old.ops[:1], old.comparators[:1])
                other = ast.Compare(old.comparators[0], old.ops[1:], old.comparators[1:])
                setattr(node, field, ast.BoolOp(ast.And(), [one, other]))
                return True
    return False
