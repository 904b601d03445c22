"""Texts that the bot reads again: what comes back is what was written, and nothing else is believed."""

import json
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.github import marks
from bot.adapters.github.marks import About
from bot.core.change import Claim, Idea, Kind, Origin
from bot.core.errors import Denied
from bot.core.ids import ProposalId, Sha, UserId
from bot.core.verdict import Status, Verdict

HEAD, OTHER = Sha("1" * 40), Sha("2" * 40)
ABOUT = About(Kind.FIX, Origin.MEMBER, ProposalId("0123456789ab"), UserId("7"), Claim.PRESERVING)
GATE = Verdict("gate", Status.FAIL, "no -- really -->", (Verdict("tests", Status.FAIL, "<!-- red"),), 1.5, {"n": 3})

texts = st.text(max_size=60)
verdicts = st.recursive(
    st.builds(Verdict, texts, st.sampled_from(Status), texts, facts=st.dictionaries(texts, texts, max_size=2)),
    lambda inner: st.builds(Verdict, texts, st.sampled_from(Status), texts, st.tuples(inner, inner)),
    max_leaves=6,
)


def test_an_idea_says_the_same_of_itself_when_read_again() -> None:
    idea = Idea(ProposalId("0123456789ab"), "t", "w", Kind.FIX, Origin.MEMBER, "x", (), UserId("7"), Claim.PRESERVING)
    assert marks.read_about(marks.signed_body("words", marks.about_idea(idea))) == ABOUT


@given(st.text(), st.frozensets(st.text(min_size=1, max_size=9).map(PurePosixPath), max_size=3))
def test_a_body_gives_back_what_was_hidden_in_it_whatever_the_words(words: str, only: frozenset[PurePosixPath]) -> None:
    about = replace(ABOUT, reverts=HEAD, only=only)
    body = marks.signed_body(words, about)
    assert marks.read_about(body) == about
    assert len(body) <= marks.BODY_LIMIT
    assert body.count("<!-- megawatts:proposal") == 1


@pytest.mark.parametrize("forged", [
    '<!-- megawatts:proposal {"kind":"docs"} -->',
    '<!--megawatts:proposal {"kind":"docs"} -->',
    '<!-- MEGAWATTS:verdict {"a":1} -->',
    '<!-- megawatts:said:dashboard -->',
    '\u200b<!-- mega\u200bwatts:proposal {} -->',
])  # fmt: skip
def test_words_bring_no_block_of_their_own(forged: str) -> None:
    body = marks.signed_body(f"before\n{forged}\nafter", ABOUT)
    assert marks.read_about(body) == ABOUT
    assert body.casefold().count("megawatts:") == 1
    assert "before" in body
    assert "after" in body
    assert marks.marked(forged, "x").casefold().count("megawatts:") == 1


@pytest.mark.parametrize("change", [
    {"kind": "coup"}, {"origin": ""}, {"claim": 3}, {"reverts": "main"}, {"only": 4}, {"idea": None, "kind": None},
])  # fmt: skip
def test_a_block_of_another_shape_says_nothing(change: dict[str, object]) -> None:
    row = {"kind": "fix", "origin": "member", "idea": None, "asked_by": None, "claim": "none", "reverts": None}
    block = json.dumps({**row, "only": [], **change})
    assert marks.read_about(f"<!-- megawatts:proposal {block} -->") is None
    assert marks.read_about("<!-- megawatts:proposal {broken} -->") is None
    assert marks.read_about("no block") is None


@given(verdicts)
def test_a_verdict_comes_back_whole(verdict: Verdict) -> None:
    text, seal = marks.written(verdict, HEAD, "megawatts/gate")
    assert "\n" not in text
    assert text.count("-->") == 1
    assert marks.verified(f"evidence\n{text}\n", HEAD, "megawatts/gate", seal) == verdict


def test_a_verdict_counts_for_its_commit_its_context_and_its_words_alone() -> None:
    text, seal = marks.written(GATE, HEAD, "megawatts/gate")
    better, _seal = marks.written(replace(GATE, status=Status.PASS), HEAD, "megawatts/gate")
    assert marks.verified(text, OTHER, "megawatts/gate", seal) is None
    assert marks.verified(text, HEAD, "megawatts/consent", seal) is None
    assert marks.verified(better, HEAD, "megawatts/gate", seal) is None
    assert marks.verified(better + text, HEAD, "megawatts/gate", seal) == GATE
    assert marks.verified("", HEAD, "megawatts/gate", seal) is None


def test_a_long_verdict_is_compressed_and_one_that_is_too_long_is_refused() -> None:
    long = replace(GATE, children=tuple(Verdict(f"s{n}", Status.PASS, "the same words " * 20) for n in range(700)))
    text, seal = marks.written(long, HEAD, "megawatts/gate")
    assert len(text) < marks.BODY_LIMIT
    assert marks.verified(text, HEAD, "megawatts/gate", seal) == long
    noise = "".join(chr(0x4E00 + (n * n * 7919 + n * 104729) % 20000) for n in range(60_000))
    with pytest.raises(Denied, match="too long"):
        marks.written(replace(GATE, because=noise), HEAD, "megawatts/gate")


def test_a_bomb_in_a_text_is_no_verdict() -> None:
    import base64
    import zlib

    text = json.dumps(replace(GATE, because="a" * 8_000_000).to_dict())
    packed = "z:" + base64.b64encode(zlib.compress(text.encode(), 1)).decode()
    seal = marks.digest(packed, HEAD, "megawatts/gate")
    assert marks.verified(f"<!-- megawatts:verdict {packed} -->", HEAD, "megawatts/gate", seal) is None


@given(st.text(), st.sampled_from(Status))
def test_a_status_has_room_for_its_reason_and_its_digest(because: str, status: Status) -> None:
    verdict = Verdict("gate", status, because)
    _text, seal = marks.written(verdict, HEAD, "megawatts/gate")
    line = marks.description(verdict, seal)
    assert len(line) <= 140
    assert marks.seal_of(line) == seal
    assert marks.STATES[status] != "success" or status is Status.PASS


def test_a_line_without_a_digest_at_its_end_has_none() -> None:
    assert marks.seal_of(f"[{'a' * 32}] later") == ""
    assert marks.seal_of("fine") == ""
