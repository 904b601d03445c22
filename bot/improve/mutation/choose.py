"""Chooses a bounded, diverse and repeatable part of the mutants."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import PurePosixPath

from bot.improve.mutation.generate import distinct
from bot.improve.mutation.mutant import Mutant
from bot.improve.mutation.operators import OPERATORS

RANK = {name: number for number, (name, _) in enumerate(OPERATORS)}


def choose(mutants: Sequence[Mutant], texts: Mapping[PurePosixPath, str], most: int) -> list[Mutant]:
    """At most `most` that differ from the original: the most telling of each line first, then each line's second."""
    lines: dict[tuple[str, int], list[Mutant]] = {}
    for mutant in mutants:
        lines.setdefault((str(mutant.path), mutant.line), []).append(mutant)
    rows = [_diverse(row) for _, row in sorted(lines.items())]
    layered = [mutant for layer in zip_longest(*rows) for mutant in layer if mutant is not None]
    differing = {path: distinct((m for m in layered if m.path == path), text) for path, text in texts.items()}
    return list(islice(_in_turn(layered, differing), most))


def _in_turn(layered: Sequence[Mutant], differing: Mapping[PurePosixPath, Iterator[Mutant]]) -> Iterator[Mutant]:
    """The layered order, compiling no more mutants than are taken."""
    ready: dict[PurePosixPath, Mutant | None] = {}
    for mutant in layered:
        source = differing[mutant.path]
        if mutant.path not in ready:
            ready[mutant.path] = next(source, None)
        if ready[mutant.path] is mutant:
            yield mutant
            ready[mutant.path] = next(source, None)


def _diverse(row: Sequence[Mutant]) -> list[Mutant]:
    """One of each operator before a second of any."""
    seen: dict[str, int] = {}
    keyed = []
    for mutant in sorted(row, key=lambda m: (RANK[m.operator], m.start, m.text)):
        turn = seen.get(mutant.operator, 0)
        seen[mutant.operator] = turn + 1
        keyed.append((turn, RANK[mutant.operator], mutant.start, mutant.text, mutant))
    return [entry[-1] for entry in sorted(keyed, key=lambda entry: entry[:-1])]
