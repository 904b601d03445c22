"""The protocol between controller and key holder: exactly the agreed messages, or nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import broker_words as words
from bot.core.model import Prompt, Said, ToolSchema

VALUES: dict[type, Any] = {
    int: st.integers(0, 2**40),
    str: st.text(max_size=50),
    bool: st.booleans(),
    dict: st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    list: st.lists(st.integers(), max_size=3),
    float: st.floats(0, 1e9),
}
MESSAGES = [(kind, shape, known) for known in (words.TO_BROKER, words.FROM_BROKER) for kind, shape in known.items()]


@pytest.mark.parametrize(("kind", "shape", "known"), MESSAGES, ids=[kind for kind, _, _ in MESSAGES])
@given(data=st.data())
def test_every_message_comes_back_as_it_was_sent(kind: str, shape: Any, known: Any, data: Any) -> None:
    row = {name: data.draw(VALUES[of]) for name, of in shape.items()}
    assert words.decode(words.encode(kind, **row), known) == {"type": kind, **row}


@pytest.mark.parametrize(("kind", "shape", "known"), MESSAGES, ids=[kind for kind, _, _ in MESSAGES])
def test_a_field_too_few_too_many_or_of_another_type_is_refused(kind: str, shape: Any, known: Any) -> None:
    right: dict[str, Any] = {name: of(1) if of in {int, float, bool, str} else of() for name, of in shape.items()}
    assert words.decode(words.encode(kind, **right), known)
    for name in shape:
        with pytest.raises(words.Broken):
            words.decode(words.encode(kind, **{k: v for k, v in right.items() if k != name}), known)
        for wrong in (None, [None], {"a": {}}, -1, True if shape[name] is not bool else 1):
            if type(wrong) is shape[name]:
                continue
            with pytest.raises(words.Broken):
                words.decode(words.encode(kind, **{**right, name: wrong}), known)
    with pytest.raises(words.Broken):
        words.decode(words.encode(kind, **right, extra=1), known)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"null\n",
        b"[1]\n",
        b'{"type": "think"}\n',
        b'{"type": ["call"]}\n',
        b'{"type": "error", "id": 1, "denied": true, "because": "x"}',
        b'{"type": "spent", "id": 1, "model": "m", "input_tokens": 1, "output_tokens": 1, "cost": NaN}\n',
        b'{"type": "spent", "id": 1, "model": "m", "input_tokens": 1, "output_tokens": 1, "cost": 1e999}\n',
        b'{"type": "spent", "id": 1, "model": "m", "input_tokens": -1, "output_tokens": 1, "cost": 1}\n',
        b'{"type": "spent", "id": 1, "model": "m", "input_tokens": 1, "output_tokens": 1, "cost": -1}\n',
        b'\xff\xfe{"type": "call"}\n',
        b"[" * 100_000 + b"\n",
        b"x" * (words.LONGEST + 1) + b"\n",
    ],
    ids=range(14),
)
def test_what_is_no_message_is_refused_without_its_content(line: bytes) -> None:
    with pytest.raises(words.Broken) as refused:
        words.decode(line, words.FROM_BROKER)
    assert len(str(refused.value)) < 120


def test_a_message_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(words.Broken, match="too long"):
        words.encode("result", id=1, call=1, text="x" * words.LONGEST)


def test_prompts_and_tools_travel_whole() -> None:
    prompt = Prompt("system", "text\n\u202e", history=(Said("bot", "a"), Said("member", "b", "Eve")), longest=7)
    assert words.prompt_from(json.loads(json.dumps(words.prompt_to(prompt)))) == prompt
    tool = ToolSchema("read", "Reads.", {"type": "object"})
    assert words.schema_from(json.loads(json.dumps(words.schema_to(tool)))) == tool


@pytest.mark.parametrize("row", [{}, {"system": "s", "text": "t", "history": [1], "longest": 1}, {"system": "s"}])
def test_a_prompt_of_another_shape_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(words.Broken):
        words.prompt_from(row)
    with pytest.raises(words.Broken):
        words.schema_from(row)
