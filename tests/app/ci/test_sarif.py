"""SARIF as code scanning takes it."""

from bot.app.ci.findings import Place
from bot.app.ci.sarif import sarif
from bot.core.verdict import Status, Verdict, worst
from tests.app.ci.builders import stage

PLACED = Place("lint", "F401", "error", "unused", "pkg/a b.py", 12)


def test_a_place_is_a_result_with_its_rule_and_region() -> None:
    run = sarif(worst("gate", [stage("lint")]), [PLACED], "1.0")["runs"][0]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "lint/F401"
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "pkg/a%20b.py", "uriBaseId": "%SRCROOT%"}
    assert physical["region"] == {"startLine": 12}
    assert run["invocations"][0]["executionSuccessful"] is True


def test_what_is_about_no_file_is_told_and_is_no_result() -> None:
    run = sarif(worst("gate", [stage("tests")]), [Place("tests", "tests", "error", "2 fail")], "1.0")["runs"][0]
    assert run["results"] == []
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"] == {"text": "tests: 2 fail"}


def test_a_stage_that_could_not_judge_is_no_clean_run() -> None:
    for status in (Status.ERROR, Status.INCONCLUSIVE):
        verdict = Verdict("gate", Status.FAIL, "x", (stage("lint"), stage("types", status)))
        assert sarif(verdict, [], "1")["runs"][0]["invocations"][0]["executionSuccessful"] is False
    nothing = sarif(Verdict("gate", Status.PASS, "nothing"), [], "1")
    assert nothing["runs"][0]["invocations"][0]["executionSuccessful"] is False
    well = sarif(worst("gate", [stage("lint", Status.PASS)]), [], "1")
    assert well["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_a_file_as_a_whole_has_no_region() -> None:
    place = Place("format", "format", "notice", "not formatted", "a.py")
    (result,) = sarif(worst("gate", [stage("format")]), [place], "1")["runs"][0]["results"]
    assert "region" not in result["locations"][0]["physicalLocation"]
    assert (result["level"], result["ruleId"]) == ("note", "format")
