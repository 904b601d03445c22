"""What is known about a function's inputs, read from source without running any of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.improve.inputs import examples, makers, params
from bot.improve.inputs.kinds import Kind
from bot.improve.inputs.params import FunctionNode, Param
from bot.improve.inputs.values import Call, decode, decode_call, encode, encode_call

MAX_EXAMPLES = 60
MAX_POOL = 200


@dataclass(frozen=True)
class Spec:
    """A function and all that is known about what it is called with."""

    module: str
    name: str
    """Qualified name in its module."""
    params: tuple[Param, ...] = ()
    examples: tuple[Call, ...] = ()
    pool: tuple[Any, ...] = ()
    """Literals of the source, of both versions where there are two."""
    how: str = "function"
    """`function`, `method` (the object is the first parameter), `static`, `class` (called on the class)."""
    makers: Mapping[str, tuple[Param, ...]] = field(default_factory=dict)
    """Constructor parameters by `module:Class`, for classes that the inputs need."""

    def to_dict(self) -> dict[str, Any]:
        """JSON data for the probe in the sandbox."""
        return {
            "module": self.module, "name": self.name, "how": self.how,
            "params": [params.encode_param(p) for p in self.params],
            "examples": [encode_call(c) for c in self.examples], "pool": [encode(v) for v in self.pool],
            "makers": {path: [params.encode_param(p) for p in made] for path, made in self.makers.items()},
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Spec:
        """Inverse of `to_dict`."""
        return cls(
            data["module"], data["name"], tuple(params.decode_param(p) for p in data["params"]),
            tuple(decode_call(c) for c in data["examples"]), tuple(decode(v) for v in data["pool"]), data["how"],
            {path: tuple(params.decode_param(p) for p in made) for path, made in data["makers"].items()},
        )  # fmt: skip


def functions(tree: ast.Module) -> dict[str, FunctionNode]:
    """Functions and methods that a caller can reach, by qualified name."""
    found: dict[str, FunctionNode] = {}

    def visit(body: Iterable[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found[prefix + node.name] = node
            elif isinstance(node, ast.ClassDef):
                visit(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.If, ast.Try)):
                visit(node.body, prefix)

    visit(tree.body, "")
    return found


def spec_of(source: str, name: str, *, module: str = "", tests: Sequence[str] = (), also: Iterable[str] = ()) -> Spec:
    """What `source` says about the function `name`. `tests`: sources with calls of it; `also`: more sources whose
    literals matter (the other version). Raises KeyError if there is no such function, SyntaxError for bad source."""
    tree = ast.parse(source)
    node = functions(tree)[name]
    owner, _, short = name.rpartition(".")
    classes = {n.name: f"{module}:{n.name}" for n in tree.body if isinstance(n, ast.ClassDef)}
    how = _how(node) if owner else "function"
    arguments = params.arguments(node)[1 if how in ("method", "class") else 0 :]
    names = [a.arg for a in arguments]
    called = owner.rpartition(".")[2] if short == "__init__" else short
    seen = examples.in_text(_prose(node), called, names, classes)
    for text in tests:
        seen += params.calls(text, called, classes)
    seen = params.fitting(seen, node, names)
    known = tuple(params.param(node, a, seen, names.index(a.arg), classes) for a in arguments)
    pool = list(dict.fromkeys(_key(v) for v in _literals([tree, *params.parsed(also)], short)))
    made = makers.makers(tree, classes, tests)
    spec = Spec(module, name, known, tuple(seen[:MAX_EXAMPLES]), tuple(v for _, v in pool[:MAX_POOL]), how, made)
    return _on_object(spec, tree, owner, tests) if how == "method" else spec


def _on_object(spec: Spec, tree: ast.Module, owner: str, tests: Sequence[str]) -> Spec:
    """A method takes its object first; a constructor is the class, called."""
    if spec.name.endswith(".__init__"):
        return replace(spec, name=owner, how="class")
    path = f"{spec.module}:{owner}"
    node = next((n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == owner), None)
    objects = makers.instances(node, path, spec.makers.get(path, ()), tests) if node is not None else []
    first = Param("self", (Kind("object", text=path),), sure=True)
    calls = spec.examples or (Call(),) if all(p.default for p in spec.params) else spec.examples
    shown = tuple(Call((made, *c.args), c.kwargs) for made in objects for c in calls)
    return replace(spec, params=(first, *spec.params), examples=shown[:MAX_EXAMPLES])


def _prose(node: FunctionNode) -> str:
    """The docstring, and strings that stand where one was meant to be."""
    said = [s.value.value for s in node.body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)]
    return "\n".join(text for text in said if isinstance(text, str))


def _key(value: Any) -> tuple[str, Any]:
    return type(value).__name__, value


def _how(node: FunctionNode) -> str:
    decorators = {ast.unparse(d).rpartition(".")[2] for d in node.decorator_list}
    return "static" if "staticmethod" in decorators else "class" if "classmethod" in decorators else "method"


def _literals(trees: Iterable[ast.Module], short: str) -> list[Any]:
    """Literals in the function's own versions first, then in the rest of the module."""
    own: list[Any] = []
    rest: list[Any] = []
    for tree in trees:
        mine = {id(n) for f in functions(tree).values() if f.name == short for n in ast.walk(f)}
        docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in docs and type(node.value) in (int, float, str, bytes):
                if isinstance(node.value, (str, bytes)) and len(node.value) > 200:
                    continue
                (own if id(node) in mine else rest).append(node.value)
    return own + rest
