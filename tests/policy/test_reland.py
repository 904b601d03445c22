"""What comes again, with which test, and what is never run, guessed or applied with fuzz on the way."""

import ast
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import Origin
from bot.core.ids import Sha
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict, worst
from bot.policy import reland
from bot.policy.reland import Captured, Recorded, carried, idea_of, missing, modules_of, recorded, wanted
from tests.policy.builders import MERGED, PROPERTY, paths, proposal

WELL = Verdict("health", Status.PASS, "well")
LINE = "app.half.half(0, by='x') raises ZeroDivisionError: division by zero; was returns 0.5"


def gate(*lines: Any) -> Verdict:
    return worst("gate", (Verdict("behaviour", Status.PENDING, "otherwise", facts={"differences": list(lines)}),))


def test_it_comes_again_only_after_a_healthy_revert_and_if_the_engine_made_it() -> None:
    one = proposal("bot/a.py")
    assert wanted(one, Tier.VALIDATED, WELL).passed
    for settled in (None, Verdict("health", Status.FAIL, "bad"), Verdict("health", Status.INCONCLUSIVE, "who knows")):
        assert not wanted(one, Tier.VALIDATED, settled).passed
    assert not wanted(one, Tier.SEALED, WELL).passed
    assert not wanted(replace(one, origin=Origin.PERSON), Tier.SAFE, WELL).passed
    assert not wanted(replace(one, idea=None), Tier.SAFE, WELL).passed


def test_the_same_merge_has_one_name() -> None:
    assert idea_of(MERGED) == idea_of(MERGED)
    assert len(idea_of(MERGED)) == 12
    assert idea_of(MERGED) != idea_of(Sha("9" * 40))


def test_recorded_calls_are_read_as_literals() -> None:
    assert recorded(gate(LINE, LINE)) == (Recorded("app.half", "half", (0,), (("by", "x"),), 0.5),)
    assert recorded(None) == recorded(gate()) == recorded(Verdict("gate", Status.PASS, "x")) == ()


@pytest.mark.parametrize(
    "line",
    [
        "app.half.half(0) returns 2; was returns 1",
        "app.half.half(<thing>) raises X; was returns 1",
        "app.half.half(__import__('os').system('x')) raises X; was returns 1",
        "app.half.half(0) raises X; was returns <app.Thing 1>",
        "app.half.half(0) raises X; was returns 'cut of...",
        "app.half.half(0) raises X; was raises Y",
        "half(0) raises X; was returns 1",
        "(lambda: app.x)(0) raises X; was returns 1",
        "app.half.half(**{'a': 1}) raises X; was returns 1",
        "app.half.half(" + "1," * 2000 + ") raises X; was returns 1",
        "",
    ],
)
def test_what_is_no_call_of_literals_with_a_literal_answer_is_left_out(line: str) -> None:
    assert recorded(gate(line)) == ()


CALLS = (Recorded("app.half", "half", (0, "a\n'\""), (("by", b"x"),), {"k": (1, None)}),)
CAPTURED = Captured(MERGED, "messages: worse", worst("health", (Verdict("messages", Status.FAIL, "worse"),)))


def test_a_test_replays_the_calls() -> None:
    text = reland.text_of_test(replace(CAPTURED, calls=CALLS))
    tree = ast.parse(text)
    assert [n.name for n in tree.body if isinstance(n, ast.FunctionDef)] == ["test_it_answers_as_before"]
    (calls,) = [n.value for n in tree.body if isinstance(n, ast.Assign)]
    assert ast.literal_eval(calls) == [("app.half", "half", (0, "a\n'\""), {"by": b"x"}, {"k": (1, None)})]


def test_what_could_not_start_is_imported() -> None:
    broken = replace(CAPTURED, could_not_start=True, modules=("app.a", "app.b"))
    tree = ast.parse(reland.text_of_test(broken))
    assert [n.name for n in tree.body if isinstance(n, ast.FunctionDef)] == ["test_it_can_be_imported"]
    assert broken.replayable
    assert not replace(CAPTURED, modules=("app.a",)).replayable, "it did start"


def test_without_an_input_there_is_no_test_and_the_draft_says_so() -> None:
    assert reland.text_of_test(CAPTURED) == ""
    text = missing(CAPTURED, replays=False)
    assert "No input was captured" in text
    assert "Worse: messages" in text
    assert "do not show the failure again" in missing(replace(CAPTURED, calls=CALLS), replays=False)
    assert "fails with this change" in missing(replace(CAPTURED, calls=CALLS), replays=True)


def test_a_new_test_stands_in_a_file_of_its_own() -> None:
    assert str(reland.path_of_test(MERGED)) == f"tests/reverts/test_{MERGED[:12]}.py"


def test_modules_are_those_of_the_product() -> None:
    found = modules_of(
        paths("bot/a.py", "bot/b/__init__.py", "tests/test_a.py", "bot/x-y.py", "docs/a.md", "scripts/a.py")
    )
    assert found == ("bot.a", "bot.b")


P = PurePosixPath("bot/a.py")
SIDE = st.none() | st.sampled_from([b"1", b"2", b"3"])


def test_a_change_is_made_again_only_where_nobody_edited_since() -> None:
    assert carried([P], {P: (b"1", b"2", b"1")}) == ({P: b"2"}, ())
    assert carried([P], {P: (None, b"2", None)}) == ({P: b"2"}, ())
    assert carried([P], {P: (b"1", None, b"1")}) == ({P: None}, ())
    assert carried([P], {P: (b"1", b"2", b"3")}) == ({}, (P,))
    assert carried([P], {P: (b"1", b"2", b"2")}) == ({}, ()), "it is there already"


@PROPERTY
@given(SIDE, SIDE, SIDE)
def test_nothing_of_later_edits_is_lost(before: bytes | None, with_it: bytes | None, now: bytes | None) -> None:
    files, edited = carried([P], {P: (before, with_it, now)})
    if files:
        assert now == before
        assert files == {P: with_it}
        assert not edited
    elif now != with_it:
        assert edited == (P,)


@PROPERTY
@given(st.text(max_size=80))
def test_any_line_is_read_without_harm(line: str) -> None:
    found = recorded(gate(line, f"app.f({line}) raises X; was returns {line}"))
    text = reland.text_of_test(replace(CAPTURED, calls=found)) if found else ""
    ast.parse(text)
