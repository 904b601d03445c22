"""Versions go up by one, by what the change is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import Kind
from bot.improve.release import latest, next_version


@pytest.mark.parametrize(
    ("tags", "kind", "expected"),
    [
        ([], Kind.TEST, "v0.0.1"),
        (["v0.1.9", "v0.1.10"], Kind.FIX, "v0.1.11"),
        (["v0.1.9"], Kind.FEATURE, "v0.2.0"),
        (["v1.2.3", "nightly", "v9", "v1.2.03", "xv9.9.9"], Kind.TOOL, "v1.3.0"),
    ],
)
def test_next_version(tags: list[str], kind: Kind, expected: str) -> None:
    assert next_version(tags, kind) == expected


@given(st.lists(st.tuples(*[st.integers(0, 50)] * 3)), st.sampled_from(Kind))
def test_a_new_version_is_higher_than_every_old_one(old: list[tuple[int, int, int]], kind: Kind) -> None:
    tags = [f"v{a}.{b}.{c}" for a, b, c in old]
    assert latest([next_version(tags, kind)]) > latest(tags)
