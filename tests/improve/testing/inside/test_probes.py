"""Marks say which lines ran, change nothing that the code does, and agree with what coverage calls a statement."""

import ast
import inspect
import marshal
import sys
import textwrap
from types import CodeType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.improve.testing.inside import probes
from bot.improve.testing.inside.probes import PLACE, Ran, bind, marked
from bot.improve.testing.inside.tracing import Lines, ranges
from bot.improve.testing.statements import statements


class Played:
    """A text that was run with marks, and what ran of it."""

    def __init__(self, text: str, *calls: str) -> None:
        self.text = textwrap.dedent(text).lstrip("\n")
        made = marked(self.text.encode(), "played.py")
        self.lines = Lines(made.size, made.implied)
        self.space: dict[str, Any] = {"__name__": "played"}
        exec(bind(made.code, self.lines.ran), self.space)
        for call in calls:
            self.space["answer"] = eval(call, self.space)

    def ran(self) -> str:
        return ranges(self.lines.numbers(bytes(self.lines.ran)))

    def unrun(self) -> list[int]:
        return sorted(statements(self.text) - self.lines.numbers(bytes(self.lines.ran)))


BRANCHES = '''
    def sign(n):
        """Says which."""
        if n > 0:
            return "+"
        elif n < 0:
            return "-"
        else:
            return "0"
'''
TRYING = """
    def attempt(what):
        try:
            value = what()
        except (
            KeyError,
            IndexError,
        ):
            return 1
        except ValueError:
            return 2
        except:
            return 3
        else:
            return value
        finally:
            seen = True
"""
MATCHING = """
    def kind(x):
        match x:
            case 0:
                return "zero"
            case [a, b] if a == b:
                return "pair"
            case {"k": _}:
                return "keyed"
        return "other"
"""


@pytest.mark.parametrize(
    ("text", "calls", "unrun"),
    [
        (BRANCHES, [], [3, 4, 5, 6, 8]),
        (BRANCHES, ["sign(1)"], [5, 6, 8]),
        (BRANCHES, ["sign(-1)"], [4, 8]),
        (BRANCHES, ["sign(1)", "sign(-1)", "sign(0)"], []),
        (TRYING, ["attempt(int)"], [4, 8, 9, 10, 11, 12]),
        (TRYING, ["attempt({}.popitem)"], [9, 10, 11, 12, 14]),
        (TRYING, ["attempt(lambda: int('x'))"], [8, 11, 12, 14]),
        (TRYING, ["attempt(lambda: 1 / 0)"], [8, 10, 14]),
        (MATCHING, ["kind(0)"], [5, 6, 7, 8, 9]),
        (MATCHING, ["kind([1, 1])"], [4, 7, 8, 9]),
        (MATCHING, ["kind([1, 2])"], [4, 6, 8]),
        (MATCHING, ["kind('?')"], [4, 6, 8]),
    ],
)
def test_what_ran_is_marked_and_nothing_else(text: str, calls: list[str], unrun: list[int]) -> None:
    assert Played(text, *calls).unrun() == unrun


def test_all_lines_of_one_statement_run_with_its_first_but_not_those_of_its_body() -> None:
    played = Played(
        """
        @staticmethod
        @staticmethod
        def f(
            a=1,
            b=2,
        ):
            return (
                a
                + b)
        X = [
            1,
        ]
        """
    )
    assert played.ran() == "1-5,10-12"
    assert Played(played.text, "f()").ran() == "1-5,7-12"


def test_a_lambda_runs_when_it_is_called() -> None:
    text = "f = (\n    lambda n:\n    n + 1\n)\ng = lambda: 0\n"
    assert Played(text, "f(1)").space["answer"] == 2
    marks = Played(text).lines.ran
    assert not marks[3]
    assert Played(text, "f(1)").lines.ran[3]


def test_a_function_of_a_docstring_alone_runs_too() -> None:
    text = 'def f():\n    """Nothing."""\n\n\ndef g():\n    """Nothing."""\n'
    played = Played(text)
    played.lines.take("")
    played.space["f"]()
    assert played.ran() == "1"


def test_texts_and_imports_from_the_future_stay_where_they_must() -> None:
    played = Played(
        '''
        """What it is."""
        from __future__ import annotations
        from __future__ import division
        class A:
            """What A is."""
            x: Unknown = 1
            """More
            of it."""
        '''
    )
    assert (played.space["__doc__"], played.space["A"].__doc__) == ("What it is.", "What A is.")
    assert played.ran() == "2-4,6-7"


