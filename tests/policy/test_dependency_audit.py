"""What is known of a release, and what follows of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdict import Status
from bot.policy.dependency_audit import (
    NEVER,
    Advisory,
    Package,
    Release,
    Rules,
    Severity,
    advisory,
    joined,
    licence_told,
    rated,
    release,
    unfit,
    vulnerable,
)
from tests.servers.advisories import JINJA, SAME

SCORES = {"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N": 8.6, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H": 9.8}

NOW = datetime(2026, 11, 1, tzinfo=UTC)
JINJA2 = Package("jinja2", "2.10")
DIGEST = "a" * 64
OLD = {DIGEST: NOW - timedelta(days=400)}


def scored(vector: str) -> float | None:
    """The published scores of the vectors in these tests; another thing is no vector."""
    return SCORES.get(vector)


def rules_of(found: Release | None, *hashes: str, level: Status = Status.FAIL) -> dict[str, Status]:
    rows = unfit(JINJA2, found, frozenset(hashes), Rules(), now=NOW, level=level)
    return {one.rule: one.level for one in rows}


def test_a_record_becomes_ids_a_rating_and_versions_that_mend() -> None:
    assert advisory(JINJA, JINJA2, scored) == Advisory(
        ("GHSA-462w-v97r-4m45", "CVE-2019-10906"), Severity.HIGH, ("2.10.1",)
    )
    same = advisory(SAME, JINJA2, scored)
    assert same is not None
    assert same.severity is None, "this database rates nothing"
    assert same.fixed == ("2.10.1",), "a commit is no version"


def test_what_people_wrote_is_never_taken_over() -> None:
    text = "APPROVED by the owners\n<script>"
    hostile = JINJA | {"summary": text, "details": text, "aliases": [text, "CVE-2019-10906"]}
    hostile["affected"] = [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": text}, {"fixed": "2.11"}]}],
            "database_specific": {"severity": text},
        }
    ]
    found = advisory(hostile, JINJA2, scored)
    assert found == Advisory(("GHSA-462w-v97r-4m45", "CVE-2019-10906"), Severity.HIGH, ("2.11",))
    assert all("APPROVED" not in said.text for said in vulnerable(JINJA2, [found], Rules()))


def test_withdrawn_is_none_and_no_record_is_an_error() -> None:
    assert advisory(JINJA | {"withdrawn": "2026-01-01T00:00:00Z"}, JINJA2, scored) is None
    for broken in ({}, {"id": 7}, {"id": "../../etc"}, {"id": "x y"}):
        with pytest.raises(ValueError, match="no id"):
            advisory(broken, JINJA2, scored)


def test_versions_that_mend_come_after_the_one_asked_for_and_are_of_this_package() -> None:
    other = {"package": {"name": "flask", "ecosystem": "PyPI"}, "ranges": JINJA["affected"][0]["ranges"]}  # type: ignore[index]
    npm = {"package": {"name": "jinja2", "ecosystem": "npm"}, "ranges": JINJA["affected"][0]["ranges"]}  # type: ignore[index]
    found = advisory(JINJA | {"affected": [other, npm]}, JINJA2, scored)
    assert found is not None
    assert found.fixed == ()
    late = advisory(JINJA, Package("jinja2", "3.0"), scored)
    assert late is not None
    assert late.fixed == ()


@pytest.mark.parametrize(
    ("score", "rating"),
    [(0.0, "NONE"), (0.1, "LOW"), (3.9, "LOW"), (4.0, "MEDIUM"), (6.9, "MEDIUM"), (7.0, "HIGH"), (9.0, "CRITICAL")],
)
def test_ratings_are_those_of_the_standard(score: float, rating: str) -> None:
    assert rated(score) is Severity[rating]


def test_one_vulnerability_under_many_ids_is_one() -> None:
    records = [found for record in (SAME, JINJA) if (found := advisory(record, JINJA2, scored))]
    assert joined(records) == (
        Advisory(("PYSEC-2019-217", "CVE-2019-10906", "GHSA-462w-v97r-4m45"), Severity.HIGH, ("2.10.1",)),
    )


@given(st.lists(st.builds(Advisory, st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=3).map(tuple))))
def test_joined_loses_no_id_and_shares_none(found: list[Advisory]) -> None:
    groups = joined(found)
    ids = [named for one in groups for named in one.ids]
    assert sorted(ids) == sorted(set(ids)) == sorted({named for one in found for named in one.ids})


@pytest.mark.parametrize(
    ("severity", "level"),
    [(None, Status.FAIL), (Severity.HIGH, Status.FAIL), (Severity.MEDIUM, Status.FAIL), (Severity.LOW, Status.PENDING)],
)
def test_what_is_severe_or_not_rated_refuses(severity: Severity | None, level: Status) -> None:
    (said,) = vulnerable(JINJA2, [Advisory(("CVE-1-1",), severity, ("2.10.1",))], Rules(Severity.MEDIUM))
    assert said.level is level
    assert "CVE-1-1" in said.text
    assert "mended in 2.10.1" in said.text


def test_nothing_known_says_nothing() -> None:
    assert list(vulnerable(JINJA2, [], Rules())) == []
    assert rules_of(Release("MIT", OLD), f"sha256:{DIGEST}") == {}
    assert rules_of(Release("MIT", OLD)) == {}, "a pin without hashes is told of elsewhere"


def test_what_the_index_makes_of_a_release() -> None:
    assert rules_of(None) == {"unknown": Status.FAIL}
    assert rules_of(Release("MIT", OLD, yanked=True)) == {"yanked": Status.FAIL}
    assert rules_of(Release("MIT", {})) == {"fileless": Status.FAIL}
    assert rules_of(Release("", OLD)) == {"licence": Status.PENDING}
    assert rules_of(Release("AGPL-3.0-only", OLD)) == {"licence": Status.FAIL}
    assert rules_of(Release("AGPL-3.0-only", OLD), level=Status.PENDING) == {"licence": Status.PENDING}
    assert rules_of(Release("MIT", OLD), f"sha256:{'b' * 64}")["foreign"] is Status.FAIL
    assert rules_of(Release("MIT", OLD), f"sha512:{'b' * 128}") == {"foreign": Status.PENDING}
    assert rules_of(Release("MIT", OLD), f"sha256:{DIGEST}", f"sha512:{'b' * 128}") == {}


def test_age_is_of_the_files_that_the_lock_names() -> None:
    files = {DIGEST: NOW - timedelta(days=7), "b" * 64: NOW - timedelta(hours=1), "c" * 64: NEVER}
    found = Release("MIT", files)
    assert rules_of(found, f"sha256:{DIGEST}") == {}
    assert rules_of(found, f"sha256:{DIGEST}", f"sha256:{'b' * 64}") == {"young": Status.PENDING}
    assert rules_of(found) == {"young": Status.PENDING}


def index(**info: Any) -> dict[str, Any]:
    told = {"name": "Jinja2", "version": "2.10", "license_expression": None, "license": "BSD", "classifiers": []}
    return {"info": told | info, "urls": [{"digests": {"sha256": DIGEST}, "upload_time_iso_8601": "2026-01-01"}]}


def test_the_index_says_licence_files_and_dates() -> None:
    assert release(index(), JINJA2) == Release("BSD", {DIGEST: datetime(2026, 1, 1, tzinfo=UTC)})
    assert release(index(yanked=True, version="2.10.0"), JINJA2).yanked, "2.10.0 is 2.10"
    undated = index()
    undated["urls"][0]["upload_time_iso_8601"] = "soon"
    undated["urls"].append({"digests": {"sha256": "../x"}})
    assert release(undated, JINJA2).files == {DIGEST: NEVER}


@pytest.mark.parametrize("data", [{}, {"info": [], "urls": []}, index(name="flask"), index(version="2.11")])
def test_an_answer_about_something_else_is_none(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the answer is"):
        release(data, JINJA2)


def test_the_expression_comes_before_classifiers_and_those_before_words() -> None:
    rows = ["License :: OSI Approved :: MIT License", "Topic :: Games"]
    assert licence_told({"license_expression": "Apache-2.0", "classifiers": rows, "license": "x"}) == "Apache-2.0"
    assert licence_told({"classifiers": rows, "license": "x"}) == "MIT License"
    assert licence_told({"license": "x\nand its whole text"}) == "x"
    assert licence_told({}) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "affected", "package", "severity", "ranges", "events"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(JINJA)), JSON))
def test_any_json_is_an_advisory_or_an_error(data: dict[str, Any]) -> None:
    found = advisory(data | {"id": "CVE-1-1"}, JINJA2, scored)
    assert found is None or found.ids[0] == "CVE-1-1"
