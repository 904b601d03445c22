"""Rewrites of a function that keep its behaviour: the good changes of the gate benchmark."""

import ast
import builtins
import copy
import random
from collections.abc import Callable

from benchmarks._gate_branches import (
    conditional_to_if,
    de_morgan,
    extracted_helper,
    flatten_else,
    flip_comparison,
    generator_argument,
    if_to_conditional,
    inlined_result,
    named_result,
    nested_if,
    plain_assignment,
    split_chain,
    swap_branches,
)
from benchmarks._gate_loops import (
    comprehension_to_loop,
    enumerate_loop,
    fold_to_loop,
    for_to_while,
    loop_to_comprehension,
    while_true,
)
from benchmarks._gate_syntax import fresh

Rewrite = Callable[[ast.FunctionDef, random.Random], bool]
"""Changes the function in place at one site; False if it found none."""
STRUCTURAL: tuple[Rewrite, ...] = (
    comprehension_to_loop, fold_to_loop, loop_to_comprehension, for_to_while, enumerate_loop, while_true, flatten_else,
    swap_branches, conditional_to_if, if_to_conditional, nested_if, de_morgan, plain_assignment, generator_argument,
    extracted_helper, split_chain, inlined_result,
)  # fmt: skip
SLIGHT: tuple[Rewrite, ...] = (flip_comparison, named_result)
"""Tried last: nearly every function has a place for them."""


def renamed(function: ast.FunctionDef, rng: random.Random) -> bool:
    """All locals get other names; parameters keep theirs."""
    local = sorted({n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)})
    outer = {a.arg for n in ast.walk(function) if isinstance(n, ast.arguments) for a in n.args}
    local = [n for n in local if n not in outer and not hasattr(builtins, n)]
    words = ["first", "second", "third", "item", "state", "value_of", "left_over", "mark", "piece", "thing"]
    rng.shuffle(words)
    names = {old: fresh(function, f"{words[i % len(words)]}{i // len(words) or ''}") for i, old in enumerate(local)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in names:
            node.id = names[node.id]
    return bool(names)


def normal(function: ast.FunctionDef) -> str:
    """The syntax tree with names of locals numbered in order: equal for functions that differ in names alone."""
    tree = copy.deepcopy(function)
    numbers: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not hasattr(builtins, node.id):
            node.id = numbers.setdefault(node.id, f"v{len(numbers)}")
        elif isinstance(node, ast.arg):
            node.arg = numbers.setdefault(node.arg, f"v{len(numbers)}")
    return ast.dump(tree)


def replace(source: str, function: str, change: Callable[[ast.FunctionDef], bool]) -> str | None:
    """The module with the function changed, the rest of its text untouched; None if the change found no site."""
    tree = ast.parse(source)
    node = next(n for n in reversed(tree.body) if isinstance(n, ast.FunctionDef) and n.name == function)
    first, last = node.lineno, node.end_lineno
    if not change(node):
        return None
    ast.fix_missing_locations(node)
    lines = source.splitlines()
    return "\n".join([*lines[: first - 1], ast.unparse(node), *lines[last:], ""])
