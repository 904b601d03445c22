"""Scope: comments and calls that silence a referee. Counted over the whole change, so that moved code is no offence."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.core.verdict import Status
from bot.improve.doors import Gate
from bot.improve.stages._problems import Problem
from bot.improve.stages._source import parse, text

SILENCERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("noqa", r"#\s*(?:(?:ruff|flake8)\s*:\s*)?noqa\b"),
        ("type: ignore", r"#\s*type\s*:\s*ignore\b"),
        ("mypy directive", r"#\s*mypy\s*:"),
        ("pyright directive", r"#\s*pyright\s*:"),
        ("no cover", r"#\s*pragma\s*:?\s*no[\s-]*(?:cover|branch|mutate)\b"),
        ("nosec", r"#\s*nosec\b"),
        ("pylint: disable", r"#\s*pylint\s*:\s*(?:disable|skip-file)\b"),
        ("fmt: off", r"#\s*fmt\s*:\s*(?:off|skip)\b|#\s*yapf\s*:\s*disable"),
        ("allow secret", r"#\s*(?:pragma\s*:\s*allowlist|gitleaks\s*:\s*allow)"),
        ("isort: skip", r"#\s*isort\s*:\s*(?:skip|off)"),
    )
)
CALLS = frozenset({"filterwarnings", "simplefilter", "catch_warnings"})

Place = tuple[str, PurePosixPath, int]


def ignores(gate: Gate) -> Iterator[Problem]:
    """Silencers that head has and base had not, over all changed Python files together."""
    before: Counter[str] = Counter()
    after: list[Place] = []
    for change in gate.changes:
        if change.old_path.suffix in {".py", ".pyi"} and change.action != "add":
            before.update(kind for kind, _, _ in _silencers(text(gate.base, change.old_path), change.old_path))
        if change.path.suffix in {".py", ".pyi"} and change.action != "delete":
            after += _silencers(text(gate.head, change.path), change.path)
    level = Status.FAIL if gate.by_engine else Status.PENDING
    extra = Counter(kind for kind, _, _ in after) - before
    for kind, path, line in after:
        if extra[kind] and _touched(gate, path, line):
            extra[kind] -= 1
            yield Problem("ignore", path, line, f"silences a referee: {kind}", level)
    for kind, count in extra.items():
        if count > 0:
            yield Problem("ignore", PurePosixPath(), 0, f"silences a referee: {kind}", level)


def _touched(gate: Gate, path: PurePosixPath, line: int) -> bool:
    change = next(c for c in gate.changes if c.path == path)
    return not change.lines or any(first <= line <= last for first, last in change.lines)


def _silencers(source: str | None, path: PurePosixPath) -> list[Place]:
    if source is None:
        return []
    return [*_comments(source, path), *_calls(source, path)]


def _comments(source: str, path: PurePosixPath) -> Iterator[Place]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                for name, pattern in SILENCERS:
                    if pattern.search(token.string):
                        yield name, path, token.start[0]
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


def _calls(source: str, path: PurePosixPath) -> Iterator[Place]:
    """`warnings.filterwarnings` and its kin, as calls and as pytest marks."""
    tree = parse(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS:
            words = [a.value for a in [*node.args, *(k.value for k in node.keywords)] if isinstance(a, ast.Constant)]
            if any(isinstance(w, str) and w.startswith(("ignore", "once", "default")) for w in words):
                yield "ignored warnings", path, node.lineno
