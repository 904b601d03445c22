"""What a test demands: its assertions in one form, whether written for pytest, for unittest or as a helper's call."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.improve.stages._canonical import Function, dotted, last_name, locals_of, resolved

COMPARED: dict[str, str] = {
    "assertEqual": "==", "assertEquals": "==", "assertListEqual": "==", "assertDictEqual": "==",
    "assertSetEqual": "==", "assertTupleEqual": "==", "assertSequenceEqual": "==", "assertMultiLineEqual": "==",
    "assertNotEqual": "!=", "assertIs": "is", "assertIsNot": "is not", "assertIn": "in", "assertNotIn": "not in",
    "assertLess": "<", "assertLessEqual": "<=", "assertGreater": ">", "assertGreaterEqual": ">=",
}  # fmt: skip
SWALLOWED = frozenset({"", "Exception", "BaseException", "AssertionError"})
RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex", "warns", "assertWarns", "assertWarnsRegex"})
LEAVES = frozenset({"skip", "xfail", "skipTest", "fail", "importorskip"})


@dataclass(frozen=True, slots=True)
class Check:
    """One demand: `subject op expected`. `guards` name what may keep it from being reached."""

    op: str
    subject: str
    expected: str
    line: int
    guards: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return self.op, self.subject, self.expected

    @property
    def whole(self) -> str:
        return f"({self.subject}, {self.expected or 'None'})"


def checks_of(function: Function) -> list[Check]:
    """All demands of a function, in order; what can never be reached is left out."""
    known, names = locals_of(function)
    return list(_Reader(known, names).block(function.body, ()))


class _Reader:
    def __init__(self, known: dict[str, ast.expr], names: dict[str, str]) -> None:
        self.known, self.names = known, names

    def text(self, node: ast.AST) -> str:
        return ast.unparse(resolved(node, self.known, self.names))

    def block(self, body: Sequence[ast.stmt], guards: tuple[str, ...]) -> Iterator[Check]:
        for statement in body:
            yield from self.statement(statement, guards)
            if isinstance(statement, ast.Return | ast.Raise | ast.Continue | ast.Break):
                return
            if isinstance(statement, ast.If) and any(_leaves(n) for n in ast.walk(statement)):
                guards = (*guards, f"return if {self.text(statement.test)}")

    def statement(self, node: ast.stmt, guards: tuple[str, ...]) -> Iterator[Check]:
        if isinstance(node, ast.Assert):
            yield from self.demand(node.test, node.lineno, guards)
        elif isinstance(node, ast.Expr | ast.Return | ast.Assign | ast.AnnAssign):
            yield from self.calls(node, guards)
        elif isinstance(node, ast.If):
            yield from self.branch(node, guards)
        elif isinstance(node, ast.With | ast.AsyncWith):
            yield from self.with_block(node, guards)
        elif isinstance(node, ast.Try):
            inner = (*guards, "try") if any(_swallows(h) for h in node.handlers) else guards
            yield from self.block(node.body, inner)
            yield from self.block([*node.orelse, *node.finalbody], inner)
        elif isinstance(node, ast.For | ast.AsyncFor):
            yield from self.block(node.body, (*guards, "empty loop") if _empty(node.iter) else guards)
        elif isinstance(node, ast.While):
            yield from self.block(node.body, (*guards, f"while {self.text(node.test)}"))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from self.block(node.body, (*guards, "inner function"))

    def branch(self, node: ast.If, guards: tuple[str, ...]) -> Iterator[Check]:
        if isinstance(node.test, ast.Constant):
            yield from self.block(node.body if node.test.value else node.orelse, guards)
            return
        test = self.text(node.test)
        yield from self.block(node.body, (*guards, f"if {test}"))
        yield from self.block(node.orelse, (*guards, f"if not {test}"))

    def with_block(self, node: ast.With | ast.AsyncWith, guards: tuple[str, ...]) -> Iterator[Check]:
        for item in node.items:
            call = item.context_expr
            name = last_name(call.func) if isinstance(call, ast.Call) else ""
            if isinstance(call, ast.Call) and name in RAISES:
                yield self.raising(call, name, "; ".join(self.text(s) for s in node.body), guards)
            if name == "suppress":
                guards = (*guards, "suppress")
        yield from self.block(node.body, guards)

    def raising(self, call: ast.Call, name: str, subject: str, guards: tuple[str, ...]) -> Check:
        first = call.args[0] if call.args else None
        kinds = first.elts if isinstance(first, ast.Tuple) else [first] if first is not None else []
        expected = sorted(dotted(kind) or self.text(kind) for kind in kinds)
        expected += [f"match={self.text(k.value)}" for k in call.keywords if k.arg in {"match", "expected_regex"}]
        if name.endswith("Regex") and len(call.args) > 1:
            expected.append(f"match={self.text(call.args[1])}")
        return Check("warns" if "arn" in name else "raises", subject, repr(expected), call.lineno, guards)

    def calls(self, node: ast.stmt, guards: tuple[str, ...]) -> Iterator[Check]:
        value = getattr(node, "value", None)
        call = value.value if isinstance(value, ast.Await) else value
        if not isinstance(call, ast.Call):
            return
        name = last_name(call.func)
        if name in COMPARED and len(call.args) >= 2:
            yield self.compared(COMPARED[name], call.args[0], call.args[1], call.lineno, guards)
        elif name in {"assertTrue", "assertFalse"} and call.args:
            test = call.args[0]
            inner = ast.UnaryOp(ast.Not(), test) if name == "assertFalse" else test
            yield from self.demand(inner, call.lineno, guards)
        elif name in {"assertIsNone", "assertIsNotNone"} and call.args:
            op = "is" if name == "assertIsNone" else "is not"
            yield self.compared(op, call.args[0], ast.Constant(None), call.lineno, guards)
        elif name in RAISES and len(call.args) > 1:
            subject = ", ".join(self.text(a) for a in call.args[1:])
            yield self.raising(call, name, subject, guards)
        elif name.lower().lstrip("_").startswith(("assert", "check", "verify", "expect", "ensure")):
            yield Check(f"call {name}", self.text(call), "", call.lineno, guards)

    def demand(self, test: ast.expr, line: int, guards: tuple[str, ...]) -> Iterator[Check]:
        """An asserted expression, `and` and chains taken apart, `not` pushed inwards."""
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            for value in test.values:
                yield from self.demand(value, line, guards)
        elif isinstance(test, ast.Compare):
            left = test.left
            for op, right in zip(test.ops, test.comparators, strict=True):
                yield self.compared(OPERATORS[type(op)], left, right, line, guards)
                left = right
        elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _simple(test.operand):
            inner = test.operand
            assert isinstance(inner, ast.Compare)  # noqa: S101  (what `_simple` has just said, for the type checker)
            negated = NEGATED[OPERATORS[type(inner.ops[0])]]
            yield self.compared(negated, inner.left, inner.comparators[0], line, guards)
        elif isinstance(test, ast.Constant):
            yield Check("constant", self.text(test), "", line, guards)
        elif isinstance(test, ast.BoolOp):
            yield Check("or", self.text(test), "", line, guards)
        else:
            yield Check("truth", self.text(test), "", line, guards)

    def compared(self, op: str, left: ast.expr, right: ast.expr, line: int, guards: tuple[str, ...]) -> Check:
        """A comparison, the more telling side first."""
        one, other = self.text(left), self.text(right)
        if _plain(left) and not _plain(right) and op in MIRRORED:
            op, one, other = MIRRORED[op], other, one
        return Check(op, one, other, line, guards)


OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
NEGATED = {
    "==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<",
    "is": "is not", "is not": "is", "in": "not in", "not in": "in",
}  # fmt: skip
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=", "is": "is", "is not": "is not"}


def _simple(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and len(node.ops) == 1


def _plain(node: ast.expr) -> bool:
    return not any(isinstance(n, ast.Call | ast.Name | ast.Attribute) for n in ast.walk(node))


def _leaves(node: ast.AST) -> bool:
    if isinstance(node, ast.Return):
        return True
    return isinstance(node, ast.Call) and last_name(node.func) in LEAVES


def _swallows(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    caught = {last_name(kind) if kind is not None else "" for kind in kinds}
    return bool(caught & SWALLOWED) and not any(isinstance(n, ast.Raise) for n in ast.walk(handler))


def _empty(node: ast.expr) -> bool:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return not node.elts
    return (
        isinstance(node, ast.Call)
        and last_name(node.func) == "range"
        and ast.unparse(node) in {"range(0)", "range(0, 0)"}
    )
