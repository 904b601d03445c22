from pathlib import Path

import pytest

from bot.chat.tuning import FILE, load, parameters
from bot.core.errors import Misconfigured


def test_every_value_is_within_its_bounds_and_says_what_it_does() -> None:
    for one in parameters().values():
        assert one.min <= one.value <= one.max
        assert one.what
        assert one.metric.startswith("megawatts_")


def test_bounds_leave_room_to_tune() -> None:
    assert all(one.max >= one.min + one.step for one in parameters().values())


def edited(tmp_path: Path, old: str, new: str) -> Path:
    text = FILE.read_text()
    assert old in text
    file = tmp_path / "tuning.toml"
    file.write_text(text.replace(old, new, 1))
    return file


@pytest.mark.parametrize("value", ["1", "61", "-3", "nan", "inf", "true", '"12"', "12.5"])
def test_a_value_that_may_not_be_is_refused_by_name(tmp_path: Path, value: str) -> None:
    current = parameters()["user_burst"].value
    file = edited(tmp_path, f"[user_burst]\nvalue = {current}", f"[user_burst]\nvalue = {value}")
    with pytest.raises(Misconfigured, match=r"tuning\.toml: \[user_burst\].*(choose|write)"):
        load(file)


@pytest.mark.parametrize("edge", ["min", "max"])
def test_the_edges_are_allowed(tmp_path: Path, edge: str) -> None:
    burst = parameters()["user_burst"]
    wanted = getattr(burst, edge)
    file = edited(tmp_path, f"[user_burst]\nvalue = {burst.value}", f"[user_burst]\nvalue = {wanted}")
    assert load(file).user_burst == wanted


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[in_flight]", "[in_fligth]", "in_flight.*missing"),
        ("[in_flight]", "[extra]\nvalue = 1\n[in_flight]", "extra"),
        ('unit = "messages"', "unit = 3", "user_burst.*unit"),
        ('unit = "messages"', 'units = "messages"', "unknown key 'units'"),
        ("step = 1", "step = 0", "bounds"),
        ("min = 2\n", "min = 200\n", "bounds"),
        ('relieves = "up"', 'relieves = "left"', "relieves"),
        ("[user_burst]", "[user_burst", "not TOML"),
        ("[user_burst]", "user_refill = 3\n[user_burst]", "not TOML"),
    ],
)
def test_a_malformed_file_is_one_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said) as caught:
        load(edited(tmp_path, old, new))
    assert "tuning.toml" in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        load(tmp_path / "tuning.toml")
