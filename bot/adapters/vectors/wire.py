"""Frames between the bot and its worker: a JSON head, then 32-bit floats as bytes."""

import json
import struct
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

HEAD = struct.Struct("<II")
"""Bytes of the head, bytes of the numbers."""
LARGEST = 64 << 20
"""Bytes of one frame; beyond that it is broken."""

Frame = tuple[dict[str, Any], "array[float]"]


def pack(head: Mapping[str, Any], numbers: Sequence[float] = ()) -> bytes:
    """One frame as bytes."""
    text = json.dumps(head, separators=(",", ":")).encode()
    raw = (numbers if isinstance(numbers, array) else array("f", numbers)).tobytes()
    return HEAD.pack(len(text), len(raw)) + text + raw


def sizes(raw: bytes) -> tuple[int, int]:
    """Bytes of head and numbers that follow. ValueError if they cannot be right."""
    head, numbers = HEAD.unpack(raw)
    if head + numbers > LARGEST or numbers % 4:
        raise ValueError("no frame begins here")
    return head, numbers


def parse(head: bytes, numbers: bytes) -> Frame:
    """The two parts of a frame. ValueError if the head is not an object."""
    row = json.loads(head)
    if not isinstance(row, dict):
        raise ValueError("the head is no object")  # noqa: TRY004  (a broken frame, whatever broke it)
    found = array("f")
    found.frombytes(numbers)
    return row, found


def rows(numbers: "array[float]", size: int) -> list[tuple[float, ...]]:
    """The numbers cut into vectors of one size."""
    return [tuple(numbers[at : at + size]) for at in range(0, len(numbers), size)]
