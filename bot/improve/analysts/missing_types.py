"""Finds public functions without annotations, where the rest of the product has them."""

import ast
import asyncio
from collections.abc import Sequence

from bot.core.change import Finding, Severity
from bot.improve.analysts._trees import Defined, functions, modules
from bot.improve.doors import Profile, Workspace

NAME = "missing_types"
HALF = 0.5


class MissingTypes:
    """Analyst: one finding for each public function that lacks annotations. A product that hardly annotates has none:
    there it is no slip but a decision."""

    name = NAME

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        found = await asyncio.to_thread(
            lambda: [(m.path, d, missing(d)) for m in modules(work, profile) for d in functions(m.tree) if d.public]
        )
        without = [row for row in found if row[2]]
        if not profile.typed and len(without) > HALF * len(found):
            return []
        return [
            Finding(
                rule="missing-types",
                path=path,
                line=defined.node.lineno,
                end_line=defined.end,
                severity=Severity.LOW,
                message=f"{defined.name} has no annotation for {', '.join(lacking)}",
                analyst=NAME,
                symbol=defined.name,
                evidence={"missing": lacking},
            )
            for path, defined, lacking in without
        ]


def missing(defined: Defined) -> list[str]:
    """Parameters without annotation, and `return`; `self` and `cls` need none."""
    arguments = defined.node.args
    named = [*arguments.posonlyargs, *arguments.args]
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in defined.node.decorator_list)
    bound = named[1:] if defined.owner is not None and not static else named
    rest = [a for a in (*arguments.kwonlyargs, arguments.vararg, arguments.kwarg) if a is not None]
    lacking = [a.arg for a in (*bound, *rest) if a.annotation is None]
    return [*lacking, *(["return"] if defined.node.returns is None else [])]
