"""What reviewers are told: their own words as plain text, what was done, and never more than was done."""

from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from bot.core.ids import Sha
from bot.core.votes import Remark
from bot.improve.reviews import words
from bot.policy.review_rounds import Move, Round

HEAD = Sha("a" * 40)
LINE = Remark("line-1", "ada", HEAD, datetime(2026, 6, 1, tzinfo=UTC), "shorter", PurePosixPath("a_b.py"), 3)
WHOLE = Remark("review-1", "ada", HEAD, datetime(2026, 6, 1, tzinfo=UTC), "no")


def test_an_answer_quotes_what_it_answers() -> None:
    said = words.answered(LINE, "done")
    assert said.startswith("> ada on `a\\_b.py:3`: shorter\n\n")
    assert words.answered(WHOLE, "done").startswith("> ada on `aaaaaaaaaaaa`: no\n\n")


@pytest.mark.parametrize(
    "text", ["# Title", "a\n\nb", "[x](http://e.invalid)", "<script>", "@org/team", "x`y", "\u200bz"]
)
def test_no_words_of_a_reviewer_are_markup_of_ours(text: str) -> None:
    said = words.answered(Remark("r", "ada", HEAD, LINE.at, text), "done").splitlines()
    assert len(said) == 3
    assert said[0].startswith("> ")
    assert said[2] == "done"
    for mark in "[]<@#":
        assert mark not in said[0].replace(f"\\{mark}", "").replace("`aaaaaaaaaaaa`", "")


def test_only_a_refusal_that_closes_is_told_so() -> None:
    assert "closed with your reason" in words.unread(WHOLE)
    line = Remark("line-1", "ada", HEAD, LINE.at, "x", requests_changes=False)
    assert "closed" not in words.unread(line)
    assert "person has to change it" in words.unread(line)


def test_the_commit_names_reviewers_and_none_of_their_words() -> None:
    turn = Round(Move.REVISE, 2, (LINE, WHOLE))
    assert words.commit_words(turn) == "Revised as asked in review by ada (round 2)."
    assert "round 2 of 3" in words.changed(HEAD, "x", 2)
    assert "round 2 of 3" in words.kept("x", 2)
