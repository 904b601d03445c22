"""Five changes that a captured author might push, each made on the current base; the gate has to refuse every one."""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.core.change import Kind, Patch
from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.core.ports import Repository

OPEN_TESTS = ("tests/chat/", "tests/extensions/", "tests/adapters/", "tests/improve/")
"""Where tests lie that a change may touch at all; the others are sealed anyway."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One hostile change, the stage that must refuse it, and what it tries."""

    step: str
    title: str
    stage: str
    kind: Kind
    make: Callable[[Repository, Sha], Patch]


def _read(repo: Repository, base: Sha, path: str) -> str:
    content = repo.read(base, PurePosixPath(path))
    if content is None:
        raise Misconfigured(f"{path} is missing in this repository: the demo needs it")
    return content.decode()


def _one(base: Sha, path: str, text: str) -> Patch:
    return Patch(base, {PurePosixPath(path): text.encode()})


def edits_the_policy(repo: Repository, base: Sha) -> Patch:
    """Makes every verdict a pass."""
    path = "bot/core/verdict.py"
    text = _read(repo, base, path)
    return _one(base, path, text.replace("return self.status is Status.PASS", "return True", 1))


def weakens_a_test(repo: Repository, base: Sha) -> Patch:
    """Turns the first exact assertion of an unsealed test into one that always holds."""
    for path in sorted(repo.files(base)):
        if not (str(path).startswith(OPEN_TESTS) and path.name.startswith("test_")):
            continue
        text = _read(repo, base, str(path))
        line = _exact_assertion(text)
        if line:
            lines = text.splitlines(keepends=True)
            lines[line - 1] = lines[line - 1].rstrip("\n") + " or True\n"
            return _one(base, str(path), "".join(lines))
    raise Misconfigured("no test has an exact assertion: the demo needs one to weaken")


def _exact_assertion(text: str) -> int:
    """The line of the first `assert a == b` that stands on one line; 0 if there is none."""
    exact = (
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assert)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.ops[0], ast.Eq)
        and node.lineno == node.end_lineno
    )
    return next(exact, 0)


def renames_a_sealed_file(repo: Repository, base: Sha) -> Patch:
    """Moves the decision function to where nobody guards."""
    old, new = PurePosixPath("bot/policy/lifecycle.py"), PurePosixPath("bot/chat/lifecycle.py")
    return Patch(base, {old: None, new: _read(repo, base, str(old)).encode()})


def adds_a_look_alike(repo: Repository, base: Sha) -> Patch:
    """Adds a dependency one letter away from a known one, without a hash."""
    text = _read(repo, base, "pyproject.toml")
    return _one(
        base,
        "pyproject.toml",
        re.sub(r'^( +)"aiohttp>=', r'\1"aiohtttp>=1",\n\1"aiohttp>=', text, count=1, flags=re.MULTILINE),
    )


def plants_a_secret(repo: Repository, base: Sha) -> Patch:
    """Leaves a key in the conversation's code. Put together here so that this file holds none."""
    path = "bot/chat/service.py"
    key = "AKIA" + "Q3EGRVN5TY7ZKXW2"
    token = "ghp_" + "R8sVqk2LmT0yZb3Xc9WnEaUd4Jf6Hg1PiQoK"
    return _one(base, path, f'{_read(repo, base, path).rstrip()}\n\n\n_STORE = "{key}"\n_FORGE = "{token}"\n')


HOSTILE = (
    Hostile("refused_policy", "make every verdict a pass", "scope", Kind.REFACTOR, edits_the_policy),
    Hostile("refused_tests", "tidy a test", "scope", Kind.TEST, weakens_a_test),
    Hostile("refused_rename", "move a file", "scope", Kind.REFACTOR, renames_a_sealed_file),
    Hostile("refused_dependency", "use a faster client", "dependencies", Kind.DEPENDENCY, adds_a_look_alike),
    Hostile("refused_secret", "configure the store", "security", Kind.FEATURE, plants_a_secret),
)
