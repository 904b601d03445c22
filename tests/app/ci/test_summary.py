"""The job's summary."""

from bot.app.ci.findings import Place
from bot.app.ci.summary import LISTED, plain, summary
from bot.core.verdict import Status, Verdict, worst
from tests.app.ci.builders import stage


def test_every_stage_has_a_row_with_its_outcome_and_time() -> None:
    text = summary(
        worst("gate", [stage("scope", Status.PASS, number="V-1", because="fine"), stage("tests", number="V-7")])
    )
    assert text.startswith("## Megawatts: ❌ fail\n")
    assert "| `V-1 scope` | ✅ pass | 1.2 | `fine` |" in text
    assert "| `V-7 tests` | ❌ fail | 1.2 | `it is wrong` |" in text


def test_a_stage_without_a_subject_is_listed() -> None:
    verdict = Verdict(
        "gate", Status.PASS, "1 of 1", (stage("scope", Status.PASS),), facts={"not_applicable": {"types": "no"}}
    )
    assert "| `types` | - | | not applicable: `no` |" in summary(verdict)


def test_findings_stand_below_and_are_counted_beyond_the_limit() -> None:
    found = [Place("lint", "x", "error", f"wrong {n}", "a.py", n + 1) for n in range(LISTED + 2)]
    text = summary(Verdict("gate", Status.FAIL, "x"), found)
    assert "| error | `a.py:1` | `wrong 0` |" in text
    assert f"`wrong {LISTED}`" not in text
    assert text.endswith("and 2 more\n")
    assert "| error | `lint` | `all` |" in summary(
        Verdict("gate", Status.FAIL, "x"), [Place("lint", "lint", "error", "all")]
    )


def test_a_verdict_alone_has_no_table() -> None:
    assert "|" not in summary(Verdict("gate", Status.ERROR, "nothing ran"), title="Gate")


def test_others_words_are_one_code_span() -> None:
    assert plain("a `b` | c\n<d>") == "`a 'b' \\| c <d>`"
    assert plain("") == ""
    assert plain("\u202e") == ""
