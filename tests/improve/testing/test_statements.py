"""Which lines can run."""

from bot.improve.testing.statements import first_lines, statements

TEXT = '''"""Doc."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import x


def f(
    a,
):
    """Doc."""
    if a:  # pragma: no cover
        return 1
    return g(
        a,
    )


class P:
    def m(self): ...
'''


def test_documentation_types_and_excluded_blocks_do_not_count() -> None:
    assert statements(TEXT) == {3, 9, 15, 20, 21}


def test_lines_are_mapped_to_their_statement() -> None:
    assert first_lines(TEXT, frozenset({16, 17})) == {15}


def test_more_exclusions_can_be_named() -> None:
    assert 15 not in statements(TEXT, ("return g",))


def test_what_does_not_parse_has_none() -> None:
    assert statements("def (") == frozenset()
    assert statements("") == frozenset()
