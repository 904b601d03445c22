"""Text from outside: what cannot be seen is gone, and what can be seen stays."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import one_line, plain


def test_what_people_write_is_kept() -> None:
    text = "Größe: naïve 日本語 – 😀\n\tindented — `code`"
    assert plain(text) == text


def test_what_misleads_is_taken_out() -> None:
    hidden = "a\u202eb\u2066c\u200bd\ufeffe\x1b[31mf\x00g\x85h\u2028i\u00adj"
    assert plain(hidden) == "abcde[31mfghij"
    assert plain("one\r\ntwo\rthree") == "one\ntwo\nthree"


def test_one_line_is_one_line_and_bounded() -> None:
    assert one_line(" a\n\n b\tc \u200b") == "a b c"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"
    assert one_line("x" * 10, 10) == "x" * 10


@given(st.text(), st.integers(2, 40))
def test_nothing_unseen_survives(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert not any(unicodedata.category(c).startswith(("C", "Zl", "Zp")) for c in line)
    assert one_line(line, limit) == line
    assert plain(plain(text)) == plain(text)
