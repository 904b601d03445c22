"""What must not stand in this repository: half-done work, places on somebody's machine, addresses of registries."""

import ast
import re

import pytest

UNDONE = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b")
PLACES = re.compile(r"/(?<![\w.]/)([w]ork|[r]oot|[U]sers|[h]ome/\w+)/")
HOSTS = re.compile(r"[p]ypi\.org|python[h]osted\.org|[a]rtifactory|[j]frog|[n]pmjs\.")
ALLOWED = {
    "tests/attacks/test_sandbox_secrets.py": "looks for the host's folders from inside the sandbox",
    "tests/adapters/web/test_endpoint.py": "an error that names a path, which must not come out",
    "bot/app/road_settings.py": "the public index that is asked about a dependency, as the default of a setting",
    "docs/settings.md": "the same default",
}
"""Files in which such words are the point, and why."""


def found(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}"
        for path, text in texts.items()
        if path not in ALLOWED and not path.startswith("tests/house/") and pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("pattern", [PLACES, HOSTS], ids=["places", "registries"])
def test_no_machine_and_no_registry_is_named(texts: dict[str, str], pattern: re.Pattern[str]) -> None:
    assert found(texts, pattern) == []


def test_the_patterns_see_what_they_are_for() -> None:
    assert all(PLACES.search(text) for text in ("cd /work/x", '"/root/.x/"', "/home/ann/src/"))
    assert not any(PLACES.search(text) for text in ("a/work/x", "docs/root/", "/usr/lib/"))
    assert HOSTS.search("https://pypi.org/simple")


def test_nothing_in_the_product_is_left_to_be_done(product: dict[str, str]) -> None:
    assert found(product, UNDONE) == []


STUB = "NotImplemented"


def stubs(texts: dict[str, str]) -> list[str]:
    """Where NotImplementedError or its like is raised. A module without the word is not parsed."""
    parsed = ((path, ast.parse(text)) for path, text in texts.items() if STUB in text)
    raised = ((path, node) for path, tree in parsed for node in ast.walk(tree) if isinstance(node, ast.Raise))
    return [f"{path}:{node.lineno}" for path, node in raised if STUB in ast.dump(node)]


def test_nothing_in_the_product_is_a_stub(product: dict[str, str]) -> None:
    assert stubs(product) == []


def test_a_stub_is_seen_however_it_is_raised() -> None:
    raised = (
        "def f():\n    raise NotImplementedError\n\n\ndef g():\n    if f:\n        raise NotImplementedError('x')\n"
    )
    assert stubs({"a.py": raised, "b.py": "NotImplemented = 1\n", "c.py": ""}) == ["a.py:2", "a.py:7"]


def test_every_silenced_check_is_named(product: dict[str, str]) -> None:
    """`# noqa: X` and `# type: ignore[x]`; nothing is silenced wholesale."""
    assert found(product, re.compile(r"#\s*noqa(?!: [A-Z]+\d+)|#\s*type:\s*ignore(?!\[[\w, -]+\])")) == []


def test_every_package_says_in_one_sentence_what_it_is_for(product: dict[str, str]) -> None:
    odd = []
    for path, text in product.items():
        if not path.endswith("__init__.py"):
            continue
        said = (ast.get_docstring(ast.parse(text)) or "").strip()
        if not said.endswith(".") or re.search(r"[.!?] [A-Z]", said.split("\n\n")[0]):
            odd.append(path)
    assert odd == []
