"""Inputs: read from source, drawn, mutated, written down, made smaller."""

import ast
import datetime as dt
import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.improve.inputs.kinds import Kind, decode_kind, encode_kind, from_annotation, kind_of
from bot.improve.inputs.search import candidates, shrink
from bot.improve.inputs.spec import Spec, spec_of
from bot.improve.inputs.strategies import typed
from bot.improve.inputs.usage import guess
from bot.improve.inputs.values import Call, Make, Name, decode, encode, realise

VALUES = [
    None, True, 1, -(10**40), 10**4000, 1.5, math.inf, "é\n", b"\x00\xff", [1, [2]], (1, "a"), {1, 2}, frozenset({"a"}),
    {"a": [1], 2: None}, Decimal("1.10"), dt.date(2024, 2, 29), dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    dt.timedelta(seconds=3), 1 + 2j, Name("m:Colour.RED"), Make("m:P", (1,), (("b", [2]),), (("push", (3,)),)),
]  # fmt: skip
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_a_value_survives_the_journey(value):
    again = decode(encode(value))
    assert again == value
    assert type(again) is type(value)


@settings(max_examples=40)
@given(plain)
def test_any_plain_value_survives_the_journey(value):
    assert repr(decode(encode(value))) == repr(value)


def test_nan_survives_and_objects_do_not_travel():
    assert math.isnan(decode(encode(math.nan)))
    with pytest.raises(TypeError):
        encode(object())
    with pytest.raises(ValueError, match="unknown kind"):
        decode({"$": "code", "v": "1"})


def test_realised_values_share_nothing_and_recipes_are_carried_out():
    value = [[1], Make("m:list", ([1],), (), (("append", (9,)),))]
    one, two = (realise(value, lambda _path: list) for _ in range(2))
    assert one == [[1], [1, 9]]
    one[0].append(5)
    assert two[0] == [1] == value[0]


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (">>> f([1, 2], 'a')\n3", ([1, 2], "a")),
        ("f(-1, {}) == 2", (-1, {})),
        ("other([3], None) ➞ 4", ([3], None)),
        ("For xs = [4], k = 'b' the output should be 1", ([4], "b")),
        ("Input: xs = (1, 2), k: 3", ((1, 2), 3)),
        ("f(word, 2) => True", ("word", 2)),
    ],
)
def test_examples_are_read_from_docstrings(text, args):
    spec = spec_of(f'def f(xs, k):\n    r"""Text.\n\n    {text}\n    """\n', "f")
    assert args in [c.args for c in spec.examples]


def test_nothing_in_a_docstring_is_evaluated():
    spec = spec_of(
        'def f(x):\n    """>>> f(__import__("os").getcwd())\n    >>> f(10 ** 10 ** 9)\n    >>> f("a" * 10 ** 12)"""\n',
        "f",
    )
    assert [c for c in spec.examples if c.args and isinstance(c.args[0], int)] == []
    assert all(len(repr(c)) < 100 for c in spec.examples)


def test_calls_in_tests_become_examples_with_keywords_in_place():
    spec = spec_of(
        "def f(a, b=2, *, c=3): ...\n", "f", tests=["def test():\n    assert f(1, b='x', c=[4])\n    f(y)\n"]
    )
    assert [(c.args, c.kwargs) for c in spec.examples] == [((1, "x"), (("c", [4]),))]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("int", Kind("int")),
        ("list[str] | None", Kind("union", (Kind("list", (Kind("str"),)), Kind("none")))),
        ("typing.Dict[str, int]", Kind("dict", (Kind("str"), Kind("int")))),
        ("'tuple[int, ...]'", Kind("tuples", (Kind("int"),))),
        ("Literal['a', 2]", Kind("choice", choices=("a", 2))),
        ("P", Kind("object", text="m:P")),
        ("Unknown", None),
    ],
)
def test_annotations_are_read(text, kind):
    assert from_annotation(ast.parse(text, mode="eval").body, {"P": "m:P"}) == kind
    assert kind is None or decode_kind(encode_kind(kind)) == kind


@pytest.mark.parametrize(
    ("body", "name"),
    [("return q.upper()", "str"), ("return q % 2", "int"), ("return sum(q)", "list"), ("return q['a']", "dict")],
)
def test_use_says_what_an_unnamed_parameter_is(body, name):
    function = ast.parse(f"def f(q):\n    {body}\n").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert guess(function, "q")[0].name == name


def test_candidates_are_repeatable_bounded_and_begin_with_examples():
    spec = spec_of('def f(n: int, s: str):\n    """>>> f(3, "a")"""\n    return n > 41\n', "f")
    calls = candidates(spec, 80, seed=3)
    assert calls == candidates(spec, 80, seed=3) != candidates(spec, 80, seed=4)
    assert calls[0].args == (3, "a")
    assert len(calls) == 80
    assert {40, 41, 42} & {c.args[0] for c in calls}
    assert all(isinstance(c.args[0], int) and isinstance(c.args[1], str) for c in calls)


def test_mutations_keep_the_kinds_of_an_example():
    spec = spec_of('def f(rows):\n    """>>> f([["a", 1], ["b", 2]])"""\n', "f")
    for call in candidates(spec, 60):
        assert isinstance(call.args[0], list)
        leaves = [v for row in call.args[0] if isinstance(row, list) for v in row]
        assert all(isinstance(v, (str, int)) for v in leaves)


def test_classes_enums_and_dataclasses_are_made():
    source = (
        "import enum\nfrom dataclasses import dataclass\n\n\nclass Colour(enum.Enum):\n    RED = 1\n\n\n"
        "@dataclass\nclass P:\n    x: int\n    c: Colour\n\n\ndef f(p: P) -> int:\n    return p.x\n"
    )
    spec = spec_of(source, "f", module="m")
    made = [c.args[0] for c in candidates(spec, 10)]
    assert all(isinstance(v, Make) and v.path == "m:P" for v in made)
    assert {v.args[1] for v in made if isinstance(v, Make)} == {Name("m:Colour.RED")}


def test_a_spec_survives_the_journey():
    spec = spec_of(
        "class P:\n    def __init__(self, n: int): ...\n    def f(self, k: list[int] = []): ...\n", "P.f", module="m"
    )
    assert Spec.from_dict(spec.to_dict()) == spec
    assert spec.params[0].kinds[0] == Kind("object", text="m:P")


def test_shrinking_finds_a_small_input_and_stops():
    call = Call(([5, 3, 77, 12], "hello"))
    small = shrink(call, lambda c: any(isinstance(v, int) and v > 10 for v in c.args[0]))
    assert small == Call(([11], ""))
    asked = []
    shrink(call, lambda c: bool(asked.append(c)), tries=7)
    assert len(asked) <= 7


def test_hypothesis_joins_where_types_are_known():
    spec = spec_of("def f(a: list[int], b: str | None): ...\n", "f")
    calls = typed(spec, 20)
    assert calls == typed(spec, 20)
    assert all(kind_of(c.args[0]).name == "list" for c in calls)
    assert typed(spec_of("def f(a): ...\n", "f")) == []
