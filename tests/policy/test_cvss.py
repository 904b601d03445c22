"""Base scores are those that FIRST and the NVD publish for the same vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.cvss import WEIGHTS, base_score


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", 5.9),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8),
        ("CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N", 8.6),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O", 9.8),
    ],
)
def test_scores_are_the_published_ones(vector: str, score: float) -> None:
    assert base_score(vector) == score


@pytest.mark.parametrize(
    "text",
    ["", "9.8", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "CVSS:3.1/AV:N", "AV:N/AC:L/Au:N"],
)
def test_another_thing_has_no_score(text: str) -> None:
    assert base_score(text) is None


@given(st.fixed_dictionaries({name: st.sampled_from(sorted(allowed)) for name, allowed in WEIGHTS.items()}))
def test_a_changed_scope_is_never_milder(parts: dict[str, str]) -> None:
    def scored(scope: str) -> float:
        found = base_score("/".join(["CVSS:3.1", f"S:{scope}", *(f"{name}:{value}" for name, value in parts.items())]))
        assert found is not None
        return found

    assert 0.0 <= scored("U") <= scored("C") <= 10.0
