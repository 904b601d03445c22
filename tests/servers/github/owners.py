"""Which code owners a pull request waits for, by CODEOWNERS at its base branch (docs.github.com, About code owners).

The last pattern that matches a file speaks for it; a file whose line names nobody, and one that no line matches, needs
nobody. Patterns are those of gitignore, as the library pathspec reads them.
"""

from collections.abc import Callable, Collection

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
Git = Callable[..., str]


def lacking(git: Git, base: str, head: str, approved: Collection[str], otherwise: Collection[str]) -> str:
    """What GitHub says while owners have not approved, or nothing. `otherwise`: who owns all, where no file says."""
    lines = _lines(git, base)
    if lines is None:
        return "" if set(approved) & set(otherwise) else _waits(otherwise)
    for path in git("diff", "--name-only", f"{base}...{head}").splitlines():
        owners = next((names for pattern, names in reversed(lines) if pattern.match_file(path) is not None), ())
        if owners and not set(approved) & set(owners):
            return _waits(owners)
    return ""


def _lines(git: Git, base: str) -> list[tuple[GitIgnoreSpecPattern, tuple[str, ...]]] | None:
    found = set(git("ls-tree", "-r", "--name-only", base, "--", *PLACES).splitlines())
    place = next((place for place in PLACES if place in found), None)
    if place is None:
        return None
    rows = [line.partition("#")[0].split() for line in git("show", f"{base}:{place}").splitlines()]
    return [(GitIgnoreSpecPattern(row[0]), tuple(name.removeprefix("@") for name in row[1:])) for row in rows if row]


def _waits(owners: Collection[str]) -> str:
    return f"Waiting on code owner review from {', '.join(owners)}."
