"""V-10: what an outcome means."""

from pathlib import PurePosixPath

import pytest

from bot.core.verdict import Status
from bot.improve.differential.plan import Touched
from bot.improve.differential.run import Difference, Result, Target
from bot.improve.inputs.kinds import Kind
from bot.improve.inputs.params import Param
from bot.improve.inputs.spec import Spec
from bot.improve.inputs.values import Call
from bot.improve.stages.behaviour import STAGE
from bot.improve.stages.behaviour_functions import Planned, judge
from bot.improve.stages.behaviour_modules import module_name

SPEC = Spec("m", "f", (Param("n", (Kind("int"),), sure=True),))
TOUCHED = Touched("f", "changed", {}, {"base": ((4, 4),), "head": ((4, 5), (7, 7))})
PLANNED = Planned(Target("m.f", SPEC, SPEC), TOUCHED)
WAS = Difference(Call((1,)), "returns 2; was returns 1")


def result(**changed: object) -> Result:
    made = Result("m.f", compared=90, lines={"base": frozenset({4}), "head": frozenset({5, 7})})
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def test_no_difference_on_inputs_that_reach_the_change_is_a_pass():
    verdict = judge(PLANNED, result(), preserving=True)
    assert verdict.status is Status.PASS
    assert "90 inputs" in verdict.because
    assert "uncovered" not in verdict.facts


@pytest.mark.parametrize(("preserving", "status"), [(True, Status.FAIL), (False, Status.PENDING)])
def test_a_difference_breaks_the_claim_and_asks_a_person_without_one(preserving, status):
    verdict = judge(PLANNED, result(differences=[WAS]), preserving=preserving)
    assert verdict.status is status
    assert "m.f(1) returns 2; was returns 1" in verdict.because
    assert ("a person decides" in verdict.because) is not preserving


@pytest.mark.parametrize(
    ("lack", "word"),
    [
        ({"compared": 0}, "usable inputs"),
        ({"compared": 4, "unstable": 80}, "deterministic"),
        ({"lines": {"base": frozenset({1}), "head": frozenset({2})}}, "no input reached"),
        ({"broken": {"base": "ImportError: x", "head": "ImportError: x"}, "compared": 0}, "ImportError"),
    ],
)
@pytest.mark.parametrize(("preserving", "status"), [(True, Status.INCONCLUSIVE), (False, Status.PENDING)])
def test_too_little_evidence_is_never_a_pass(lack, word, preserving, status):
    verdict = judge(PLANNED, result(**lack), preserving=preserving)
    assert verdict.status is status
    assert word in verdict.because


@pytest.mark.parametrize("preserving", [True, False])
def test_a_module_that_head_cannot_load_fails_either_way(preserving):
    assert (
        judge(PLANNED, result(broken={"head": "NameError: x"}, compared=0), preserving=preserving).status is Status.FAIL
    )


def test_changed_lines_that_nothing_reached_are_said():
    verdict = judge(PLANNED, result(lines={"base": frozenset({4}), "head": frozenset({5})}), preserving=True)
    assert verdict.status is Status.PASS
    assert verdict.facts["uncovered"] == ["f line 7 at head"]


@pytest.mark.parametrize(
    ("path", "roots", "name"),
    [
        ("src/a/b.py", (".", "src"), "a.b"),
        ("a/__init__.py", (".",), "a"),
        ("a.py", (), "a"),
        ("not-a-module/x.py", (".",), ""),
    ],
)
def test_modules_are_named_as_they_are_imported(path, roots, name):
    assert module_name(PurePosixPath(path), tuple(map(PurePosixPath, roots))) == name


def test_a_function_without_parameters_has_one_input():
    plain = Planned(Target("m.f", Spec("m", "f"), Spec("m", "f")), TOUCHED)
    assert judge(plain, result(compared=1), preserving=True).status is Status.PASS
    assert judge(PLANNED, result(compared=1), preserving=True).status is Status.INCONCLUSIVE


def test_the_stage_is_the_tenth():
    assert (STAGE.id, STAGE.name, STAGE.alone) == ("V-10", "behaviour", False)
