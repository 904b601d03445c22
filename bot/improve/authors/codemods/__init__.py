"""Rewrites that keep behaviour, one module each, and the order in which they are tried."""

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol

from bot.improve.authors.codemods.source import Edit, Source

ORDER: tuple[str, ...] = (
    "any_flag",
    "count_loop",
    "first_match",
    "join_loop",
    "nested_comprehension",
    "set_comprehension",
    "copy_loop",
    "enumerate_counter",
    "items_loop",
    "setdefault",
    "get_count",
    "sorted_copy",
    "literal_list",
    "literal_dict",
    "swap_names",
    "hoist_regex",
    "concat_fstring",
    "merge_handlers",
    "merge_guards",
    "negated_isinstance",
    "de_morgan",
    "while_condition",
    "exit_first",
    "guard_loop",
    "guard_function",
    "common_tail",
    "positive_first",
)
"""Name of each codemod and of its module. Each module's `CODEMOD` is the codemod."""


class Codemod(Protocol):
    """One kind of rewrite. It leaves alone what it cannot show to be the same."""

    name: str
    title: str
    """What it does, as the end of a commit subject: `find the flag with any()`."""
    why: str
    """One sentence for the reader of the change."""

    def find(self, source: Source) -> Iterator[Edit]:
        """Every place that it would rewrite, in order; the edits do not overlap."""
        ...


def all_codemods() -> tuple[Codemod, ...]:
    """All of them, in order."""
    return tuple(codemod(name) for name in ORDER)


def codemod(name: str) -> Codemod:
    """The codemod of this name. Raises KeyError for an unknown one."""
    if name not in ORDER:
        raise KeyError(name)
    found: Codemod = import_module(f"{__name__}.{name}").CODEMOD
    return found
