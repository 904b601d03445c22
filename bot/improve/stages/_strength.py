"""Which demands of a test were lost or loosened between two versions of it."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.improve.stages._canonical import called, last_name
from bot.improve.stages._checks import Check

AS_STRONG: dict[str, frozenset[str]] = {
    "==": frozenset({"==", "is"}),
    "is": frozenset({"is"}),
    "!=": frozenset({"!=", "==", "<", ">", "is", "is not"}),
    "is not": frozenset({"is not", "is", "==", "truth", "in", "<", ">", "<=", ">="}),
    "<": frozenset({"<", "=="}),
    ">": frozenset({">", "=="}),
    "<=": frozenset({"<=", "<", "=="}),
    ">=": frozenset({">=", ">", "=="}),
    "in": frozenset({"in", "=="}),
    "not in": frozenset({"not in", "=="}),
    "truth": frozenset({"truth", "==", "is"}),
    "or": frozenset({"or", "truth", "=="}),
    "constant": frozenset({"constant", "==", "is", "truth", "in", "raises"}),
    "raises": frozenset({"raises"}),
    "warns": frozenset({"warns", "raises"}),
}
MOCK_LADDER = (
    "assert_called",
    "assert_called_once",
    "assert_called_with",
    "assert_any_call",
    "assert_called_once_with",
)
WIDER_UP = frozenset({"rel", "abs", "delta", "rel_tol", "abs_tol", "rtol", "atol", "tol", "tolerance", "atol_"})
WIDER_DOWN = frozenset({"places", "decimal", "ndigits", "digits"})
BROAD = frozenset({"Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class Loss:
    """A demand that head makes less of. `expected` marks a mere change of the expected value."""

    line: int
    message: str
    expected: bool = False


def losses(before: Sequence[Check], after: Sequence[Check]) -> Iterator[Loss]:
    """Pair each demand of base with one of head, best match first, and say what the pairing lost."""
    left, right = list(before), list(after)
    for check in before:
        twin = next((c for c in right if c.key == check.key and set(c.guards) <= set(check.guards)), None)
        if twin is not None:
            left.remove(check)
            right.remove(twin)
    for check in list(left):
        twin = next((c for c in right if c.key == check.key), None)
        if twin is not None:
            left.remove(check)
            right.remove(twin)
            yield Loss(twin.line, f"an assertion now depends on a condition: {_shown(twin)}")
    yield from _rest(left, right)


def _rest(left: list[Check], right: list[Check]) -> Iterator[Loss]:
    for check in left:
        twin = max(right, key=lambda c: _likeness(check, c), default=None)
        if twin is None or _likeness(check, twin) == 0:
            yield Loss(check.line, f"an assertion is gone: {_shown(check)}")
            continue
        right.remove(twin)
        why, expected = _compared(check, twin)
        if why:
            yield Loss(twin.line, f"{why}: {_shown(check)} became {_shown(twin)}", expected)
        elif not set(twin.guards) <= set(check.guards):
            yield Loss(twin.line, f"an assertion now depends on a condition: {_shown(twin)}")


def _likeness(old: Check, new: Check) -> int:
    """0: another demand; higher: more surely the same one."""
    if old.subject == new.subject:
        return 3 + (old.op == new.op)
    needed = called(old.whole)
    if needed and needed <= called(new.whole):
        return 2
    return int(_masked(old.subject) == _masked(new.subject) and old.op == new.op)


def _compared(old: Check, new: Check) -> tuple[str, bool]:
    """Why the new demand is weaker, and whether only an expected value differs. Empty: it is not."""
    if new.op == "constant" or (new.expected and new.subject == new.expected):
        return "an assertion is always true", False
    if (wider := _tolerance(old, new)) is not None:
        return ("a tolerance is wider" if wider else ""), False
    if not _as_strong(old.op, new.op):
        return "an assertion is loosened", False
    return _raised(old, new) if old.op in {"raises", "warns"} else _of_values(old, new)


def _of_values(old: Check, new: Check) -> tuple[str, bool]:
    """The same for two comparisons, of which the new one is as strong by its operator."""
    if old.subject == new.subject and old.op == new.op and old.op in {"<", "<=", ">", ">="}:
        return _bound(old, new)
    if old.op not in {new.op, "==", "is"}:
        return "", False  # another comparison, and a stronger one
    if old.expected == new.expected or old.subject != new.subject:
        return _rewritten(old, new)
    if _literal(old.expected) and not _literal(new.expected):
        return "an expected value is no longer spelled out", False
    return "an expected value is changed", True


def _as_strong(old: str, new: str) -> bool:
    if old.startswith("call ") and new.startswith("call "):
        before, after = old.removeprefix("call "), new.removeprefix("call ")
        if before in MOCK_LADDER and after in MOCK_LADDER:
            return MOCK_LADDER.index(after) >= MOCK_LADDER.index(before)
        return before == after or after not in MOCK_LADDER
    if old.startswith("call "):
        return new in {"==", "is"}
    return new in AS_STRONG.get(old, frozenset({old})) or (new.startswith("call ") and "Almost" not in new)


def _rewritten(old: Check, new: Check) -> tuple[str, bool]:
    """Same calls in another shape: weaker only if literals that were demanded are no longer there."""
    lost = _literals(old.whole) - _literals(new.whole)
    if lost and old.op == new.op and _masked(old.whole) == _masked(new.whole):
        return "an expected value is changed", True
    if lost and called(new.subject) - called(old.whole):
        return "an assertion is rewritten around another call", False
    return "", False


def _raised(old: Check, new: Check) -> tuple[str, bool]:
    (before, old_match), (after, new_match) = _expected_error(old), _expected_error(new)
    if after & BROAD - before or len(after) > len(before):
        return "a broader exception is accepted", False
    if old_match and not new_match:
        return "the message of the exception is no longer checked", False
    narrower = (after <= before or before & BROAD) and old_match <= new_match
    return ("", False) if narrower else ("an expected exception is changed", True)


def _expected_error(check: Check) -> tuple[set[str], set[str]]:
    words = set(ast.literal_eval(check.expected))
    match = {word for word in words if word.startswith("match=")}
    return words - match, match


def _bound(old: Check, new: Check) -> tuple[str, bool]:
    before, after = _number(old.expected), _number(new.expected)
    if before is None or after is None:
        return ("an expected bound is changed", True) if old.expected != new.expected else ("", False)
    looser = after > before if old.op.startswith("<") else after < before
    return ("a threshold is loosened" if looser else ""), False


def _tolerance(old: Check, new: Check) -> bool | None:
    """Whether a tolerance got wider; None if tolerances are not what differs."""
    before, after = _tolerances(old.whole), _tolerances(new.whole)
    if before == after:
        return None
    if after and not before and old.op in {"==", "is"}:
        return True
    for name in before.keys() & after.keys():
        one, other = before[name], after[name]
        if (name in WIDER_UP and other > one) or (name in WIDER_DOWN and other < one):
            return True
    if after.keys() - before.keys():
        return True
    return False if _without_tolerances(old.whole) == _without_tolerances(new.whole) else None


def _without_tolerances(text: str) -> str:
    tree = _tree(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in WIDER_UP | WIDER_DOWN:
            node.value = ast.Constant(0)
    return ast.unparse(tree)


def _tolerances(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for node in ast.walk(_tree(text)):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            value = _number(ast.unparse(keyword.value))
            if keyword.arg in WIDER_UP | WIDER_DOWN and value is not None:
                found[str(keyword.arg)] = value
        name = last_name(node.func)
        if name == "round" and len(node.args) > 1:
            found["ndigits"] = _number(ast.unparse(node.args[1])) or 0.0
        elif name in {"approx", "isclose", "allclose", "assert_allclose", "assertAlmostEqual"}:
            found.setdefault(f"by {name}", 0.0)
            if name == "assertAlmostEqual" and len(node.args) > 2:
                found["places"] = _number(ast.unparse(node.args[2])) or 0.0
    return found


def _tree(text: str) -> ast.AST:
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.Module([], [])


def _number(text: str) -> float | None:
    try:
        return float(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True


def _literals(text: str) -> frozenset[str]:
    return frozenset(repr(n.value) for n in ast.walk(_tree(text)) if isinstance(n, ast.Constant))


def _masked(text: str) -> str:
    tree = _tree(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = 0
    return ast.unparse(tree)


def _shown(check: Check) -> str:
    text = f"{check.subject} {check.op} {check.expected}" if check.expected else f"{check.subject} ({check.op})"
    return f"`{text if len(text) <= 90 else text[:89] + '…'}`"
