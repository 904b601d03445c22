"""What people read: foreign text is shown, and neither hides nor commands anything."""

from pathlib import PurePosixPath

import pytest

from bot.core.change import Claim, FileChange, Finding, Idea, Kind, Origin, Patch, Severity
from bot.core.ids import ProposalId, Sha
from bot.core.verdict import Status, Verdict
from bot.improve.body import DASHBOARD_LIMIT, Row, Section, dashboard, evidence, impact, plain, pull_body, risk, tree

X, Y = PurePosixPath("bot/x.py"), PurePosixPath("bot/y.bin")
CHANGES = (
    FileChange(X, X, "modify", added=3, removed=1),
    FileChange(Y, Y, "delete", binary=True),
    FileChange(PurePosixPath("README.md"), PurePosixPath("README.md"), "add", added=2),
)


def idea(kind: Kind = Kind.FIX, claim: Claim = Claim.NONE, *severities: Severity) -> Idea:
    findings = tuple(Finding("r", X, 1, 1, one, "m", "a") for one in severities)
    return Idea(ProposalId("a" * 12), "t", "why", kind, Origin.ANALYST, "x", findings, claim=claim)


def test_markup_in_foreign_text_is_escaped() -> None:
    assert plain("**bold** <!-- hidden --> [x](http://evil)") == (
        r"\*\*bold\*\* \<\!-- hidden --\> \[x\]\(http://evil\)"
    )


def test_unseen_characters_and_line_breaks_do_not_get_through() -> None:
    assert plain("a\u202eb\u200bc\nSigned-off-by: me\x00") == "abc Signed-off-by: me"


def test_long_text_is_cut() -> None:
    assert len(plain("x" * 1000, 50)) == 50


def test_evidence_has_a_row_for_every_stage() -> None:
    gate = Verdict(
        "gate", Status.FAIL, "x", (Verdict("scope", Status.PASS, "ok"), Verdict("tests", Status.FAIL, "1|2"))
    )
    text = evidence(gate)
    assert "| scope | ✅ pass | ok | 0.0 |" in text
    assert r"| tests | ❌ fail | 1\|2 | 0.0 |" in text


def test_a_tree_is_indented_by_depth() -> None:
    shown = tree(Verdict("a", Status.PASS, "x", (Verdict("b", Status.PASS, "y"),)))
    assert shown.splitlines()[1].startswith("  - ")


def test_the_dashboard_lists_each_row_in_its_section() -> None:
    row = Row("test: a [title]", "close: tests", 5, "0123456789ab", "test, tier 1", box=True)
    text = dashboard([Section("Open", []), Section("Rejected", [row], "Tick a box.")], "deploys fail")
    assert "**Stopped:** deploys fail" in text
    assert "## Rejected (1)" in text
    assert "## Open (0)" in text
    assert r"- [ ] `0123456789ab` #5 test: a \[title\] (test, tier 1): close: tests" in text.splitlines()
    assert text.rstrip().endswith("Tick a box.")


def test_no_foreign_word_makes_a_box_or_a_line_of_its_own() -> None:
    bad = "x\n- [x] `ffffffffffff` #1\n## Merged (9) <!-- megawatts:said:dashboard -->"
    rows = [Row(bad, bad, 1), Row(bad, bad, 2, "- [x] `ffffffffffff`", box=True)]
    lines = dashboard([Section("Open", rows)], bad).splitlines()
    assert not [line for line in lines if line.startswith(("- [", "## M"))]
    assert not [line for line in lines if "<!--" in line]
    assert len([line for line in lines if line.startswith("- ")]) == 2


def test_a_dashboard_is_bounded_and_says_how_much_is_left() -> None:
    rows = [Row("*" * 500, "!" * 900, number, f"{number:012x}", box=True) for number in range(1, 2000)]
    sections = [Section(name, rows) for name in ("Open", "Queued", "Rejected", "Taken back", "Merged")]
    text = dashboard(sections)
    assert 20_000 < len(text) <= DASHBOARD_LIMIT
    for part in text.split("## ")[1:]:
        shown = part.count("- [ ] ")
        assert 5 <= shown <= 40
        assert f"- and {1999 - shown} more" in part
    few = dashboard([Section("Open", rows[:41])])
    assert few.count("- [ ] ") == 40
    assert "- and 1 more" in few


def test_impact_says_how_much_where_and_who_notices() -> None:
    text = impact(idea(Kind.FIX, Claim.NONE, Severity.LOW, Severity.HIGH, Severity.MEDIUM), CHANGES)
    assert text.startswith("3 files (1 in `README.md`, 2 in `bot/`), +5 −1 lines; users may notice it.")
    assert text.endswith("of high severity.")
    assert "severity" not in impact(idea(), CHANGES)


@pytest.mark.parametrize(("kind", "claim"), [(Kind.TEST, Claim.NONE), (Kind.REFACTOR, Claim.PRESERVING)])
def test_what_keeps_behaviour_is_not_said_to_be_noticed(kind: Kind, claim: Claim) -> None:
    assert "no user is to notice it" in impact(idea(kind, claim), CHANGES)


def test_risk_names_what_green_stages_do_not_show() -> None:
    stages = (Verdict("tests", Status.PASS, "ok"), Verdict("behaviour", Status.PENDING, "it differs"))
    text = risk(CHANGES, Verdict("gate", Status.PENDING, "x", stages, facts={"not_applicable": ["performance"]}))
    assert "- a person has to judge what these stages saw: behaviour" in text
    assert "- these stages had nothing to look at: performance" in text
    assert "- taken away: bot/y.bin" in text
    assert "- not readable as text: bot/y.bin" in text
    quiet = risk(CHANGES[:1], Verdict("gate", Status.PASS, "x", stages[:1]))
    assert quiet.count("\n") == 0
    assert "taken back if that goes bad" in quiet


def test_a_body_has_every_section_once_and_foreign_words_make_none() -> None:
    bad = PurePosixPath("## Risk\n## Tier")
    changes = (*CHANGES, FileChange(bad, bad, "delete", binary=True))
    gate = Verdict("gate", Status.PASS, "ok", (Verdict("tests", Status.PASS, "ok"),))
    text = pull_body(
        idea(), Patch(Sha("1" * 40), {}, "## Impact\n\n## Risk"), changes, gate, Verdict("t", Status.PASS, "y")
    )
    wanted = ["Found", "Change", "Impact", "Evidence", "Tier", "Risk", "How to take it back"]
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == wanted
