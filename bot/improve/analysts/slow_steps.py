"""Finds steps of the pipeline that took longer than they may, as the running bot measured them."""

import ast
import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from bot.core.change import Finding, Severity
from bot.improve.analysts._lived import Code, Lived, parsed, same
from bot.improve.doors import Profile, Workspace
from bot.policy.symptoms import BUDGETS, EDGES, OWN, over, p95, surely_over

NAME = "slow_steps"
LATE = 0.05
"""Share of runs that may take longer than the budget: the budget is of the 95th percentile."""
FEW = 200.0
"""Runs, faded, below which nothing is said."""
GRAVE = 4.0
"""Times its budget from which a p95 is grave."""


class SlowSteps:
    """Analyst: one finding for each step whose p95 is over its budget beyond doubt."""

    name = NAME

    def __init__(self, lived: Lived) -> None:
        self._lived = lived

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """Only of steps whose file is as it was when they were measured."""
        return await asyncio.to_thread(lambda: list(self._find(work, profile)))

    def _find(self, work: Workspace, profile: Profile) -> Iterator[Finding]:
        noted = self._lived.of("step")
        by_name = {name: [one for one in noted if one.name == name] for name in sorted({o.name for o in noted})}
        slow = {name: some for name, some in by_name.items() if _slow(name, self._lived.faded(some))}
        if not slow:
            return
        code = Code.of(work, profile)
        for name, some in slow.items():
            for path, text in code.holding((f'"{name}"', "class ")):
                tree = parsed(text)
                step = _step(tree, name) if tree is not None else None
                if step is None:
                    continue
                still = [one for one in some if same(parsed(self._lived.before(one.revision, path)), tree)]
                counts = self._lived.faded(still)
                if _slow(name, counts):
                    yield _finding(name, path, step, counts)


def _slow(name: str, counts: Mapping[str, float]) -> bool:
    late, total = over(counts, BUDGETS.get(name, OWN))
    return total >= FEW and surely_over(late, total, LATE)


def _finding(name: str, path: PurePosixPath, step: ast.ClassDef, counts: Mapping[str, float]) -> Finding:
    budget, reached = BUDGETS.get(name, OWN), p95(counts)
    late, total = over(counts, budget)
    called = next((n for n in step.body if isinstance(n, ast.AsyncFunctionDef) and n.name == "__call__"), step)
    took = f"up to {reached:g} s" if math.isfinite(reached) else f"more than {EDGES[-1]:g} s"
    return Finding(
        rule="slow-step",
        path=path,
        line=called.lineno,
        end_line=called.end_lineno or called.lineno,
        severity=Severity.HIGH if reached >= GRAVE * budget else Severity.MEDIUM,
        message=f"the step {name} took {took} at the 95th percentile, and may take {budget:g} s",
        analyst=NAME,
        symbol=f"{step.name}.__call__" if called is not step else step.name,
        evidence={"late": round(late), "runs": round(total), "budget": budget, "step": name},
    )


def _step(tree: ast.Module, name: str) -> ast.ClassDef | None:
    """The class that says of itself that it is this step."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(_named(one, name) for one in node.body):
            return node
    return None


def _named(node: ast.stmt, name: str) -> bool:
    targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
    value = node.value if isinstance(node, ast.AnnAssign | ast.Assign) else None
    said = isinstance(value, ast.Constant) and value.value == name
    return said and any(isinstance(one, ast.Name) and one.id == "name" for one in targets)
