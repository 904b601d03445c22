from pathlib import Path

import pytest

from bot.chat.catalogue import load, read
from bot.core.errors import Misconfigured

GOOD = '[examples]\nen = ["hello"]\n[replies.ok]\nen = ["hi"]\n'


def test_every_shipped_intent_can_match_and_speak_english() -> None:
    for intent in load():
        assert intent.patterns or intent.examples
        assert all(texts["en"] for texts in intent.replies.values())


def test_an_intent_takes_its_name_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "greet.toml"
    file.write_text(GOOD)
    intent = read(file)
    assert (intent.name, intent.answers, intent.tool) == ("greet", True, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[examples", "not TOML"),
        (GOOD + "[extra]\n", "'extra' is unknown"),
        ('[replies.ok]\nen = ["hi"]\n', "never match"),
        ('[examples]\nen = ["hello"]\n', "nothing to say"),
        ('[examples]\nen = ["a"]\n[replies.ok]\nde = ["hi"]\n', "no 'en'"),
        ('[examples]\nen = "hello"\n[replies.ok]\nen = ["hi"]\n', "examples must be a table"),
        ('[examples]\nen = [3]\n[replies.ok]\nen = ["hi"]\n', "examples must be a table"),
        (GOOD + "[patterns]\nany = ['(']\n", r"pattern '\(' is wrong"),
        (GOOD + '[arguments]\nx = "colour"\n', "must name entities"),
    ],
)
def test_a_malformed_intent_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "greet.toml"
    file.write_text(text)
    with pytest.raises(Misconfigured, match=said) as caught:
        read(file)
    assert "greet.toml" in str(caught.value)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="holds no intent"):
        load(tmp_path)
