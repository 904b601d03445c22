"""Tiers: the highest of paths, kind, origin and evidence; never what the change says of itself."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import FileChange, Kind, Origin
from bot.core.tier import Tier
from bot.core.verdict import Status
from bot.policy.tier import Ruling, floor, only_adds, tier_of, ward_of
from tests.policy.builders import CHARTER, PROPERTY, paths


def ruled(*names: str, kind: Kind = Kind.FIX, origin: Origin = Origin.ANALYST, adds: tuple[str, ...] = ()) -> Ruling:
    return tier_of(paths(*names), kind, origin, adds, CHARTER)


@pytest.mark.parametrize(
    ("names", "tier"),
    [
        (["docs/a.md"], Tier.SAFE),
        (["chat/a.py"], Tier.VALIDATED),
        (["infra/a"], Tier.CRITICAL),
        ([".github/x"], Tier.SEALED),
        (["nowhere/x"], Tier.SEALED),
        (["docs/a.md", "chat/a.py"], Tier.VALIDATED),
        (["docs/a.md", "chat/a.py", "infra/a"], Tier.CRITICAL),
        ([], Tier.SEALED),
    ],
)
def test_the_highest_path_decides(names: list[str], tier: Tier) -> None:
    assert ruled(*names).tier is tier


def test_unmatched_ground_is_sealed() -> None:
    bare = type(CHARTER)(wards=CHARTER.wards[1:])
    assert ward_of("nowhere/x", bare) is None
    ruling = tier_of(paths("nowhere/x"), Kind.FIX, Origin.ANALYST, (), bare)
    assert ruling.tier is Tier.SEALED
    assert "no ward matches" in ruling.because.because


@pytest.mark.parametrize(
    ("kind", "origin", "tier"),
    [
        (Kind.FIX, Origin.ANALYST, Tier.SAFE),
        (Kind.DEPENDENCY, Origin.ANALYST, Tier.CRITICAL),
        (Kind.FEATURE, Origin.ANALYST, Tier.VALIDATED),
        (Kind.DOCS, Origin.MEMBER, Tier.VALIDATED),
        (Kind.DOCS, Origin.PLUGIN, Tier.VALIDATED),
        (Kind.DOCS, Origin.PERSON, Tier.VALIDATED),
        (Kind.DEPENDENCY, Origin.MEMBER, Tier.CRITICAL),
    ],
)
def test_kind_and_origin_raise_the_tier_of_safe_paths(kind: Kind, origin: Origin, tier: Tier) -> None:
    assert ruled("docs/a.md", kind=kind, origin=origin).tier is tier
    assert floor(kind, origin) is tier


def test_a_stage_that_asks_for_a_person_raises_the_tier() -> None:
    ruling = tier_of(paths("docs/a.md"), Kind.FIX, Origin.ANALYST, (), CHARTER, pending=("behaviour",))
    assert ruling.tier is Tier.VALIDATED
    assert "behaviour" in ruling.because.because


def test_added_tests_are_safe_and_changed_ones_fall_to_the_ward_before() -> None:
    assert ruled("tests/test_a.py", adds=("tests/test_a.py",)).tier is Tier.SAFE
    assert ruled("tests/test_a.py").tier is Tier.CRITICAL
    assert ruled("tests/conftest.py", adds=("tests/conftest.py",)).tier is Tier.CRITICAL
    assert ruled("tests/test_a.py", "tests/test_b.py", adds=("tests/test_a.py",)).tier is Tier.CRITICAL


def test_only_what_the_engine_may_not_do_is_refused() -> None:
    assert ruled(".github/x").because.status is Status.FAIL
    assert ruled(".github/x", origin=Origin.PERSON).because.status is Status.PASS
    assert ruled("infra/a").because.status is Status.PASS


def test_a_refusal_marks_what_is_sealed_and_nothing_else() -> None:
    verdict = ruled(".github/x", "docs/a").because
    failed = {one.name for one in verdict.walk() if one.status is Status.FAIL}
    assert failed == {"tier", "paths", "/.github/"}


def test_the_ruling_explains_itself() -> None:
    verdict = ruled("chat/a.py", "docs/a.md", "docs/b.md", "docs/c.md", "docs/d.md").because
    assert verdict.because == "validated, by its paths: chat/a.py: ward `/chat/` is validated"
    assert [child.name for child in verdict.children] == ["paths", "kind", "origin", "evidence"]
    docs = verdict.find("/docs/")
    assert docs is not None
    assert docs.facts["paths"] == ["docs/a.md", "docs/b.md", "docs/c.md", "docs/d.md"]
    assert "and 1 more" in docs.because
    added = ruled("tests/test_a.py", adds=("tests/test_a.py",)).because.find("/tests/**/test_*.py")
    assert added is not None
    assert "additions only" in added.because


@pytest.mark.parametrize(
    ("action", "removed", "binary", "mode", "wanted"),
    [
        ("add", 0, False, "100644", True),
        ("modify", 0, False, "100644", True),
        ("modify", 1, False, "100644", False),
        ("rename", 0, False, "100644", False),
        ("delete", 0, False, "100644", False),
        ("type", 0, False, "100644", False),
        ("add", 0, True, "100644", False),
        ("add", 0, False, "120000", False),
        ("add", 0, False, "160000", False),
        ("add", 0, False, "100755", False),
    ],
)
def test_what_counts_as_an_addition(action: str, removed: int, binary: bool, mode: str, wanted: bool) -> None:
    path = PurePosixPath("tests/test_a.py")
    change = FileChange(path, path, action, mode, added=3, removed=removed, binary=binary)
    assert only_adds([change]) == ({"tests/test_a.py"} if wanted else frozenset())


NAMES = st.sampled_from(["docs/a", "docs/b", "chat/a", "infra/a", "keys/a", ".github/a", "new/a", "tests/test_a.py"])


@PROPERTY
@given(st.frozensets(NAMES), st.frozensets(NAMES), st.sampled_from(Kind), st.sampled_from(Origin))
def test_more_paths_never_lower_the_tier(
    some: frozenset[str], more: frozenset[str], kind: Kind, origin: Origin
) -> None:
    one, both = ruled(*some, kind=kind, origin=origin), ruled(*some, *more, kind=kind, origin=origin)
    assert not some or both.tier >= one.tier
    assert both.tier >= floor(kind, origin)
