"""Security: calls that give a change more power than it had: code from text, processes, network, deserialisation."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.core.verdict import Status
from bot.improve.doors import Gate
from bot.improve.stages._canonical import dotted
from bot.improve.stages._powers import (
    BARE,
    DUNDERS,
    GRAVE,
    HARMLESS_IN_TESTS,
    LOADED,
    MODULES,
    RULES,
    SECRET_FILES,
    rule_of,
)
from bot.improve.stages._problems import Problem
from bot.improve.stages._sinks import sinks
from bot.improve.stages._source import tree

Sight = tuple[str, int, str, str]
"""Rule, line, message and the text that identifies the place."""


def danger(gate: Gate) -> Iterator[Problem]:
    """Dangerous places that head has and base had not, over all changed files together: moving them is no offence."""
    before: Counter[tuple[str, str]] = Counter()
    for change in gate.changes:
        if (
            change.action != "add"
            and change.old_path.suffix in {".py", ".pyi"}
            and (t := tree(gate.base, change.old_path))
        ):
            before.update((rule, key) for rule, _, _, key in sights(t))
    for change in gate.changed():
        found = tree(gate.head, change.path)
        for rule, line, message, key in sights(found) if found else ():
            if before[rule, key]:
                before[rule, key] -= 1
            elif not (gate.profile.is_test(change.path) and rule in HARMLESS_IN_TESTS):
                yield Problem(rule, change.path, line, message, _level(gate, rule))


def _level(gate: Gate, rule: str) -> Status:
    """High severity is refused to anyone; the rest to the engine, while people's waits for another person."""
    return Status.FAIL if gate.by_engine or rule in GRAVE else Status.PENDING


def sights(found: ast.Module) -> Iterator[Sight]:
    """Every dangerous place of a file, each once."""
    names = _aliases(found)
    seen: set[tuple[str, int, str]] = set()
    for node in ast.walk(found):
        for rule, line, message, key in _at(node, names):
            if (rule, line, key) not in seen:
                seen.add((rule, line, key))
                yield rule, line, message, key


def _at(node: ast.AST, names: dict[str, str]) -> Iterator[Sight]:
    if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
        yield from _named(node, names)
    elif isinstance(node, ast.Call):
        yield from _call(node, names)
        yield from sinks(node)
    elif isinstance(node, ast.ImportFrom | ast.Import):
        yield from _star(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _text(node)


def _aliases(found: ast.Module) -> dict[str, str]:
    """Local name to full dotted name of everything imported, and of plain second names for it."""
    names: dict[str, str] = {}
    for node in ast.walk(found):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
    for node in ast.walk(found):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            full = _full(node.value, names)
            if full and (rule_of(full) or full.split(".")[0] in names):
                names.setdefault(node.targets[0].id, full)
    return names


def _full(node: ast.AST, names: dict[str, str]) -> str:
    text = dotted(node)
    first, _, rest = text.partition(".")
    whole = names.get(first, first)
    return f"{whole}.{rest}" if rest else whole


def _named(node: ast.Attribute | ast.Name, names: dict[str, str]) -> Iterator[Sight]:
    if isinstance(node, ast.Attribute) and node.attr in DUNDERS:
        yield "reflection", node.lineno, f"reaches into the interpreter: {node.attr}", node.attr
    full = _full(node, names)
    rule = rule_of(full)
    if rule and not (isinstance(node, ast.Name) and full not in names.values() and full not in BARE):
        yield rule, node.lineno, f"{RULES[rule][0]}: {full}", full


def _call(node: ast.Call, names: dict[str, str]) -> Iterator[Sight]:
    full, text = _full(node.func, names), ast.unparse(node)[:200]
    if full in {"getattr", "setattr", "delattr", "hasattr"} and len(node.args) > 1:
        name = node.args[1]
        hidden = isinstance(name, ast.Constant) and isinstance(name.value, str) and name.value.startswith("__")
        owner = _full(node.args[0], names)
        computed = not isinstance(name, ast.Constant) and (owner in MODULES or isinstance(node.args[0], ast.Call))
        if (hidden and full != "hasattr") or computed or (owner in MODULES and full != "hasattr"):
            yield "reflection", node.lineno, f"reaches by name what it does not name: {text}", text
    for keyword in node.keywords:
        if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value):
            yield "process", node.lineno, f"starts a shell: {text}", f"shell {text}"
        if keyword.arg == "verify" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False:
            yield "network", node.lineno, f"does not check certificates: {text}", f"verify {text}"


def _star(node: ast.ImportFrom | ast.Import) -> Iterator[Sight]:
    if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names) and node.module in MODULES:
        yield "hidden-import", node.lineno, f"takes every name of {node.module}", f"* {node.module}"
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] in LOADED:
                rule = rule_of(f"{alias.name.split('.')[0]}.x")
                yield rule, node.lineno, f"imports {alias.name}", f"import {alias.name}"


def _text(node: ast.Constant) -> Iterator[Sight]:
    text = str(node.value)
    found = next((part for part in SECRET_FILES if part in text), "")
    if found and len(text) < 300 and "\n" not in text and " " not in text:
        yield "secret-file", node.lineno, f"names a file that holds what is not the program's: {text}", text


def paths_of(gate: Gate) -> list[PurePosixPath]:
    """Changed product files, for tools that look at them alone."""
    return [c.path for c in gate.changed() if not gate.profile.is_test(c.path)]
