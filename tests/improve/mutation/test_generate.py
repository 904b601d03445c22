"""Mutants: what is made of code, and what is passed over."""

import ast
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.improve.mutation.choose import choose
from bot.improve.mutation.generate import distinct, generate, shape_of
from bot.improve.mutation.operators import OPERATORS

PATH = PurePosixPath("toy/a.py")


def edits(text: str) -> set[tuple[str, str, str]]:
    return {(m.operator, m.original, m.text) for m in generate(text, PATH)}


@pytest.mark.parametrize(
    ("text", "operator", "original", "new"),
    [
        ("x = a < b\n", "comparison", "<", "<="),
        ("x = a >= b\n", "comparison", ">=", ">"),
        ("x = a  is   not b\n", "comparison", "is   not", "is"),
        ("x = a not in b\n", "comparison", "not in", "in"),
        ("x = a < b < c\n", "comparison", "<", "<="),
        ("x = a + b\n", "arithmetic", "+", "-"),
        ("x = (a # + b\n  // b)\n", "arithmetic", "//", "/"),
        ("x += 2\n", "arithmetic", "+=", "-="),
        ("x = a and b\n", "boolean", "and", "or"),
        ("x = not a\n", "unary", "not a", "(a)"),
        ("x = 3\n", "constant", "3", "4"),
        ("x = 3\n", "constant", "3", "2"),
        ("x = True\n", "constant", "True", "False"),
        ('x = "a"\n', "constant", '"a"', '""'),
        ("def f():\n    return a\n", "returned", "return a", "return None"),
        ("def f():\n    g(1)\n", "removed", "g(1)", "pass"),
        ("def f():\n    a.b = c\n", "removed", "a.b = c", "pass"),
        ("def f():\n    raise E\n", "removed", "raise E", "pass"),
        ("x = f(a, b)\n", "swapped", "a, b", "b, a"),
        ("if a(b):\n    pass\n", "negated", "a(b)", "(not (a(b)))"),
        ("x = a[b:]\n", "sliced", "b", "(b) + 1"),
        ("x = a[1:]\n", "sliced", "1", ""),
        ("try:\n    a()\nexcept E:\n    b()\n", "caught", "b()", "raise"),
        ("x = min(a)\n", "twin", "min", "max"),
        ("x = a.startswith(b)\n", "twin", "startswith", "endswith"),
        ("for a in b:\n    break\n", "jump", "break", "continue"),
        ("for a in b:\n    pass\n", "emptied", "b", "()"),
        ("é = 'é'; x = a < b\n", "comparison", "<", "<="),
    ],
)
def test_each_operator_makes_its_edit(text: str, operator: str, original: str, new: str) -> None:
    assert (operator, original, new) in edits(text)


def test_every_operator_is_tried_above() -> None:
    assert len(OPERATORS) == 14


@pytest.mark.parametrize(
    "text",
    [
        '"""Doc."""\n',
        "def f(a: int = x) -> list[int]:\n    '''Doc.'''\n",
        "x: dict[str, 'y']\n",
        "if TYPE_CHECKING:\n    x = 1\n",
        'if __name__ == "__main__":\n    main(1, 2)\n',
        "log.info('a', b + 1)\n",
        "__all__ = ['a']\n",
        "raise_it = 0 or x  # pragma: no mutate\n",
        "T = TypeVar('T', bound=1)\n",
        "@decorate(1)\ndef f():\n    ...\n",
        'x = f"a{b}c"\n',
        'x = "a sentence for people"\n',
        "import a\n",
    ],
)
def test_what_says_nothing_about_tests_has_no_mutant(text: str) -> None:
    assert edits(text) == set()


def test_the_message_of_an_error_is_left_alone_and_its_raise_is_not() -> None:
    assert edits("def f():\n    raise E('a', 1)\n") == {("removed", "raise E('a', 1)", "pass")}


def test_only_the_lines_asked_for() -> None:
    found = generate("x = 1\ny = 2\nz = 3\n", PATH, {2})
    assert {m.line for m in found} == {2}


def test_what_does_not_parse_has_none() -> None:
    assert generate("def (", PATH) == []


def test_the_symbol_names_the_function_around() -> None:
    assert generate("class C:\n    def f(self):\n        return 1\n", PATH)[0].symbol == "C.f"


def test_a_mutant_no_different_after_compiling_is_dropped() -> None:
    text = "x = -1\n"
    found = list(distinct(generate(text, PATH), text))
    assert all(shape_of(m.apply(text)) != shape_of(text) for m in found)
    shapes = [shape_of(m.apply(text)) for m in found]
    assert len(shapes) == len(set(shapes))


def test_a_choice_is_bounded_diverse_and_always_the_same() -> None:
    text = "def f(a, b):\n    c = a + b * 2 - 1\n    return a < b and c > 3\n"
    mutants = generate(text, PATH)
    chosen = choose(mutants, {PATH: text}, 4)
    assert chosen == choose(list(reversed(mutants)), {PATH: text}, 4)
    assert len(chosen) == 4
    assert {m.line for m in chosen} == {2, 3}


NAMES = st.sampled_from(["a", "b", "c"])
EXPRESSIONS = st.recursive(
    NAMES | st.integers(0, 9).map(str) | st.sampled_from(['"é"', '"x"', "True"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from([" + ", " < ", " and ", " in ", " - "]), inner).map(
            lambda parts: "(" + "".join(parts) + ")"
        )
        | inner.map(lambda e: f"(not {e})")
        | st.tuples(inner, inner).map(lambda p: f"f({p[0]}, {p[1]})")
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_every_mutant_of_an_expression_parses_and_touches_only_its_span(expression: str) -> None:
    text = f"def g(a, b, c):\n    é = {expression}\n    return é\n"
    for mutant in generate(text, PATH):
        assert text[mutant.start : mutant.end] == mutant.original
        mutated = mutant.apply(text)
        ast.parse(mutated)
        assert mutated.startswith(text[: mutant.start])
        assert mutated.endswith(text[mutant.end :])
