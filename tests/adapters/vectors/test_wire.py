"""Frames, hashed words and the worker's answers to frames that ask for nothing sensible."""

import io
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.vectors import wire
from bot.adapters.vectors.sparse import asked, point_id, weighed
from bot.adapters.vectors.worker import Worker, main


def unpack(raw: bytes) -> wire.Frame:
    head, numbers = wire.sizes(raw[: wire.HEAD.size])
    rest = raw[wire.HEAD.size :]
    assert len(rest) == head + numbers
    return wire.parse(rest[:head], rest[head:])


@given(
    st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3),
    st.lists(st.floats(width=32, allow_nan=False)),
)
def test_what_is_packed_comes_out(head: dict[str, str], numbers: list[float]) -> None:
    assert unpack(wire.pack(head, numbers)) == (head, array("f", numbers))


@pytest.mark.parametrize("raw", [b"\xff" * 8, b"\x00\x00\x00\x00\x03\x00\x00\x00"])
def test_what_is_no_frame_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="no frame"):
        wire.sizes(raw)


def test_a_head_must_be_an_object() -> None:
    with pytest.raises(ValueError, match="no object"):
        wire.parse(b"[]", b"")


def test_numbers_are_cut_into_vectors() -> None:
    assert wire.rows(array("f", [1, 2, 3, 4]), 2) == [(1, 2), (3, 4)]


def test_words_are_hashed_ascending_and_repeats_count_less_each_time() -> None:
    indices, weights = weighed("Tea tea TEA cake")
    assert indices == sorted(indices)
    assert len(indices) == 2
    assert 1 < max(weights) / min(weights) < 3
    assert set(asked("cake, tea?")[0]) == set(indices)
    assert asked("cake cake") == (asked("cake")[0], [1.0])
    assert weighed("?!") == ([], [])


def test_a_word_counts_less_in_a_longer_text() -> None:
    short, long = weighed("tea"), weighed("tea " + " ".join(f"word{number}" for number in range(30)))
    at = long[0].index(short[0][0])
    assert long[1][at] < short[1][0]


def test_ids_become_uuids_that_differ() -> None:
    assert point_id("a") == point_id("a") != point_id("b")
    assert len(point_id("a")) == 36


@pytest.mark.parametrize("head", [{}, {"do": "search"}, {"do": "put", "folder": 3}])
def test_a_frame_that_asks_for_nothing_sensible_is_answered(head: dict[str, object]) -> None:
    answer, numbers = unpack(Worker().do(head, array("f")))
    assert "unavailable" in answer
    assert not numbers


def test_the_worker_answers_until_its_input_ends() -> None:
    source, target = io.BytesIO(wire.pack({}) * 2), io.BytesIO()
    main(source, target)
    assert target.getvalue().count(b"unavailable") == 2


def test_a_broken_frame_ends_the_worker() -> None:
    with pytest.raises(SystemExit):
        main(io.BytesIO(b"\xff" * 20), io.BytesIO())
