"""What people read: foreign text is shown, and neither hides nor commands anything."""

from datetime import UTC, datetime
from pathlib import PurePosixPath

from bot.core.change import Kind, Proposal
from bot.core.ids import PullNumber, Sha, Tree
from bot.core.verdict import Status, Verdict
from bot.improve.body import dashboard, evidence, plain, tree


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


def test_the_dashboard_lists_each_proposal_once_in_its_group() -> None:
    base = Proposal(
        pull=PullNumber(1),
        branch="megawatts/000000000000",
        title="test: a [title]",
        head=Sha("a" * 40),
        head_tree=Tree("b" * 40),
        base=Sha("c" * 40),
        paths=frozenset({PurePosixPath("x")}),
        author="megawatts[bot]",
        opened=datetime(2026, 1, 1, tzinfo=UTC),
        kind=Kind.TEST,
        closed=True,
    )
    text = dashboard([base], {base.pull: "close: tests"}, {}, "deploys fail")
    assert "**Stopped:** deploys fail" in text
    assert "## Closed (1)" in text
    assert "## Open (0)" in text
    assert text.count("#1 test: a") == 1
    assert "- [ ] #1" in text
