"""Chains: what is whole passes; whatever is changed, dropped, moved, copied or cut off is found and named."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import PullNumber, Sha, Tree
from bot.core.verdict import Verdict
from bot.policy.provenance import (
    GENESIS,
    PAYLOAD,
    Broken,
    Link,
    Stage,
    Step,
    canonical,
    encoded,
    extend,
    parse,
    render,
)
from bot.policy.provenance_check import Ground, anchors_on, commits_of, verify

T0 = datetime(2026, 6, 1, 12, tzinfo=UTC)
BASE, HEAD, MERGE, OTHER = (Sha(letter * 40) for letter in "1234")
TREE, WRONG = Tree("a" * 40), Tree("b" * 40)
BY = Sha("9" * 40)


class Hmac:
    """A key for tests of rules: what signs here is not what is under test."""

    def __init__(self, keyid: str) -> None:
        self.keyid = keyid

    def sign(self, message: bytes) -> bytes:
        return hmac.digest(self.keyid.encode(), message, "sha256")


def check(key: str, message: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(Hmac(key).sign(message), signature)


OURS, FOREIGN = Hmac("ours"), Hmac("foreign")
GATE = Step(Stage.GATE, HEAD, TREE, {"result": "pass", "base": BASE, "passedTests": ["scope"]})
STEPS = (
    Step(Stage.FINDING, HEAD, TREE, {"origin": "analyst", "rules": ["any-flag"]}),
    Step(Stage.PATCH, HEAD, TREE, {"origin": "analyst", "base": BASE}),
    GATE,
    Step(Stage.APPROVAL, HEAD, TREE, {"by": "ada"}),
    Step(Stage.MERGE, MERGE, TREE, {"base": BASE, "head": HEAD, "approvals": ["ada"], "consent": "pass"}),
    Step(Stage.DEPLOY, MERGE, TREE, {"result": "running", "running": MERGE}),
    Step(Stage.HEALTH, MERGE, TREE, {"result": "pass"}),
)
GROUND = Ground(MERGE, {HEAD: TREE, MERGE: TREE}, (BASE, HEAD))
SIGNED = replace(GROUND, keys=frozenset({"ours"}))


def chain(steps: Sequence[Step] = STEPS, signer: Hmac | None = OURS, pull: int = 7) -> tuple[Link, ...]:
    made: tuple[Link, ...] = ()
    for second, step in enumerate(steps):
        made = extend(made, PullNumber(pull), step, T0 + timedelta(seconds=second), signer)
    return made


def ask(links: Sequence[Link] | str, ground: Ground = SIGNED) -> Verdict:
    return verify(links if isinstance(links, str) else render(links), ground, check)


def without(*stages: Stage) -> list[Step]:
    return [step for step in STEPS if step.stage not in stages]


def swapped(old: Stage, new: Step) -> list[Step]:
    return [new if step.stage is old else step for step in STEPS]


def test_a_whole_chain_passes_signed_or_not() -> None:
    signed = ask(chain())
    assert signed.passed, signed.because
    assert signed.facts == {"records": 7, "head": chain()[-1].digest, "signed": True}
    unsigned = ask(chain(signer=None), GROUND)
    assert unsigned.passed
    assert "unsigned" in unsigned.because, "nobody takes an unsigned chain for more than it is"


def test_a_record_is_an_in_toto_statement_signed_as_dsse_says() -> None:
    row = json.loads(render(chain()).splitlines()[2])
    statement = row["statement"]
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": "#7", "digest": {"gitCommit": HEAD, "gitTree": TREE}}]
    assert statement["predicateType"].endswith("/gate/v1")
    body = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    assert row["digest"] == hashlib.sha256(body).hexdigest()
    message = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(body), body)
    assert encoded(PAYLOAD, body) == message
    assert check("ours", message, base64.b64decode(row["signatures"]["ours"]))


def test_the_same_said_twice_is_one_record() -> None:
    once = chain()
    for step in STEPS:
        assert extend(once, PullNumber(7), step, T0 + timedelta(days=1), OURS) == once
    assert len(extend(once, PullNumber(7), replace(GATE, facts={"result": "fail"}), T0, OURS)) == len(once) + 1


def test_a_clock_that_is_set_back_does_not_break_a_chain() -> None:
    late = extend(chain(STEPS[:2]), PullNumber(7), GATE, T0 - timedelta(days=1), OURS)
    assert late[-1].at == late[-2].at
    assert "older" not in ask(late, replace(SIGNED, sha=HEAD, parents=(BASE,))).because


def test_no_chain_is_not_a_whole_one() -> None:
    for text in ("", "\n\n"):
        assert not ask(text).passed
        assert "no provenance" in ask(text).because


def test_an_open_proposal_has_a_chain_too() -> None:
    ground = replace(SIGNED, sha=HEAD, parents=(BASE,))
    assert ask(chain(STEPS[:3]), ground).passed
    assert "missing: patch" in ask(chain(STEPS[:1]), ground).because


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (Stage.FINDING, "missing: finding"),
        (Stage.PATCH, "record 2 (gate) is about 222222222222, which no patch before it made"),
        (Stage.GATE, "missing: gate on 222222222222 and its base"),
        (Stage.APPROVAL, "missing: approval of ada"),
        (Stage.MERGE, "missing: merge"),
        (Stage.DEPLOY, "missing: deploy"),
    ],
)
def test_a_step_that_is_missing_is_named(stage: Stage, words: str) -> None:
    steps = without(stage, *((Stage.DEPLOY, Stage.HEALTH) if stage is Stage.MERGE else ()))
    found = ask(chain(steps), replace(SIGNED, trees={HEAD: TREE, MERGE: TREE}))
    assert not found.passed
    assert words in " ".join(child.because for child in found.children)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (Stage.GATE, replace(GATE, facts={"result": "fail", "base": BASE}), "although the gate said fail"),
        (Stage.GATE, replace(GATE, facts={"result": "pass", "base": OTHER}), "missing: gate on"),
        (Stage.GATE, replace(GATE, commit=OTHER), "which no patch before it made"),
        (Stage.APPROVAL, Step(Stage.APPROVAL, OTHER, TREE, {"by": "ada"}), "on another head"),
        (Stage.APPROVAL, Step(Stage.APPROVAL, HEAD, TREE, {"by": "eve"}), "missing: approval of ada"),
        (Stage.PATCH, Step(Stage.PATCH, OTHER, TREE, {"origin": "analyst"}), "while the last patch is"),
        (Stage.PATCH, Step(Stage.PATCH, HEAD, WRONG, {"origin": "analyst"}), f"is {TREE}, not {WRONG}"),
        (Stage.MERGE, replace(STEPS[4], tree=WRONG), f"is {TREE}, not {WRONG}"),
        (Stage.MERGE, replace(STEPS[4], facts={**STEPS[4].facts, "consent": "none"}), "missing: consent"),
        (Stage.MERGE, replace(STEPS[4], facts={**STEPS[4].facts, "base": OTHER}), "does not join"),
        (Stage.HEALTH, Step(Stage.MERGE, MERGE, TREE, {"head": OTHER}), "second merge"),
    ],
)
def test_what_does_not_fit_is_named(old: Stage, new: Step, words: str) -> None:
    found = ask(chain(swapped(old, new)))
    assert not found.passed
    assert words in " ".join(child.because for child in found.children)


@pytest.mark.parametrize(
    ("how", "whole"), [([], True), (["safe"], True), (["vote"], True), (["override"], True), (["maintainer"], False)]
)
def test_who_agreed_by_review_is_on_record(how: list[str], whole: bool) -> None:
    facts = {"base": BASE, "head": HEAD, "approvals": [], "consent": "pass", "how": how}
    found = ask(
        chain([s for s in swapped(Stage.MERGE, replace(STEPS[4], facts=facts)) if s.stage is not Stage.APPROVAL])
    )
    assert found.passed == whole
    assert ("no review is on record" in found.because) == (not whole)


def test_an_approval_of_an_earlier_head_is_found_even_where_the_present_one_has_another() -> None:
    earlier = [Step(Stage.PATCH, OTHER, TREE, {"origin": "person"}), Step(Stage.APPROVAL, OTHER, TREE, {"by": "ada"})]
    found = ask(chain([*STEPS[:1], *earlier, *STEPS[1:]]))
    assert "record 3 (approval) of ada is on another head" in found.because


def test_what_git_shows_to_have_happened_must_be_on_record() -> None:
    reverted = replace(SIGNED, reverts=frozenset({BY}))
    assert "missing: revert by 999999999999" in ask(chain(), reverted).because
    assert ask(chain([*STEPS, Step(Stage.REVERT, MERGE, TREE, {"by": BY})]), reverted).passed
    assert "missing: health" in ask(chain(STEPS[:6]), replace(SIGNED, versions=("v1.2.3",))).because
    assert ask(chain(STEPS[:6])).passed, "a watch that is under way is nothing missing"


def test_a_revert_is_judged_by_its_proof() -> None:
    proof = Step(Stage.INVERSE, HEAD, TREE, {"result": "pass", "base": BASE, "reverts": OTHER})
    merge = replace(STEPS[4], facts={"base": BASE, "head": HEAD, "consent": "pass", "reverts": OTHER, "approvals": []})
    way = [Step(Stage.PATCH, HEAD, TREE, {"origin": "revert"}), proof, merge]
    assert ask(chain(way)).passed
    assert not ask(chain([way[0], replace(proof, facts={**proof.facts, "result": "fail"}), merge])).passed
    assert not ask(chain([way[0], merge])).passed
    plain = {key: value for key, value in merge.facts.items() if key != "reverts"}
    assert not ask(chain([*way[:2], replace(merge, facts=plain)])).passed, "no other change goes by that proof"


ATTACKS: dict[str, Callable[[list[str]], list[str]]] = {
    "edited": lambda rows: [rows[0].replace("any-flag", "any-flaw"), *rows[1:]],
    "edited with a new digest": lambda rows: [rehashed(rows[0], "any-flag", "any-flaw"), *rows[1:]],
    "dropped": lambda rows: [*rows[:3], *rows[4:]],
    "first dropped": lambda rows: rows[1:],
    "reordered": lambda rows: [rows[1], rows[0], *rows[2:]],
    "replayed": lambda rows: [*rows, rows[2]],
    "all replayed": lambda rows: [*rows, *rows],
    "cut within the way": lambda rows: rows[:4],
    "not a record": lambda rows: [*rows, "{}"],
    "not spelt so": lambda rows: [rows[0].replace('"number":1', '"number": 1'), *rows[1:]],
    "a key twice": lambda rows: [rows[0].replace('"digest"', '"digest":"","digest"', 1), *rows[1:]],
    "not JSON": lambda rows: ["[[", *rows],
    "deeply nested": lambda rows: ["[" * 100_000, *rows],
    "unsigned": lambda rows: render(chain(signer=None)).splitlines(),
    "signed by another": lambda rows: render(chain(signer=FOREIGN)).splitlines(),
    "one signed by another": lambda rows: render([*chain()[:-1], *chain(signer=FOREIGN)[-1:]]).splitlines(),
    "signature of another record": lambda rows: borrowed(),
    "of another commit": lambda rows: render(
        chain([replace(s, commit=OTHER) if s.stage is Stage.MERGE else s for s in STEPS[:5]])
    ).splitlines(),
}


def rehashed(row: str, old: str, new: str) -> str:
    data = json.loads(row.replace(old, new))
    data["digest"] = hashlib.sha256(canonical(data["statement"])).hexdigest()
    return canonical(data).decode()


def borrowed() -> list[str]:
    links = list(chain())
    links[2] = replace(links[2], signatures=links[1].signatures)
    return render(links).splitlines()


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_every_way_to_tamper_with_a_note_is_found(attack: Callable[[list[str]], list[str]]) -> None:
    rows = render(chain()).splitlines()
    text = "\n".join(attack(rows)) + "\n"
    assert text != render(chain())
    assert not ask(text).passed


def test_without_keys_a_chain_that_was_written_anew_still_contradicts_the_chain_of_the_next_merge() -> None:
    mine = chain(signer=None)
    before = {"gitCommit": MERGE, "record": mine[-1].digest}
    later = render(chain([replace(STEPS[4], commit=OTHER, facts={"before": before})], None, 8))
    anchored = replace(GROUND, anchors=anchors_on(MERGE, ["not a chain", later]))
    forged = chain(swapped(Stage.APPROVAL, Step(Stage.APPROVAL, HEAD, TREE, {"by": "ada", "note": "x"})), None)
    assert ask(mine, anchored).passed
    assert ask(forged, GROUND).passed, "alone it cannot be told"
    assert "cut off or written anew" in ask(forged, anchored).because
    assert "cut off" in ask(mine[:-1], anchored).because
    assert anchors_on(BASE, [later]) == ()


def test_a_key_of_later_signs_only_what_is_later() -> None:
    rotated = replace(SIGNED, later_keys=frozenset({"next"}))
    links = chain(STEPS[:5])
    for step in STEPS[5:]:
        links = extend(links, PullNumber(7), step, T0 + timedelta(hours=1), Hmac("next"))
    assert ask(links, rotated).passed
    assert not ask(links).passed
    assert not ask(chain(signer=Hmac("next")), rotated).passed, "the change may not bring the key that judges it"


def test_a_second_signature_takes_nothing_away() -> None:
    both = [replace(link, signatures={**link.signatures, "foreign": "AAAA"}) for link in chain()]
    assert ask(both).passed


def test_commits_are_named_for_looking_up_and_nothing_breaks_on_nonsense() -> None:
    assert commits_of(render(chain())) == {HEAD, MERGE}
    assert commits_of("nonsense") == frozenset()
    with pytest.raises(Broken, match="at most"):
        parse("{}\n" * 1001)


def test_pull_requests_are_not_mixed_but_a_chain_may_begin_before_it_has_a_number() -> None:
    begun = extend((), PullNumber(0), STEPS[0], T0, OURS)
    for second, step in enumerate(STEPS[1:]):
        begun = extend(begun, PullNumber(7), step, T0 + timedelta(seconds=second), OURS)
    assert ask(begun).passed
    mixed = extend(chain(STEPS[:6]), PullNumber(8), STEPS[6], T0, OURS)
    assert "is of #8" in ask(mixed).because
    assert begun[0].previous == GENESIS


@given(st.data())
def test_no_single_changed_character_of_a_signed_chain_passes(data: st.DataObject) -> None:
    text = render(chain())
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda one: one != text[place]))
    found = ask(text[:place] + letter + text[place + 1 :])
    assert not found.passed


@given(st.permutations(range(len(STEPS))), st.integers(0, len(STEPS)))
def test_no_other_order_and_no_part_with_the_merge_cut_passes(order: list[int], cut: int) -> None:
    links = chain()
    moved = [links[place] for place in order]
    assert ask(moved).passed == (order == sorted(order))
    assert ask(links[:cut]).passed == (cut >= 5), "what is after the merge may still be to come; anchors and tags tell"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
IN = ("statement", "predicate")
PLACES = [
    *[("digest",), ("signatures",), ("signatures", "ours"), ("statement",), ("statement", "subject"), IN],
    ("statement", "predicateType"),
    *[(*IN, name) for name in ("number", "at", "pull", "previous", "facts")],
    *[(*IN, "facts", name) for name in ("origin", "base", "head", "approvals", "before", "result", "by")],
]


@given(st.integers(0, 6), st.sampled_from(PLACES), JSON)
def test_nothing_that_a_note_may_hold_breaks_the_check(number: int, place: tuple[str, ...], value: object) -> None:
    """A forger who makes the digests fit gets a verdict, never a crash."""
    rows = [json.loads(line) for line in render(chain(signer=None)).splitlines()]
    part = rows[number]
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    if place != ("digest",):
        spelt = json.dumps(rows[number]["statement"], sort_keys=True, separators=(",", ":")).encode()
        rows[number]["digest"] = hashlib.sha256(spelt).hexdigest()
    text = "".join(json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n" for row in rows)
    for ground in (GROUND, replace(SIGNED, anchors=("0" * 64,), reverts=frozenset({BY}), versions=("v1",))):
        assert ask(text, ground).name == "provenance"
    assert isinstance(anchors_on(MERGE, [text]), tuple)
    assert isinstance(commits_of(text), frozenset)


@given(st.text())
def test_no_text_breaks_the_check(text: str) -> None:
    assert not ask(text).passed


def test_a_time_without_an_offset_is_no_time() -> None:
    naive = replace(chain(signer=None)[0], at=T0.replace(tzinfo=None))
    assert "not a record" in ask([naive], GROUND).because