def test_no_name_is_added_anywhere() -> None:
    text = "class A:\n    x = 1\ndef f(y):\n    z = y\n    return dir(), z\n"
    played = Played(text, "f(2)")
    assert set(played.space) == {"__name__", "__builtins__", "A", "f", "answer"}
    assert played.space["answer"] == (["y", "z"], 2)
    assert set(vars(played.space["A"])) == {"__module__", "x", "__dict__", "__weakref__", "__doc__"}
    assert played.space["f"].__code__.co_names == ("dir",)


def test_tracebacks_tell_the_lines_of_the_source() -> None:
    played = Played("def f():\n    x = 1\n\n    raise ValueError(x)\n")
    with pytest.raises(ValueError, match="1") as caught:
        played.space["f"]()
    assert caught.traceback[-1].lineno + 1 == 4
    assert played.space["f"].__code__.co_firstlineno == 1


def test_code_with_marks_can_be_told_apart_and_be_a_key() -> None:
    made = marked(b"def f():\n    return 1\n", "a.py")
    one, other = Ran(made.size), Ran(made.size)
    codes = {bind(made.code, one), bind(made.code, other)}
    assert len(codes) == 2
    assert not one[1], "binding runs nothing"
    assert made.code.co_consts.count(PLACE) == 1, "and leaves the unbound code as it was"


def test_unbound_code_can_be_kept() -> None:
    made = marked(BRANCHES.replace("\n    ", "\n").encode(), "a.py")
    code, size, implied = marshal.loads(marshal.dumps(tuple(made)))
    assert (size, implied) == (made.size, made.implied)
    lines, space = Lines(size, implied), dict[str, Any]()
    exec(bind(code, lines.ran), space)
    assert space["sign"](3) == "+"
    assert ranges(lines.numbers(bytes(lines.ran))) == "2,4-5"


def test_the_marks_own_module_can_be_marked() -> None:
    """The engine judges itself: what stands for the bytes must be no constant of its source."""
    made = marked(inspect.getsource(probes).encode(), "probes.py")
    space: dict[str, Any] = {"__name__": "its_own"}
    exec(bind(made.code, Ran(made.size)), space)
    assert space["PLACE"] == PLACE
    assert space["marked"](b"def f(): return 1\n", "a.py").code.co_consts.count(PLACE) == 1


def test_what_does_not_parse_is_said_as_ever() -> None:
    with pytest.raises(SyntaxError) as caught:
        marked(b"def (\n", "a.py")
    assert (caught.value.filename, caught.value.lineno) == ("a.py", 1)


def test_lines_of_a_test_that_runs_in_two_parts_are_joined() -> None:
    lines = Lines(5, [])
    lines.ran[1] = 1
    lines.take("a")
    lines.ran[3] = 1
    lines.take("a")
    lines.ran[1] = 1
    lines.take("b")
    assert [ranges(lines.numbers(lines.by[test])) for test in "ab"] == ["1,3", "1"]
    assert 1 not in lines.ran


SOURCES = [ast, inspect, textwrap, sys.modules["typing"], sys.modules["dataclasses"]]


@pytest.mark.parametrize("module", SOURCES, ids=lambda module: module.__name__)
def test_every_statement_of_a_real_module_has_a_mark_or_is_implied(module: Any) -> None:
    text = inspect.getsource(module)
    made = marked(text.encode(), "a.py")
    able = _indices(made.code)
    able |= {line for mark, first, last in made.implied if mark in able for line in range(first, last + 1)}
    rows = text.splitlines()
    lacking = [rows[line - 1] for line in statements(text) - able]
    assert [row for row in lacking if not row.lstrip().startswith(("global ", "nonlocal "))] == []


def _indices(code: CodeType) -> set[int]:
    """Numbers among the constants of code and of what it holds: all marks' lines are."""
    found = {one for one in code.co_consts if type(one) is int}
    return found.union(*(_indices(one) for one in code.co_consts if isinstance(one, CodeType)))


@given(st.sets(st.integers(1, 60)))
def test_any_lines_are_told_as_they_are(ran: set[int]) -> None:
    lines = Lines(61, [])
    for line in ran:
        lines.ran[line] = 1
    lines.take("")
    assert lines.numbers(lines.by[""]) == ran
