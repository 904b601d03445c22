"""Rewrites of loops and comprehensions into one another."""

import ast
import random

from benchmarks._gate_syntax import assign, fresh, name, negate, sites


def _loop_of(comp: ast.ListComp | ast.GeneratorExp | ast.SetComp, inner: ast.stmt) -> ast.stmt:
    body: ast.stmt = inner
    for generator in reversed(comp.generators):
        for test in reversed(generator.ifs):
            body = ast.If(test, [body], [])
        body = ast.For(generator.target, generator.iter, [body], [])
    return body


def _clashes(function: ast.FunctionDef, comp: ast.AST) -> bool:
    """Whether a comprehension's variables mean something outside of it."""
    targets = {n.id for n in ast.walk(comp) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    inside = {id(n) for n in ast.walk(comp)}
    nested = any(isinstance(n, (ast.Lambda, ast.ListComp, ast.GeneratorExp)) and n is not comp for n in ast.walk(comp))
    others = (n.id for n in ast.walk(function) if isinstance(n, ast.Name) and id(n) not in inside)
    arguments = {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
    return nested or bool(targets & ({*others} | arguments))


def comprehension_to_loop(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`x = [e for ...]` or `return [e for ...]` becomes a loop that appends."""
    for body, i, step in sites(function, rng):
        value = step.value if isinstance(step, (ast.Return, ast.Assign)) else None
        if not isinstance(value, ast.ListComp) or _clashes(function, value):
            continue
        target = fresh(function, "collected")
        append = ast.Expr(ast.Call(ast.Attribute(name(target), "append", ast.Load()), [value.elt], []))
        body[i : i + 1] = [assign(target, ast.List([], ast.Load())), _loop_of(value, append), step]
        step.value = name(target)
        return True
    return False


def fold_to_loop(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`return any(...)`, `all(...)` or `sum(...)` over a comprehension becomes a loop."""
    for body, i, step in sites(function, rng):
        call = step.value if isinstance(step, ast.Return) else None
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and len(call.args) == 1):
            continue
        comp, kind = call.args[0], call.func.id
        if not isinstance(comp, (ast.GeneratorExp, ast.ListComp)) or kind not in ("any", "all", "sum"):
            continue
        if _clashes(function, comp) or call.keywords:
            continue
        if kind == "sum":
            total = fresh(function, "total")
            loop = _loop_of(
                comp, ast.Assign([ast.Name(total, ast.Store())], ast.BinOp(name(total), ast.Add(), comp.elt))
            )
            body[i : i + 1] = [assign(total, ast.Constant(0)), loop, ast.Return(name(total))]
        else:
            test = comp.elt if kind == "any" else negate(comp.elt)
            found = ast.If(test, [ast.Return(ast.Constant(kind == "any"))], [])
            body[i : i + 1] = [_loop_of(comp, found), ast.Return(ast.Constant(kind != "any"))]
        return True
    return False


def loop_to_comprehension(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`r = []` and a loop that only appends to it become a comprehension."""
    for body, i, step in sites(function, rng):
        follower = body[i + 1] if i + 1 < len(body) else None
        if not (
            isinstance(step, ast.Assign) and isinstance(step.targets[0], ast.Name) and isinstance(follower, ast.For)
        ):
            continue
        if not (isinstance(step.value, ast.List) and not step.value.elts and not follower.orelse):
            continue
        made = _appending(follower, step.targets[0].id)
        if made is not None and not _used_after(function, follower):
            body[i : i + 2] = [ast.Assign(step.targets, made)]
            return True
    return False


def _appending(loop: ast.For, target: str) -> ast.ListComp | None:
    inner, tests = loop.body, list[ast.expr]()
    while len(inner) == 1 and isinstance(inner[0], ast.If) and not inner[0].orelse:
        tests.append(inner[0].test)
        inner = inner[0].body
    call = inner[0].value if len(inner) == 1 and isinstance(inner[0], ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "append"):
        return None
    reads = {n.id for part in (*tests, *call.args, loop.iter) for n in ast.walk(part) if isinstance(n, ast.Name)}
    if not (isinstance(call.func.value, ast.Name) and call.func.value.id == target and target not in reads):
        return None
    return ast.ListComp(call.args[0], [ast.comprehension(loop.target, loop.iter, tests, 0)])


def _used_after(function: ast.FunctionDef, loop: ast.For) -> bool:
    targets = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    inside = {id(n) for n in ast.walk(loop)}
    return any(isinstance(n, ast.Name) and n.id in targets and id(n) not in inside for n in ast.walk(function))


def for_to_while(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`for i in range(...)` becomes a counting while loop."""
    for body, i, step in sites(function, rng):
        if not (isinstance(step, ast.For) and isinstance(step.target, ast.Name) and not step.orelse):
            continue
        call = step.iter
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"):
            continue
        stored = [n for s in step.body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        jumps = any(isinstance(n, (ast.Continue, ast.Lambda, ast.FunctionDef)) for s in step.body for n in ast.walk(s))
        if len(call.args) > 2 or jumps or any(n.id == step.target.id for n in stored) or _used_after(function, step):
            continue
        start, stop = (ast.Constant(0), call.args[0]) if len(call.args) == 1 else (call.args[0], call.args[1])
        counter, end = step.target.id, fresh(function, "end")
        count = assign(counter, ast.BinOp(name(counter), ast.Add(), ast.Constant(1)))
        loop = ast.While(ast.Compare(name(counter), [ast.Lt()], [name(end)]), [*step.body, count], [])
        body[i : i + 1] = [assign(end, stop), assign(counter, start), loop]
        return True
    return False


def enumerate_loop(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`for x in xs` becomes `for _, x in enumerate(xs)`."""
    for _, _, step in sites(function, rng):
        if isinstance(step, ast.For) and isinstance(step.target, ast.Name) and not isinstance(step.iter, ast.Call):
            index = ast.Name(fresh(function, "position"), ast.Store())
            step.target = ast.Tuple([index, step.target], ast.Store())
            step.iter = ast.Call(name("enumerate"), [step.iter], [])
            return True
    return False


def while_true(function: ast.FunctionDef, rng: random.Random) -> bool:
    """`while c` becomes `while True` with a break."""
    for _, _, step in sites(function, rng):
        if isinstance(step, ast.While) and not step.orelse and not isinstance(step.test, ast.Constant):
            step.body.insert(0, ast.If(negate(step.test), [ast.Break()], []))
            step.test = ast.Constant(value=True)
            return True
    return False
