"""The required job fails closed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.ci.gate import gate
from bot.core.verdict import Status

JOBS = frozenset({"plan", "stage"})


def needs(**results: object) -> str:
    return json.dumps({name: {"result": result, "outputs": {"x": "y"}} for name, result in results.items()})


def test_it_passes_when_every_job_passed() -> None:
    assert gate(needs(plan="success", stage="success"), JOBS).passed


@pytest.mark.parametrize(
    "result", ["failure", "cancelled", "skipped", "", "SUCCESS", "success ", None, True, 1, ["success"]]
)
def test_any_other_result_is_no_pass(result: object) -> None:
    verdict = gate(needs(plan="success", stage=result), JOBS)
    assert not verdict.passed
    assert "stage" in verdict.because


def test_a_job_that_is_not_among_them_is_no_pass() -> None:
    assert "stage: is not among" in gate(needs(plan="success"), JOBS).because


def test_a_job_that_nobody_expected_counts_too() -> None:
    assert not gate(needs(plan="success", stage="success", more="failure"), JOBS).passed


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", "true", '"success"', "{", "[" * 100_000, '{"plan": "success"}']
)
def test_results_that_cannot_be_read_are_no_pass(text: str) -> None:
    assert gate(text, JOBS).status is Status.ERROR


@given(
    st.dictionaries(st.sampled_from(["plan", "stage", "x"]), st.sampled_from(["success", "failure", "skipped", "odd"]))
)
def test_it_passes_exactly_when_all_expected_are_there_and_all_passed(results: dict[str, str]) -> None:
    wanted = set(results) >= JOBS and set(results.values()) == {"success"}
    assert gate(needs(**results), JOBS).passed is wanted
