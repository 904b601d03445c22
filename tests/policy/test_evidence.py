"""Evidence: bound to head and base, complete, and never better than its worst part."""

from dataclasses import replace
from typing import Any

import pytest

from bot.core.charter import Charter
from bot.core.verdict import Status, Verdict
from bot.policy.charter import STAGES
from bot.policy.evidence import bound, weigh
from tests.policy.builders import BASE, CHARTER, case, gate


def weighed(charter: Charter = CHARTER, **changed: Any) -> Verdict:
    return weigh(case(**changed), charter).verdict


def test_a_complete_green_gate_passes() -> None:
    assert weighed().passed
    assert weigh(case(), CHARTER).pending == ()


def test_no_gate_or_one_on_another_base_is_no_evidence() -> None:
    for changed in ({"gate": None}, {"gate_base": BASE}, {"gate_base": None}):
        assert not bound(case(**changed))
        assert weighed(**changed).status is Status.INCONCLUSIVE


@pytest.mark.parametrize("status", [Status.FAIL, Status.ERROR, Status.INCONCLUSIVE])
def test_the_worst_stage_speaks(status: Status) -> None:
    verdict = weighed(gate=gate(status, "types"))
    assert verdict.status is status
    assert "types" in verdict.because


def test_a_stage_that_the_charter_asks_for_and_did_not_run_is_no_pass() -> None:
    lacking = replace(gate(), children=tuple(stage for stage in gate().children if stage.name != "security"))
    verdict = weighed(gate=lacking)
    assert verdict.status is Status.INCONCLUSIVE
    assert "security" in verdict.because
    assert weighed(replace(CHARTER, stages=("scope", "tests")), gate=lacking).passed


@pytest.mark.parametrize("idle", [["security"], {"security": "no subject"}])
def test_a_stage_without_a_subject_may_be_left_out(idle: Any) -> None:
    stages = tuple(stage for stage in gate().children if stage.name != "security")
    assert weighed(gate=replace(gate(), children=stages, facts={"not_applicable": idle})).passed


@pytest.mark.parametrize("idle", ["security", 3])
def test_a_malformed_list_excuses_nothing(idle: Any) -> None:
    stages = tuple(stage for stage in gate().children if stage.name != "security")
    assert not weighed(gate=replace(gate(), children=stages, facts={"not_applicable": idle})).passed


def test_a_bare_pass_proves_nothing() -> None:
    assert weighed(gate=Verdict("gate", Status.PASS, "trust me")).status is Status.INCONCLUSIVE


def test_the_gate_as_a_whole_can_fail_where_no_stage_did() -> None:
    broken = replace(gate(), status=Status.ERROR, because="the sandbox died")
    assert weighed(gate=broken).status is Status.ERROR


def test_a_root_that_is_better_than_its_stages_is_not_believed() -> None:
    assert weighed(gate=replace(gate(Status.FAIL), status=Status.PASS)).status is Status.FAIL


@pytest.mark.parametrize("status", list(Status))
def test_the_approval_stage_is_decided_anew(status: Status) -> None:
    assert weighed(gate=gate(status, "approval")).passed


def test_pending_stages_are_named() -> None:
    evidence = weigh(case(gate=gate(Status.PENDING, "behaviour", approval=Status.PENDING)), CHARTER)
    assert evidence.pending == ("behaviour",)
    assert evidence.verdict.status is Status.PENDING


def test_a_gate_that_is_pending_as_a_whole_asks_for_a_person_too() -> None:
    idle = {"not_applicable": dict.fromkeys(STAGES, "no subject")}
    evidence = weigh(case(gate=Verdict("gate", Status.PENDING, "ask somebody", facts=idle)), CHARTER)
    assert evidence.pending == ("run",)
    assert evidence.verdict.status is Status.PENDING


@pytest.mark.parametrize("status", list(Status))
def test_the_forges_checks_count_as_well(status: Status) -> None:
    assert weighed(checks=Verdict("checks", status, "the forge says so")).status is status
