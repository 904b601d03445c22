"""A loop that looks for the first match, as `next()` with a default.

Behaviour stays: the same conditions in the same order up to the first that holds; the default is a constant.
Conditions: see `loops.hidden`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import assigned
from bot.improve.authors.codemods.loops import hidden, nest
from bot.improve.authors.codemods.shape import element
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class FirstMatch:
    """`v = None; for x in xs: if c: v = x; break` becomes `v = next((x for x in xs if c), None)`."""

    name = "first_match"
    title = "find the first match with next()"
    why = "A loop with a break hides that only the first match is wanted."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            first, found = assigned(source, window[0]), nest(window[1])
            if first is None or found is None or len(found.loops) != 1 or not isinstance(first[1], ast.Constant):
                continue
            match found.inner:
                case (ast.Assign(targets=[ast.Name(id=again)], value=value), ast.Break()):
                    wanted = again == first[0] and not isinstance(value, ast.Constant) and len(found.clauses) > 1
                    if wanted and source.builtin("next") and hidden(source, found, again, value):
                        text = f"next(({element(source, value)} {found.text(source)}), {source.code(first[1])})"
                        edit = source.replace(window, f"{first[2]} = {text}")
                        yield from [edit] if edit else []


CODEMOD = FirstMatch()
