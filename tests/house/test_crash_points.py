"""Every named point at which a process may be killed is killed somewhere: by a story, or by a test that says so."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import get_args

import pytest

from benchmarks._crash_points import KILLED
from bot.core.case import Step

STORIES = "benchmarks/_crash_story.py"
DEPLOYED = "benchmarks/_crash_deployed.py"
LEDGER = PurePosixPath("bot/adapters/localforge")
PEOPLES = frozenset({"create", "review", "remark", "ready", "tick"})
"""Changes of the embedded forge's ledger that people make: no process of ours is killed there."""


def named(text: str) -> Iterator[str]:
    """The points that a module names, in `crash_point(...)` or `point(...)`; one in braces stands for several.

    A module without that word is not parsed: hundreds are.
    """
    for node in ast.walk(ast.parse(text)) if "point(" in text else ():
        if isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"crash_point", "point"}:
                yield ast.unparse(node.args[0]).removeprefix("f").strip("'\"")


def expanded(point: str, product: Mapping[str, str]) -> set[str]:
    if point.endswith("{_name(step)}"):
        return {point.replace("{_name(step)}", step.__name__.lower()) for step in get_args(Step)}
    if point.startswith("{name}"):
        forge = [text for path, text in product.items() if PurePosixPath(path).parent == LEDGER]
        changes = {name for text in forge for name in re.findall(r"ledger\.change\(\"(\w+)\"\)", text)}
        assert {"merge", "tick"} <= changes
        return {point.replace("{name}", name) for name in changes - PEOPLES}
    return {point}


def test_every_point_is_killed_somewhere_and_nothing_is_listed_that_is_gone(product: dict[str, str]) -> None:
    there = {one for text in product.values() for point in named(text) for one in expanded(point, product)}
    listed = [point for points in KILLED.values() for point in points]
    assert len(listed) == len(set(listed)), "each once"
    assert there - set(listed) == set(), (
        "name the story or the test that is killed there in benchmarks/_crash_points.py"
    )
    assert set(listed) - there == set(), "these are named nowhere any more"


def test_each_story_is_told_and_each_test_names_its_points(texts: dict[str, str]) -> None:
    told = set(re.findall(r"Story\(\s*\"([^\"]+)\"", texts[STORIES]))
    assert len(told) > 10
    assert {where for where in KILLED if not where.endswith(".py")} == {*told, "deployer"}
    for where, points in KILLED.items():
        text = texts[where] if where.endswith(".py") else texts[DEPLOYED] if where == "deployer" else ""
        assert [point for point in points if text and f'"{point}' not in text] == [], where


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ('ctx.crash_point("a.b")', ["a.b"]),
        ('point("a.b")\nself._ctx.crash_point(f"decided.{_name(step)}")', ["a.b", "decided.{_name(step)}"]),
        ("mark.point()\nother(1)", []),
    ],
)
def test_points_are_found_as_they_are_written(text: str, points: list[str]) -> None:
    assert sorted(named(text)) == points
