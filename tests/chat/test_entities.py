from pathlib import Path

import pytest

from bot.chat.entities import Entities, load
from bot.core.errors import Misconfigured


@pytest.fixture(scope="module")
def entities() -> Entities:
    return Entities(load())


@pytest.mark.parametrize(
    ("text", "seconds", "rest"),
    [
        ("in 10 minutes stretch", 600, "in stretch"),
        ("10m stretch", 600, "stretch"),
        ("1 hour and 30 minutes", 5400, ""),
        ("in zwei Stunden an den Tee", 7200, "in an den Tee"),
        ("dans une heure", 3600, "dans"),
        ("en tres días", 3 * 86400, "en"),
        ("mañana", 86400, ""),
        ("tomorrow call mom", 86400, "call mom"),
    ],
)
def test_a_duration_in_words(entities: Entities, text: str, seconds: int, rest: str) -> None:
    found = entities.duration(text)
    assert found is not None
    assert (found.seconds, found.rest) == (seconds, rest)


@pytest.mark.parametrize("text", ["stretch", "2d6 please", "10 apples", "0 minutes", "99999999999 minutes", ""])
def test_no_duration(entities: Entities, text: str) -> None:
    assert entities.duration(text) is None


def test_only_the_first_duration_counts(entities: Entities) -> None:
    found = entities.duration("in 10 minutes drink milk that is 2 days old")
    assert found is not None
    assert found.seconds == 600
    assert "2 days old" in found.rest


@pytest.mark.parametrize(
    ("text", "dice"),
    [("roll 2d6+3 now", "2d6+3"), ("d20", "d20"), ("3W6 - 1", "3W6-1"), ("1.5d6", ""), ("id2", ""), ("hello", "")],
)
def test_dice(entities: Entities, text: str, dice: str) -> None:
    assert entities.dice(text) == dice


def test_the_first_number(entities: Entities) -> None:
    assert entities.number("the last 5 of 20") == "5"
    assert entities.number("v1.5 x2") == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("what is the time", "en"),
        ("wie spät ist es bitte", "de"),
        ("il est quelle heure pour vous", "fr"),
        ("gracias por la ayuda", "es"),
        ("2d6", ""),
        ("", ""),
    ],
)
def test_language(entities: Entities, text: str, language: str) -> None:
    assert entities.language(text) == language


@pytest.mark.parametrize("text", ["[en", "en = 3", '[en]\ncommon = ["a"]'])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "words.toml"
    file.write_text(text)
    with pytest.raises(Misconfigured, match=r"words\.toml cannot be used"):
        load(file)
