"""Only names, numbers and single words of known facts leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.otlp.span import KEYS, Span, clean, new_span, new_trace

ONE = Span("step", new_trace(), new_span(), 1.0, 2.0)


def with_facts(**facts: object) -> Span:
    return Span("step", ONE.trace, ONE.id, 1.0, 2.0, facts=facts)  # type: ignore[arg-type]


def test_ids_have_the_lengths_of_the_standard_and_are_not_zero() -> None:
    traces, spans = {new_trace() for _ in range(50)}, {new_span() for _ in range(50)}
    assert {len(one) for one in traces} == {32}
    assert {len(one) for one in spans} == {16}
    assert len(traces) == len(spans) == 50
    assert all(int(one, 16) for one in traces | spans)


def test_known_facts_of_single_words_and_numbers_stay() -> None:
    facts = {"model": "llama/qwen3:4b", "cost": 0.25, "tokens.input": 7, "pull": 12, "head": "a" * 40}
    assert clean(with_facts(**facts)).facts == facts


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("because", "short"),
        ("text", "hello"),
        ("user", "123456"),
        ("model", "two words"),
        ("model", "x" * 65),
        ("tool", "line\nbreak"),
        ("tool", "ghp_" + "a1" * 18),
        ("kind", "zażółć"),
        ("status", ""),
        ("stage", ["list"]),
        ("stage", None),
    ],
)
def test_everything_else_is_left_out(key: str, value: object) -> None:
    assert clean(with_facts(**{key: value})).facts == {}


def test_a_name_that_is_no_word_is_not_sent() -> None:
    assert clean(Span("my password is x", ONE.trace, ONE.id, 1.0, 2.0)).name == "unnamed"


def test_an_end_is_never_before_its_start() -> None:
    assert clean(Span("step", ONE.trace, ONE.id, 5.0, 2.0)).end == 5.0


@given(st.dictionaries(st.one_of(st.sampled_from(sorted(KEYS)), st.text(max_size=9)), st.text(max_size=80)))
def test_no_sentence_leaves_under_any_name(facts: dict[str, str]) -> None:
    kept = clean(with_facts(x=1, **{k: v for k, v in facts.items() if k != "x"})).facts
    assert set(kept) <= KEYS
    assert not any(isinstance(v, str) and (set(v) & set(" \n\t\"'<>") or len(v) > 64) for v in kept.values())
