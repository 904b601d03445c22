"""How objects of the product's classes are made: constructors, dataclass fields, enum members."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from bot.improve.inputs import params, usage
from bot.improve.inputs.kinds import Kind, from_annotation
from bot.improve.inputs.values import Make, Name

MAX_SHOWN = 6
_ENUMS = {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"}


def makers(tree: ast.Module, classes: Mapping[str, str], tests: Iterable[str]) -> dict[str, tuple[params.Param, ...]]:
    """Constructor parameters of each class by its path. An enum has one parameter `*`: the choice of a member."""
    texts = tuple(tests)
    found: dict[str, tuple[params.Param, ...]] = {}
    nodes = {n.name: n for n in tree.body if isinstance(n, ast.ClassDef)}
    for name, node in nodes.items():
        found[classes[name]] = _maker(node, nodes, classes, texts, tree)
        found.update(_methods(node, classes))
    return found


def instances(node: ast.ClassDef, path: str, made: Sequence[params.Param], tests: Iterable[str]) -> list[Make]:
    """Objects of the class as the tests make them; the plain one where the constructor asks for nothing."""
    shown = [c for text in tests for c in params.calls(text, node.name, {})][:MAX_SHOWN]
    found = [Make(path, c.args, c.kwargs) for c in shown]
    return found + ([Make(path)] if all(p.default for p in made) else [])


def _methods(node: ast.ClassDef, classes: Mapping[str, str]) -> dict[str, tuple[params.Param, ...]]:
    """Parameters of the public methods by `module:Class.method`: steps that bring an object into another state."""
    found = {}
    for step in node.body:
        if isinstance(step, ast.FunctionDef) and not step.name.startswith("_") and not step.decorator_list:
            rows = params.arguments(step)[1:]
            path = f"{classes[node.name]}.{step.name}"
            found[path] = tuple(params.param(step, a, [], i, classes) for i, a in enumerate(rows))
    return found


def _maker(
    node: ast.ClassDef, nodes: Mapping[str, ast.ClassDef], classes: Mapping[str, str], tests: tuple[str, ...],
    tree: ast.Module,
) -> tuple[params.Param, ...]:  # fmt: skip
    bases = {ast.unparse(b).rpartition(".")[2] for b in node.bases}
    path = classes[node.name]
    if bases & _ENUMS:
        members = tuple(
            Name(f"{path}.{t.id}") for s in node.body if isinstance(s, ast.Assign) for t in s.targets
            if isinstance(t, ast.Name) and not t.id.startswith("_")
        )  # fmt: skip
        return (params.Param("*", (Kind("choice", choices=members),), True),)
    for step in node.body:
        if isinstance(step, ast.FunctionDef) and step.name == "__init__":
            seen = [c for text in tests for c in params.calls(text, node.name, classes)]
            arguments = params.arguments(step)[1:]
            seen = params.fitting(seen, step, [a.arg for a in arguments])
            return tuple(params.param(step, a, seen, i, classes) for i, a in enumerate(arguments))
    if any("dataclass" in ast.unparse(d) for d in node.decorator_list) or bases & {
        "NamedTuple",
        "BaseModel",
        "TypedDict",
    }:
        return _fields(node, classes)
    parent = next((nodes[b] for b in bases if b in nodes and b != node.name), None)
    return _maker(parent, nodes, classes, tests, tree) if parent is not None else ()


def _fields(node: ast.ClassDef, classes: Mapping[str, str]) -> tuple[params.Param, ...]:
    found = []
    for step in node.body:
        if isinstance(step, ast.AnnAssign) and isinstance(step.target, ast.Name):
            kind = from_annotation(step.annotation, classes)
            if "ClassVar" not in ast.unparse(step.annotation):
                kinds = (kind,) if kind else usage.BASIC
                found.append(params.Param(step.target.id, kinds, kind is not None, step.value is not None))
    return tuple(found)
