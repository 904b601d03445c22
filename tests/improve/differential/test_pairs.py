"""Pairs of versions: what must be told apart, and what must not."""

import textwrap
import types

import pytest

from bot.improve.differential.subject import surface

pytestmark = pytest.mark.integration  # they run many small processes

EQUAL = {
    "loop and comprehension": (
        "def f(xs: list[int]) -> list[int]:\n    return [x * 2 for x in xs if x > 1]\n",
        (
            "def f(xs: list[int]) -> list[int]:\n"
            "    out = []\n"
            "    for x in xs:\n"
            "        if x > 1:\n"
            "            out.append(x * 2)\n"
            "    return out\n"
        ),
    ),
    "early return": (
        "def f(n: int) -> str:\n    if n > 3:\n        return 'a'\n    else:\n        return 'b'\n",
        "def f(n: int) -> str:\n    if not n > 3:\n        return 'b'\n    return 'a'\n",
    ),
    "while and for": (
        "def f(n: int) -> int:\n    t = 0\n    for i in range(n):\n        t += i\n    return t\n",
        "def f(n: int) -> int:\n    t = i = 0\n    while i < n:\n        t, i = t + i, i + 1\n    return t\n",
    ),
    "order of a sum of floats": (
        "def f(a: float, b: float, c: float) -> float:\n    return a + b + c\n",
        "def f(a: float, b: float, c: float) -> float:\n    return c + b + a\n",
    ),
    "a set built in another order": (
        "def f(xs: list[int]) -> set[int]:\n    return {x for x in xs}\n",
        "def f(xs: list[int]) -> set[int]:\n    return set(reversed(xs))\n",
    ),
    "the same exception with other words": (
        "def f(n: int) -> int:\n    if n < 0:\n        raise ValueError('negative')\n    return n\n",
        "def f(n: int) -> int:\n    if n < 0:\n        raise ValueError('must not be negative')\n    return n\n",
    ),
    "iteration and recursion": (
        "def f(s: str) -> str:\n    return s[::-1]\n",
        "def f(s: str) -> str:\n    return s if len(s) < 2 else f(s[1:]) + s[0]\n",
    ),
    "an object with another private name": (
        "class P:\n    def __init__(self, n): self.n, self._a = n, 1\n\n\ndef f(n: int) -> P:\n    return P(n)\n",
        "class P:\n    def __init__(self, n): self.n, self._b = n, 1\n\n\ndef f(n: int) -> P:\n    return P(n)\n",
    ),
}
UNEQUAL = {
    "<= and <": (
        "def f(a: int, b: int) -> bool:\n    return a <= b\n",
        "<=",
        "<",
    ),
    "off by one": (
        "def f(n: int) -> list[int]:\n    return list(range(1, n + 1))\n",
        "n + 1",
        "n",
    ),
    "a rare constant": (
        "def f(n: int) -> int:\n    return 7 if n == 7919 else 0\n",
        "7919",
        "7907",
    ),
    "a rare word": (
        "def f(s: str) -> bool:\n    return s.startswith('magic:')\n",
        "'magic:'",
        "'magix:'",
    ),
    "a default": (
        "def f(s: str, sep: str = ',') -> list[str]:\n    return s.split(sep)\n",
        "','",
        "';'",
    ),
    "a changed argument": (
        "def f(xs: list[int]) -> int:\n    return len(sorted(xs))\n",
        "len(sorted(xs))",
        "xs.sort() or len(xs)",
    ),
    "an exception for a value": (
        "def f(xs: list[int]) -> int:\n    return max(xs, default=0)\n",
        ", default=0",
        "",
    ),
    "another exception": (
        "def f(n: int) -> int:\n    if n > 3:\n        raise KeyError(n)\n    return n\n",
        "KeyError",
        "IndexError",
    ),
    "a list for a generator": (
        "def f(n: int):\n    return (i for i in range(n))\n",
        "(i for i in range(n))",
        "[i for i in range(n)]",
    ),
    "what a generator gives": (
        "def f(n: int):\n    for i in range(n):\n        yield i\n",
        "yield i",
        "yield i + (i == 4)",
    ),
    "float for int": (
        "def f(n: int) -> int:\n    return n // 2 * 2\n",
        "n // 2 * 2",
        "n // 2 * 2.0",
    ),
    "True for 1": (
        "def f(n: int) -> int:\n    return int(n > 0)\n",
        "int(n > 0)",
        "n > 0",
    ),
    "a tuple for a list": (
        "def f(n: int):\n    return [n, n]\n",
        "[n, n]",
        "(n, n)",
    ),
    "order of a dict": (
        "def f(s: str) -> dict[str, int]:\n    return {c: 1 for c in s}\n",
        "in s}",
        "in sorted(s)}",
    ),
    "recursion's base": (
        "def f(n: int) -> int:\n    return 1 if n <= 1 else n * f(min(n, 9) - 1)\n",
        "n <= 1",
        "n <= 2",
    ),
    "the argument for a copy": (
        "def f(xs: list[int]) -> list[int]:\n    return xs[:]\n",
        "xs[:]",
        "xs",
    ),
    "the empty input": (
        "def f(xs: list[int]) -> int:\n    return sum(xs)\n",
        "sum(xs)",
        "sum(xs) if xs else -1",
    ),
    "letters beyond ASCII": (
        "def f(s: str) -> bool:\n    return s.isalpha()\n",
        "s.isalpha()",
        "s.isalpha() and s.isascii()",
    ),
    "negative numbers": (
        "def f(n: int) -> int:\n    return abs(n)\n",
        "abs(n)",
        "n if n > -9 else n",
    ),
    "what is printed": (
        "def f(n: int) -> None:\n    print(n)\n",
        "print(n)",
        "print(n, n)",
    ),
    "a warning": (
        "def f(n: int) -> int:\n    return n\n",
        "return n",
        "__import__('warnings').warn('old')\n    return n",
    ),
    "no end": (
        "def f(n: int) -> int:\n    while n > 50:\n        n -= 7\n    return n\n",
        "n -= 7",
        "n -= 0",
    ),
    "public state": (
        "class P:\n    def __init__(self, n): self.n = n\n\n\ndef f(n: int) -> P:\n    return P(n)\n",
        "self.n = n",
        "self.n = n + 1",
    ),
}


