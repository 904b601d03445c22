"""Text that a loop adds up, as `"".join()`.

Behaviour stays: every added part is text for sure (an f-string, `str(...)`, constants), so that `+=` can only
concatenate. The loop's time may grow with the square of the text, join's does not. Conditions: see `loops.hidden`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bot.improve.authors.codemods.known import assigned, is_text
from bot.improve.authors.codemods.loops import hidden, nest
from bot.improve.authors.codemods.shape import constant
from bot.improve.authors.codemods.source import Edit, Source


@dataclass(frozen=True, slots=True)
class JoinLoop:
    """`s = ""; for x in xs: s += f"{x};"` becomes `s = "".join(f"{x};" for x in xs)`."""

    name = "join_loop"
    title = "join text instead of adding it up in a loop"
    why = "Adding text piece by piece copies it again and again."

    def find(self, source: Source) -> Iterator[Edit]:
        for _owner, window in source.windows(2):
            first, found = assigned(source, window[0]), nest(window[1])
            if first is None or found is None or not constant(first[1], ""):
                continue
            match found.inner:
                case (ast.AugAssign(target=ast.Name(id=again), op=ast.Add(), value=part),):
                    if again == first[0] and is_text(source, part) and hidden(source, found, again, part):
                        text = f'{first[2]} = "".join({source.code(part)} {found.text(source)})'
                        edit = source.replace(window, text)
                        yield from [edit] if edit else []


CODEMOD = JoinLoop()
