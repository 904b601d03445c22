"""The ordered list of stages, their names, and V-13."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.charter import Charter, Ward
from bot.core.errors import Misconfigured
from bot.core.tier import Tier
from bot.core.verdict import Status
from bot.improve.doors import NOT_APPLICABLE
from bot.improve.stages import ORDER, Absent, all_stages, first_stages, wanted
from bot.policy.charter import STAGES
from tests.improve.stages.static.builders import gate_of

CODE = {"pkg/__init__.py": "", "pkg/a.py": "A = 1\n", "docs/a.md": "a\n", ".github/charter.toml": "#\n"}
CHARTER = Charter(
    wards=(
        Ward("*", Tier.CRITICAL, ("@owner",)),
        Ward("/pkg/", Tier.VALIDATED),
        Ward("/docs/", Tier.SAFE),
        Ward("/.github/", Tier.SEALED, ("@boss",)),
    )
)


def test_the_order_is_the_charters() -> None:
    assert ORDER == STAGES


def test_each_name_is_its_module_and_its_number() -> None:
    for number, stage in enumerate(all_stages(), start=1):
        assert (stage.name, stage.id) == (ORDER[number - 1], f"V-{number}")
        assert set(stage.needs) <= set(ORDER)


def test_a_first_answer_ends_with_the_impacted_tests() -> None:
    assert [stage.name for stage in first_stages()] == list(ORDER[:7])
    assert vars(first_stages()[-1]) == {"only_impacted": True}


@pytest.mark.parametrize("word", ["V-3", "v-3", "v3", "3", "types", " Types "])
def test_people_may_name_a_stage_in_many_ways(word: str) -> None:
    assert wanted([word]) == ("types",)


@pytest.mark.parametrize("word", ["0", "14", "V-0", "nothing", "", "-3x"])
def test_an_unknown_stage_is_an_error(word: str) -> None:
    with pytest.raises(Misconfigured, match="there is no stage"):
        wanted([word])


async def test_a_stage_whose_libraries_are_absent_is_an_error(tmp_path: Path) -> None:
    verdict = await Absent("types", "V-3", "No module named 'mypy'").run(gate_of(tmp_path, CODE, CODE), {})
    assert verdict.status is Status.ERROR


@pytest.mark.parametrize(
    ("path", "by_engine", "status", "tier"),
    [
        ("docs/a.md", True, Status.PASS, 1),
        ("docs/a.md", False, Status.PENDING, 2),
        ("pkg/a.py", True, Status.PENDING, 2),
        ("other.py", True, Status.PENDING, 3),
        (".github/charter.toml", True, Status.FAIL, 9),
        (".github/charter.toml", False, Status.PENDING, 9),
    ],
)
async def test_approval_is_the_tier_rule(tmp_path: Path, path: str, by_engine: bool, status: Status, tier: int) -> None:
    gate = gate_of(tmp_path, CODE, CODE | {path: "B = 2\n"}, charter=CHARTER, by_engine=by_engine)
    (stage,) = all_stages(["approval"])
    verdict = await stage.run(gate, {})
    assert (verdict.status, verdict.facts["tier"]) == (status, tier)


async def test_approval_without_a_charter_has_no_subject(tmp_path: Path) -> None:
    gate = gate_of(tmp_path, CODE, CODE | {"pkg/a.py": "B = 2\n"})
    other = replace(gate, profile=replace(gate.profile, own=False))
    (stage,) = all_stages(["approval"])
    assert NOT_APPLICABLE in (await stage.run(other, {})).facts
