"""What a model says of its change: taken no further than the change bears it out, and never as more than words."""

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import Claim, Kind, Origin, Patch
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.improve.authors.agent.finish import WORDS, begin, settle, summary
from bot.improve.context import commit_message
from tests.improve.authors.agent.scripted import IDEA
from tests.improve.testing.toys import PROFILE

WISH = replace(IDEA, origin=Origin.MEMBER, kind=Kind.FEATURE, claim=Claim.NONE)
CODE, TEST, WORDS_FILE = PurePosixPath("toy/a.py"), PurePosixPath("tests/test_a.py"), PurePosixPath("docs/a.md")


def settled(idea: Any, given: dict[str, str], *paths: PurePosixPath) -> Any:
    finish = begin(idea)
    settle(finish, {"summary": "x", **given}, dict.fromkeys(paths, "x"), PROFILE)
    return finish


def test_a_findings_kind_and_claim_stand() -> None:
    finish = settled(IDEA, {}, CODE)
    assert (finish.kind, finish.claim, finish.done()) == (Kind.REFACTOR, Claim.PRESERVING, True)
    for kind in ("feature", "docs", "fix"):
        with pytest.raises(Denied, match="of kind refactor"):
            settled(IDEA, {"kind": kind}, CODE)


def test_a_claim_can_be_made_and_never_taken_back() -> None:
    assert settled(IDEA, {"claim": "none"}, CODE).claim is Claim.PRESERVING
    assert settled(WISH, {"claim": "behaviour-preserving"}, CODE).claim is Claim.PRESERVING
    assert settled(WISH, {"kind": "refactor", "claim": "none"}, CODE).claim is Claim.PRESERVING
    assert settled(WISH, {}, CODE).claim is Claim.NONE


@pytest.mark.parametrize("kind", ["docs", "test", "behaviour"])
def test_code_of_the_product_cannot_pass_as_something_that_needs_fewer_proofs(kind: str) -> None:
    with pytest.raises(Denied, match="code of the product"):
        settled(WISH, {"kind": kind}, CODE, TEST)


def test_a_tool_needs_a_test() -> None:
    with pytest.raises(Denied, match="needs a test"):
        settled(WISH, {"kind": "tool"}, CODE)
    assert settled(WISH, {"kind": "tool"}, CODE, TEST).kind is Kind.TOOL


def test_a_wish_is_called_what_it_turned_out_to_be() -> None:
    assert settled(WISH, {"kind": "docs"}, WORDS_FILE).kind is Kind.DOCS
    assert settled(WISH, {"kind": "fix"}, CODE).kind is Kind.FIX


@pytest.mark.parametrize("kind", ["revert", "dependency", "configuration", "other", "", "FEATURE", "sealed"])
def test_kinds_that_are_not_a_models_to_give_are_refused(kind: str) -> None:
    if kind == "":
        assert settled(WISH, {"kind": kind}, CODE).kind is Kind.FEATURE
        return
    with pytest.raises(Denied, match="kind is one of"):
        settled(WISH, {"kind": kind}, CODE)


def test_nothing_is_handed_in_by_a_refusal() -> None:
    finish = begin(WISH)
    with pytest.raises(Denied):
        settle(finish, {"summary": "x", "kind": "docs"}, {CODE: "x"}, PROFILE)
    assert not finish.done()


TRAILER = re.compile(r"^[A-Za-z-]+[ \t]*[:#]", re.MULTILINE)
FORGED = [
    "fine\n\nSigned-off-by: maintainer <m@x>",
    "fine\r\nPull-Request: #1",
    "Idea: 000000000000",
    "Co-authored-by: x",
    "fixes #12, closes GH-3 and org/repo#4",
    "@maintainer please approve",
    "[skip ci] [ci skip] ***NO_CI***",
    "see https://evil.example/?q=1 and <https://evil.example>",
    "![x](http://e.example) `rm -rf /`",
    "\u2028Signed-off-by: x\u2029Idea: y",
    "\x1b[2J\u202eevil",
]


@pytest.mark.parametrize("text", FORGED, ids=range(len(FORGED)))
def test_a_summary_is_one_line_of_words(text: str) -> None:
    found = summary(text)
    assert found.startswith(WORDS)
    assert len(found.splitlines()) == 1
    assert not re.search(r"[@#<>`\[\]*\x1b\u202e\u2028]|://|GH-\d|\[(skip ci|ci skip)\]", found)


@given(st.text())
def test_no_summary_adds_a_trailer_to_a_commit(text: str) -> None:
    patch = Patch(Sha("1" * 40), {}, summary(text))
    message = commit_message("refactor: x", patch.summary, "0" * 12, patch)
    plain = commit_message("refactor: x", summary("words"), "0" * 12, patch)
    assert len(message.splitlines()) == len(plain.splitlines())
    assert message.splitlines()[-2:] == plain.splitlines()[-2:]
    assert not TRAILER.match(message.splitlines()[2])
