from pathlib import Path
from random import Random

import pytest

from bot.chat.phrases import NEEDED, choose, fill, load
from bot.core.errors import Misconfigured


def test_what_the_service_says_is_there() -> None:
    assert set(NEEDED) <= set(load())


def test_slots_are_filled_and_unknown_ones_stay() -> None:
    assert fill("{name}: {what}", {"name": "Ann"}) == "Ann: {what}"


def test_a_slot_is_a_name_and_nothing_else() -> None:
    text = "{name.__class__} {0} {name!r} {name:>9}"
    assert fill(text, {"name": "Ann"}) == text


def test_a_filled_in_text_is_not_filled_again() -> None:
    assert fill("{name}", {"name": "{secret}", "secret": "x"}) == "{secret}"


def test_a_language_that_is_not_there_falls_to_english() -> None:
    assert choose({"en": ["hello"]}, "xx", Random(1)) == "hello"
    assert choose({"en": ["hello"], "de": ["hallo"]}, "de", Random(1)) == "hallo"


def folder(tmp_path: Path, **files: str) -> Path:
    for name in NEEDED:
        (tmp_path / f"{name}.md").write_text(files.get(name, "## en\n- well\n"))
    return tmp_path


def test_a_variant_may_run_over_lines(tmp_path: Path) -> None:
    texts = load(folder(tmp_path, empty="# note\n\n## en\n- one\n  two\n- three\n"))
    assert list(texts["empty"]["en"]) == ["one\ntwo", "three"]


@pytest.mark.parametrize(("text", "said"), [("well\n", "line 1"), ("## de\n- gut\n", "no English"), ("", "no English")])
def test_a_malformed_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=rf"unknown\.md.*{said}"):
        load(folder(tmp_path, unknown=text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "empty.md").unlink()
    with pytest.raises(Misconfigured, match=r"empty\.md is missing"):
        load(tmp_path)
