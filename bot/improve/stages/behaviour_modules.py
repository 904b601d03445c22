"""The product's modules that a change touches, with both sources."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.core.change import FileChange
from bot.improve.differential.api import breakages
from bot.improve.differential.plan import Plan, plan
from bot.improve.doors import Gate
from bot.improve.stages._source import text


@dataclass(frozen=True, slots=True)
class Module:
    """One changed module. `plan` is empty where a version is missing."""

    name: str
    base: str
    head: str
    plan: Plan
    breakages: tuple[str, ...]


def modules(gate: Gate) -> list[Module]:
    """Changed product modules that both versions can parse, or that head no longer has."""
    found = []
    for change in gate.changes:
        if change.old_path.suffix != ".py" or change.action == "add" or gate.profile.is_test(change.old_path):
            continue
        base = text(gate.base, change.old_path)
        head = None if _gone(gate, change) else text(gate.head, change.path)
        name = module_name(change.old_path, gate.profile.roots)
        if base is None or not name:
            continue
        try:
            found.append(_module(name, base, head))
        except (SyntaxError, ValueError, RecursionError):
            continue  # the stage `format` says so
    return found


def _gone(gate: Gate, change: FileChange) -> bool:
    moved = module_name(change.path, gate.profile.roots) != module_name(change.old_path, gate.profile.roots)
    return change.action == "delete" or moved


def _module(name: str, base: str, head: str | None) -> Module:
    broken = tuple(breakages(name, base, head))
    return Module(name, base, head or "", plan(base, head) if head is not None else Plan(()), broken)


def module_name(path: PurePosixPath, roots: tuple[PurePosixPath, ...]) -> str:
    """Dotted name by which the file is imported; the deepest root that holds it counts. Empty: it cannot be."""
    holding = [r for r in roots if r == PurePosixPath(".") or r in path.parents] or [PurePosixPath(".")]
    root = max(holding, key=lambda r: len(r.parts))
    parts = list((path if root == PurePosixPath(".") else path.relative_to(root)).with_suffix("").parts)
    if parts and parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and all(p.isidentifier() for p in parts) else ""
