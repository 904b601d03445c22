"""Functions that can be tried out by calling them."""

import pytest

from bot.improve.mutation.pure import pure_functions


def names(text: str) -> list[str]:
    return [function.name for function in pure_functions(text)]


def test_a_typed_function_of_its_arguments_is_pure() -> None:
    text = "def f(a: int, b: list[int]) -> int:\n    total = {}\n    total['x'] = a\n    return sum(b) + total['x']\n"
    assert names(text) == ["f"]


@pytest.mark.parametrize(
    "body",
    [
        "    print(a)\n",
        "    return open(a)\n",
        "    return os.getcwd()\n",
        "    return a.read_text()\n",
        "    return datetime.now()\n",
        "    return random.random()\n",
        "    global x\n    x = a\n",
        "    yield a\n",
        "    a.b = 1\n",
        "    a[0] = 1\n",
        "    with a:\n        return 1\n",
    ],
)
def test_what_reads_or_writes_anything_else_is_not(body: str) -> None:
    assert names(f"def f(a: int):\n{body}") == []


@pytest.mark.parametrize(
    "head",
    ["def f(a)", "def f()", "def _f(a: int)", "async def f(a: int)", "@app.get('/')\ndef f(a: int)", "def f(*a: int)"],
)
def test_what_cannot_be_called_from_types_alone_is_not(head: str) -> None:
    assert names(f"{head}:\n    return 1\n") == []


def test_what_does_not_parse_has_none() -> None:
    assert names("def (") == []


def test_plain_parameters_are_those_whose_values_can_be_written_down() -> None:
    text = "def a(x: int, y: list[str] | None) -> int: return x\n\n\ndef b(x: Node) -> int: return 1\n"
    assert [(f.name, f.plain) for f in pure_functions(text)] == [("a", True), ("b", False)]
