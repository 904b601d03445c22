"""Which functions a change touches."""

import pytest

from bot.improve.differential.api import breakages
from bot.improve.differential.plan import callers, plan

BASE = '''LIMIT = 3


def f(n: int) -> int:
    """Doc."""
    return min(n, LIMIT)


def _help(n):
    return n + 1


def g(n):
    return _help(n)


class C:
    """Doc."""

    size = 1

    def one(self):
        return self.size

    def two(self):
        return 2
'''


def names(head: str) -> dict[str, str]:
    return {t.name: t.why for t in plan(BASE, head).touched}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Doc."""', '"""Other."""'),
        ("n: int) -> int", "n: object) -> object"),
        ("    size = 1", "    size = 1  # one"),
    ],
)
def test_docs_comments_and_annotations_touch_nothing(old, new):
    assert names(BASE.replace(old, new)) == {}
    assert not plan(BASE, BASE.replace(old, new)).surface


def test_a_changed_body_touches_its_function_only():
    assert names(BASE.replace("min(n, LIMIT)", "min(LIMIT, n)")) == {"f": "changed"}


def test_a_constant_touches_those_that_use_it():
    assert names(BASE.replace("LIMIT = 3", "LIMIT = 4")) == {"f": "uses LIMIT"}
    assert plan(BASE, BASE.replace("LIMIT = 3", "LIMIT = 4")).surface


def test_a_changed_signature_touches_the_callers_and_leaves_a_private_function_out():
    head = BASE.replace("def _help(n):\n    return n + 1", "def _help(n, by):\n    return n + by").replace(
        "_help(n)\n", "_help(n, 1)\n"
    )
    assert set(names(head)) == {"g"}
    assert callers(BASE, "_help") == ["g"]


def test_a_method_shows_itself_through_its_siblings():
    found = names(BASE.replace("return 2", "return 3"))
    assert found["C.two"] == "changed"
    assert found["C.one"].startswith("shares its object")


def test_a_class_attribute_touches_the_methods():
    assert set(names(BASE.replace("size = 1", "size = 2"))) == {"C.one", "C.two"}


def test_changed_lines_are_those_of_statements():
    touched = plan(BASE, BASE.replace("min(n, LIMIT)", "min(LIMIT, n)")).touched[0]
    assert touched.spans == {"base": ((6, 6),), "head": ((6, 6),)}


def test_added_and_removed_functions_are_told():
    found = plan(BASE, BASE.replace("def g(", "def h("))
    assert (found.added, found.removed) == (("h",), ("g",))


def test_interface_breaks_are_named():
    assert "f" in breakages("m", "def f(a): ...\n", "def f(a, b): ...\n")[0]
    assert breakages("m", "def f(a): ...\n", "")
    assert breakages("m", "def f(a): ...\n", None) == ["m: the public module was removed"]


def test_what_is_private_or_only_added_breaks_nothing():
    assert breakages("m", "def _f(a): ...\n", "") == []
    assert breakages("m", "def f(a): ...\n", "def f(a, b=1): ...\n\n\ndef g(): ...\n") == []
    assert breakages("m._inner", "def f(a): ...\n", None) == []
