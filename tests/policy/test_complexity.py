"""How hard a text is for a model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.complexity import HARD, judge

TRIVIAL = ["hi", "Thanks!", "danke", "ok", "a cat", ""]
SIMPLE = ["What is the capital of France?", "tell me something about the weather on the coast of Norway in May, please"]
HARD_ONES = [
    "Compare Rust and Go for a chat server and explain why.",
    "```python\ndef f(x): return x\n```\nWhy does this fail with a Traceback?",
    "Prove that 2^n > n for every n, step by step.",
    "Please analyse this. " + "The report says many things. " * 80,
    "Erkläre mir und vergleiche die Entwürfe: warum ist der zweite schneller?",
]


@pytest.mark.parametrize("text", TRIVIAL)
def test_small_talk_and_scraps_are_trivial(text: str) -> None:
    assert judge(text).complexity == "trivial"


@pytest.mark.parametrize("text", SIMPLE)
def test_a_question_is_simple(text: str) -> None:
    assert judge(text).complexity == "simple"


@pytest.mark.parametrize("text", HARD_ONES)
def test_work_is_hard(text: str) -> None:
    assert judge(text).complexity == "hard"


def test_small_talk_with_a_file_is_no_small_talk() -> None:
    assert judge("thanks", attachments=1).complexity != "trivial"


def test_every_point_is_told() -> None:
    judged = judge("Why does `a * b` differ? Explain.", context=9000, attachments=1)
    assert judged.points == sum(int(why.rsplit("+", 1)[1].rstrip(")")) for why in judged.because)
    assert "files (+2)" in judged.because
    assert "much context (+1)" in judged.because


@given(st.text(max_size=3000), st.integers(0, 20_000), st.integers(0, 4))
def test_it_is_total_and_context_never_makes_it_easier(text: str, context: int, files: int) -> None:
    judged = judge(text, context=context, attachments=files)
    assert judged == judge(text, context=context, attachments=files)
    assert (judged.complexity == "hard") == (judged.points >= HARD)
    assert judged.because
    assert judge(text).points <= judged.points
