"""What a verdict says, as places in files."""

from bot.app.ci.findings import Place, places
from bot.core.verdict import Status, Verdict, worst
from tests.app.ci.builders import stage

PATHS = frozenset({"pkg/a.py", "pkg/b.py"})


def gate(*stages: Verdict) -> Verdict:
    return worst("gate", stages)


def test_a_finding_has_file_line_and_rule() -> None:
    found = places(gate(stage("lint", Status.FAIL, "pkg/a.py:12: unused import: os [F401]")), PATHS)
    assert found == (Place("lint", "F401", "error", "unused import: os", "pkg/a.py", 12),)


def test_a_finding_of_a_whole_file_has_no_line() -> None:
    found = places(gate(stage("format", Status.FAIL, "pkg/b.py: is not formatted [format]")), PATHS)
    assert found == (Place("format", "format", "error", "is not formatted", "pkg/b.py", 0),)


def test_a_file_that_the_change_does_not_touch_stays_part_of_the_words() -> None:
    text = "../../etc/passwd:1: wrong [x]"
    assert places(gate(stage("lint", Status.FAIL, text)), PATHS) == (Place("lint", "lint", "error", text),)


def test_a_stage_without_findings_speaks_for_itself_and_a_pass_says_nothing() -> None:
    found = places(gate(stage("tests", Status.ERROR, because="no runner"), stage("types", Status.PASS)), PATHS)
    assert found == (Place("tests", "tests", "error", "no runner"),)


def test_findings_of_inner_checks_are_the_stages_own() -> None:
    inner = Verdict(
        "scope", Status.FAIL, "x", (stage("paths", Status.PASS), stage("ignores", Status.FAIL, "pkg/a.py:3: new"))
    )
    assert places(gate(inner), PATHS) == (Place("scope", "scope", "error", "new", "pkg/a.py", 3),)


def test_the_worst_stands_first_and_nothing_twice() -> None:
    waits = stage("behaviour", Status.PENDING, "pkg/a.py:1: differs", "pkg/a.py:1: differs")
    found = places(
        gate(waits, stage("runtime", Status.INCONCLUSIVE), stage("lint", Status.FAIL, "pkg/a.py:2: x")), PATHS
    )
    assert [place.level for place in found] == ["error", "warning", "notice"]


def test_a_verdict_without_stages_is_one_itself() -> None:
    assert places(Verdict("gate", Status.ERROR, "nothing ran"), PATHS) == (
        Place("gate", "gate", "error", "nothing ran"),
    )


def test_a_finding_of_many_lines_is_one_line() -> None:
    (place,) = places(gate(stage("lint", Status.FAIL, "pkg/a.py:2: one\ntwo\u202e [x]")), PATHS)
    assert place.message == "one two"