@pytest.mark.parametrize("name", EQUAL)
def test_an_equivalent_rewrite_shows_no_difference(name, compare):
    base, head = EQUAL[name]
    result = compare(base, head)
    assert [(d.call, d.how) for d in result.differences] == []
    assert result.compared > 20


@pytest.mark.parametrize("name", UNEQUAL)
def test_a_difference_is_found(name, compare):
    base, old, new = UNEQUAL[name]
    assert old in base
    result = compare(base, base.replace(old, new))
    assert result.differences
    assert all(call in result.calls for call in [d.call for d in result.differences])


@pytest.mark.parametrize("name", UNEQUAL)
def test_a_version_does_not_differ_from_itself(name, compare):
    base = UNEQUAL[name][0]
    result = compare(base, base, limit=60)
    assert result.differences == []
    assert result.unstable == 0


def test_the_smallest_differing_input_comes_first(compare):
    base = "def f(xs: list[int]) -> int:\n    return len(xs)\n"
    result = compare(base, base.replace("len(xs)", "len(xs) + (len(xs) > 2)"))
    sizes = [len(d.call.args[0]) for d in result.differences]
    assert sizes[0] == min(sizes)
    assert "returns" in result.differences[0].how


def test_a_function_of_chance_is_left_out(compare):
    base = "import random\n\n\ndef f(n: int) -> float:\n    return random.random()\n"
    result = compare(base, base.replace("random()", "random() * 2"))
    assert result.unstable > result.compared
    assert result.differences == []


def test_inputs_that_do_not_fit_are_no_evidence(compare):
    base = "def f(a):\n    return a.strip().upper()\n"
    result = compare(base, "def f(a):\n    a = a.strip()\n    return a.upper()\n")
    assert result.differences == []
    assert result.compared > 20
    assert all(isinstance(c.args[0], str) for c in result.usable)


def test_kinds_are_found_by_trial(compare):
    base = "def f(q, w):\n    return [v for v in q if v in w]\n"
    result = compare(base, base.replace("if v in w", "if v not in w"))
    assert result.differences


def test_calls_in_the_tests_are_used(compare):
    base = "def f(spec):\n    kind, _, rest = spec.partition('@')\n    return rest if kind == 'user' else None\n"
    result = compare(base, base.replace("'user'", "'users'"), tests=("assert f('user@host') == 'host'",))
    assert result.differences[0].call.args[0].startswith("user")


def test_a_method_is_called_on_objects_in_several_states(compare):
    base = textwrap.dedent("""
        class Stack:
            def __init__(self, limit: int = 3):
                self._items = []
                self._limit = limit

            def push(self, item: int) -> None:
                self._items.append(item)

            def size(self) -> int:
                return len(self._items)
    """)
    changed = base.replace("return len(self._items)", "return min(len(self._items), 2)")
    assert compare(base, changed, "Stack.size", tests=("s = Stack(5)\n",)).differences
    assert not compare(base, base, "Stack.size", tests=("s = Stack(5)\n",)).differences


def test_a_constructor_is_compared_by_what_it_makes(compare):
    base = "class P:\n    def __init__(self, n: int):\n        self.n = n\n"
    assert compare(base, base.replace("self.n = n", "self.n = max(n, 0)"), "P.__init__").differences


def test_public_data_is_compared_and_private_data_is_not():
    def made(source: str) -> dict[str, object]:
        module = types.ModuleType("m")
        exec(source, vars(module))  # the source is written here
        return surface(module)

    base = "LIMIT = 3\n_seen = {}\n\n\nclass P:\n    size = 1\n    n: int\n\n    def f(self): ...\n"
    assert made(base) == {"LIMIT": 3, "P.size": 1, "P's fields": ["n"]}
    assert made(base) != made(base.replace("3", "4"))
    assert made(base) == made(base.replace("_seen = {}", "_seen = 5"))


def test_a_coroutine_is_awaited(compare):
    base = "import asyncio\n\n\nasync def f(n: int) -> int:\n    await asyncio.sleep(0)\n    return n\n"
    assert compare(base, base.replace("return n", "return n + (n > 3)"), limit=30).differences
