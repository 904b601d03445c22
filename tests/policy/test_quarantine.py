"""An edit is known again in other layout, and another edit is not taken for it."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.quarantine import signature
from tests.policy.builders import PROPERTY

OLD = b'''"""Doc."""
import os

LIMIT = 3


def total(rows, start):
    """Sum."""
    found = start
    for row in rows:
        if row > LIMIT:
            found = found + row
    return found


class Box:
    def get(self):
        return self.value
'''
NEW = OLD.replace(b"row > LIMIT", b"row >= LIMIT")


def sign(old: bytes | None, new: bytes | None, path: str = "bot/a.py") -> str:
    return signature({PurePosixPath(path): (old, new)})


def test_an_edit_has_a_name_and_no_edit_has_none() -> None:
    assert len(sign(OLD, NEW)) == 40
    assert sign(OLD, OLD) == signature({}) == ""


@pytest.mark.parametrize(
    "clothes",
    [
        NEW.replace(b"row >= LIMIT", b"(row\n            >= LIMIT)"),
        NEW.replace(b"    found = start", b"    # begins here\n    found = start"),
        NEW.replace(b"found", b"amount").replace(b"row ", b"one ").replace(b"row:", b"one:").replace(b"row\n", b"one\n")
        .replace(b"row in", b"one in"),
        NEW.replace(b'"""Sum."""', b"'Sum of all.'"),
        NEW.replace(b'"""Doc."""\nimport os\n\nLIMIT = 3\n', b'LIMIT = 3\nimport os\n'),
        NEW.replace(b"class Box:\n    def get(self):\n        return self.value\n", b"")
        .replace(b"LIMIT = 3\n", b"LIMIT = 3\nclass Box:\n    def get(self):\n        return self.value\n"),
    ],
    ids=["layout", "comment", "locals", "docstring", "order", "place"],
)  # fmt: skip
def test_the_same_edit_in_other_clothes_is_the_same(clothes: bytes) -> None:
    assert sign(OLD, clothes) == sign(OLD, NEW)
    assert sign(OLD, clothes) != ""


def test_the_same_edit_on_another_base_is_the_same() -> None:
    def later(text: bytes) -> bytes:
        return text + b"\n\ndef more():\n    return 1\n"

    assert sign(later(OLD), later(NEW)) == sign(OLD, NEW)


@pytest.mark.parametrize(
    "other",
    [
        OLD.replace(b"row > LIMIT", b"row < LIMIT"),
        OLD.replace(b"LIMIT = 3", b"LIMIT = 4"),
        NEW.replace(b"LIMIT = 3", b"LIMIT = 4"),
        OLD.replace(b"def total(rows, start)", b"def total(rows, first)"),
        OLD.replace(b"def total", b"def summed"),
        OLD.replace(b"self.value", b"self.other"),
        OLD.replace(b"    return found", b"        return found"),
    ],
)
def test_another_edit_has_another_name(other: bytes) -> None:
    assert sign(OLD, other) != sign(OLD, NEW)
    assert sign(OLD, other) != ""


def test_the_same_words_elsewhere_are_another_edit() -> None:
    assert sign(OLD, NEW, "bot/b.py") != sign(OLD, NEW)
    assert sign(NEW, OLD) != sign(OLD, NEW), "the way back is no repetition"
    inside = OLD.replace(b"        return self.value", b"        if self:\n            return self.value")
    assert sign(OLD, inside) != ""


def test_only_layout_comments_and_local_names_are_no_edit() -> None:
    assert sign(OLD, OLD.replace(b"found", b"amount") + b"\n# end\n") == ""


def test_tests_count_only_alone_and_changelog_never() -> None:
    a, t, c = (PurePosixPath(p) for p in ("bot/a.py", "tests/test_a.py", "changelog.d/x.fix.md"))
    edit, test = (OLD, NEW), (None, b"def test_a():\n    assert 1\n")
    assert signature({a: edit, t: test}) == signature({a: edit})
    assert signature({a: edit, c: (None, b"words\n")}) == signature({a: edit})
    assert signature({t: test, c: (None, b"words\n")}) == signature({t: test}) != ""
    assert signature({c: (None, b"words\n")}) == ""


@pytest.mark.parametrize("path", ["bot/broken.py", "bot/a.md", "bot/a.toml"])
def test_what_is_no_program_is_known_by_its_lines(path: str) -> None:
    assert sign(b"a (\nb\n", b"a (\nc\n", path) == sign(b"a (\nb\n", b"\n  a   (\n   c\n", path) != ""
    assert sign(b"\xff\xfe", b"\xff\x00", path) != sign(b"\xff\xfe", b"\xff\x01", path)


def test_blocks_of_every_kind_are_told_apart() -> None:
    kinds = (
        b"try:\n    a()\nexcept ValueError:\n    b()\nelse:\n    c()\nfinally:\n    d()\n",
        b"try:\n    a()\nexcept TypeError:\n    b()\nelse:\n    c()\nfinally:\n    d()\n",
        b"match x:\n    case 1:\n        a()\n    case _:\n        b()\n",
        b"match x:\n    case 2:\n        a()\n    case _:\n        b()\n",
        b"async def f():\n    async with a() as b:\n        async for c in b:\n            pass\n",
        b"async def f():\n    async with a() as b:\n        async for c in b:\n            break\n",
        b"while a():\n    b()\nelse:\n    c()\n",
    )
    assert len({sign(None, text) for text in kinds}) == len(kinds)


NAMES = st.sampled_from(["x", "y", "total", "LIMIT"])
LINES = st.lists(st.builds("{} = {} + {}".format, NAMES, NAMES, st.integers(0, 3)), max_size=5)


@PROPERTY
@given(LINES, LINES, st.booleans())
def test_the_order_and_the_indent_of_layout_never_count(old: list[str], new: list[str], wide: bool) -> None:
    plain = "\n".join(new).encode()
    other = "\n\n".join(
        f"{line}  # said" if wide else f"({line.split(' = ')[0]}) = {line.split(' = ')[1]}" for line in new
    )
    before = "\n".join(old).encode()
    assert sign(before, plain) == sign(before, other.encode())
    assert sign(before, before) == ""
    assert (sign(before, plain) == "") == (sorted(old) == sorted(new))
