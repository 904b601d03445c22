"""What the gate and the forge's own checks say of this head, as far as a decision may rely on it."""

from dataclasses import dataclass

from bot.core.case import Case
from bot.core.charter import Charter
from bot.core.verdict import Status, Verdict, worst
from bot.policy.charter import STAGES

APPROVAL = "approval"
"""The stage that reports consent. It is decided anew at each look, so its verdict in the gate is not evidence."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Gate and checks in one verdict; `pending` names the stages that ask for a person."""

    verdict: Verdict
    pending: tuple[str, ...] = ()


def bound(case: Case) -> bool:
    """Whether there is a gate verdict that compared this head with the base that it was made on."""
    return case.gate is not None and case.gate_base == case.proposal.base


def weigh(case: Case, charter: Charter) -> Evidence:
    """The evidence on this head. No gate is no evidence; a stage that the charter asks for and did not run is none."""
    if case.gate is None or not bound(case):
        return Evidence(Verdict("gate", Status.INCONCLUSIVE, "this head was not compared with its base"))
    stages = [stage for stage in case.gate.children if stage.name != APPROVAL]
    parts = [*_missing(case.gate, charter), *stages]
    if case.gate.status > max((stage.status for stage in case.gate.children), default=Status.PASS):
        # The gate as a whole went wrong where none of its stages did.
        parts.append(Verdict("run", case.gate.status, case.gate.because))
    gate = worst("gate", parts)
    pending = tuple(part.name for part in parts if part.status is Status.PENDING)
    verdict = gate if case.checks is None else worst("evidence", (gate, case.checks))
    return Evidence(verdict, pending)


def _missing(gate: Verdict, charter: Charter) -> list[Verdict]:
    idle = gate.facts.get("not_applicable", [])
    known = {stage.name for stage in gate.children} | set(idle if isinstance(idle, list | dict) else ()) | {APPROVAL}
    because = "the charter asks for this stage, and it did not run"
    wanted = charter.stages or STAGES
    return [Verdict(name, Status.INCONCLUSIVE, because) for name in wanted if name not in known]
