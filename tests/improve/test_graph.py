"""Who imports whom, read from the text alone."""

import ast
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.improve import graph

ROOTS = (PurePosixPath(), PurePosixPath("src"))
KNOWN = ("a", "a.b", "a.c", "a.c.d", "z")


def seen(text: str, path: str = "a/b.py", *, inner: bool = True) -> tuple[str, ...]:
    return graph.edges(PurePosixPath(path), text, ROOTS, KNOWN, inner=inner)


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/b.py", "a.b"), ("a/__init__.py", "a"), ("src/a/c.py", "a.c"), ("setup.py", "setup")],
)
def test_names_are_below_the_deepest_root(path: str, name: str) -> None:
    assert graph.dotted(PurePosixPath(path), ROOTS) == name


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("import z", ("z",)),
        ("import os, z  # both", ("z",)),
        ("from a.c import d, other", ("a.c", "a.c.d")),
        ("from a.c import (  # why\n    d,  # and (this)\n    other,\n)", ("a.c", "a.c.d")),
        ("from .c import d", ("a.c", "a.c.d")),
        ("from . import c", ("a.c",)),
        ("def f():\n    from a import c\n", ("a.c",)),
        ('"""From here on, import z is only talked of:\n\n    from nothing in particular\n"""', ()),
        ("from a.b import own", ()),
        ("import nowhere", ()),
        ("x = 1", ()),
    ],
)
def test_statements_that_import(text: str, wanted: tuple[str, ...]) -> None:
    assert seen(text) == wanted


def test_at_load_only_what_runs_then_counts() -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import z\ndef f():\n    import a.c\n"
    assert seen(text, inner=False) == ()
    assert seen(text) == ("a.c", "z")
    assert seen("try:\n    import z\nexcept ImportError:\n    pass\n", inner=False) == ("z",)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert seen(text) == seen(text)
    assert seen(text, inner=False) == seen(text, inner=False)


def test_dependants_are_found_through_others() -> None:
    users = {"core": (), "policy": ("core",), "app": ("policy", "chat"), "chat": ("core",), "alone": ()}
    assert graph.dependants(users, ["core"]) == {"policy", "app", "chat"}
    assert graph.dependants(users, ["app"]) == frozenset()
    assert graph.dependants({"a": ("b",), "b": ("a",)}, ["a"]) == {"b"}
    assert graph.dependants(users, ["nobody"]) == frozenset()


def test_the_quick_way_sees_what_the_whole_tree_says() -> None:
    folder = Path(graph.__file__).parent
    paths = {PurePosixPath(f"bot/improve/{file.name}"): file.read_text() for file in sorted(folder.glob("*.py"))}
    names = frozenset(graph.dotted(path, [PurePosixPath()]) for path in paths)
    for path, text in paths.items():
        whole = {
            t for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt) for t in graph._targets(n, "bot.improve")
        }
        quick = graph.edges(path, text, [PurePosixPath()], names, inner=True)
        assert set(quick) == (whole & names) - {graph.dotted(path, [PurePosixPath()]), "bot.improve"}
