"""Objects equal to everything, and bodies that were replaced."""

from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

from bot.improve.testing.inside.honesty import always_equal, digest

HERE = str(Path(__file__).parent)


class Sly(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


@dataclass
class Plain:
    x: int = 0


class Raises:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]  # as Python has it for such classes


def test_a_class_whose_instances_equal_a_stranger_is_named() -> None:
    names = [name.rpartition(".")[2] for name in always_equal("/nowhere")]
    assert "Sly" in names
    assert "Plain" not in names
    assert "Raises" not in names


def _function(text: str) -> FunctionType:
    space: dict[str, FunctionType] = {}
    exec(compile(text, HERE + "/x.py", "exec"), space)
    return space["f"]


def test_the_digest_follows_the_body_and_not_its_place() -> None:
    one = digest(_function("def f():\n    assert g(1) == 2\n"), HERE)
    assert one == digest(_function("\n\n\ndef f():\n    assert g(1) == 2\n"), HERE)
    assert one != digest(_function("def f():\n    assert g(1) == 3\n"), HERE)
    assert one != digest(_function("def f():\n    pass\n"), HERE)


def test_what_is_no_function_of_the_checkout_has_no_digest() -> None:
    assert digest(len, HERE) is None
    assert digest(None, HERE) is None
    assert digest(_function("def f(): pass\n"), "/elsewhere") is None
