"""Breaks in the public interface between two versions of a module, found by griffe without running either."""

from pathlib import Path


def breakages(module: str, base: str, head: str | None) -> list[str]:
    """One sentence per break; `head` None: the module is gone. Raises SyntaxError if a version does not parse."""
    import griffe  # noqa: PLC0415  (heavy, engine only)

    if any(part.startswith("_") and not part.endswith("__") for part in module.split(".")):
        return []
    if head is None:
        return [f"{module}: the public module was removed"]
    old, new = (griffe.visit(module, filepath=Path(f"{module}.py"), code=code) for code in (base, head))
    found = []
    for breakage in griffe.find_breaking_changes(old, new):
        kind = str(breakage.kind.value).rstrip(".")
        if "value was changed" in kind.lower() and "." not in breakage.obj.path.removeprefix(f"{module}."):
            continue  # data at module level: what it does shows in the functions that use it
        name = breakage.obj.path
        old_value, new_value = (_short(v) for v in (breakage.old_value, breakage.new_value))
        found.append(f"{name}: {kind}" + (f" ({old_value} -> {new_value})" if old_value or new_value else ""))
    return sorted(set(found))


def _short(value: object) -> str:
    text = "" if value is None else str(getattr(value, "name", value))
    return text if len(text) < 60 else f"{text[:57]}..."
