import re
from pathlib import Path
from typing import Any

import pytest

from bot.chat.texts import FOLDER, FORMS, Texts, cldr, load, slots
from bot.core.errors import Misconfigured

TEXTS = load()
LANGUAGES = ("de", "en", "es", "fr", "pl", "pt", "ru")
USED = re.compile(r"""(?:texts|say)\(\s*["']([a-z_]+(?:\.[a-z_]+)*)["']""")


def test_all_languages_are_there() -> None:
    assert TEXTS.languages == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing_in_any_language(language: str) -> None:
    assert set(TEXTS._tables["en"]) - set(TEXTS._tables[language]) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_the_slots_of_the_english_one(language: str) -> None:
    english = TEXTS._tables["en"]
    odd = {key for key, entry in TEXTS._tables[language].items() if slots(entry) != slots(english[key])}
    assert odd == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_has_the_forms_that_its_language_needs(language: str) -> None:
    needed = {cldr(language, number) for number in range(1000)}
    for key, entry in TEXTS._tables[language].items():
        if not isinstance(entry, str):
            assert needed <= set(entry) <= set(FORMS), key


def test_every_key_that_the_code_says_is_there() -> None:
    files = [*FOLDER.parent.rglob("*.py")]
    said = {key for file in files for key in USED.findall(file.read_text(encoding="utf-8"))}
    assert len(said) > 15, "or nothing was looked at"
    assert {key for key in said if not TEXTS.has(key)} == set()


@pytest.mark.parametrize(
    ("locale", "count", "said"),
    [
        ("en", 1, "1 suggestion"),
        ("en-GB", 2, "2 suggestions"),
        ("de", 0, "0 Vorschläge"),
        ("fr", 0, "0 suggestion"),
        ("pl", 1, "1 propozycja"),
        ("pl", 3, "3 propozycje"),
        ("pl", 5, "5 propozycji"),
        ("pl", 22, "22 propozycje"),
        ("ru", 1, "1 предложение"),
        ("ru", 4, "4 предложения"),
        ("ru", 11, "11 предложений"),
        ("ru", 21, "21 предложение"),
        ("pt-BR", 1, "1 sugestão"),
        ("ja", 3, "3 suggestions"),
        ("", 3, "3 suggestions"),
    ],
)
def test_numbers_take_the_form_of_their_language(locale: str, count: int, said: str) -> None:
    assert TEXTS("suggestions", locale, count=count) == said


def test_a_region_comes_before_its_language_and_english_after_both() -> None:
    texts = Texts({"en": {"a": "hi", "b": "bye"}, "pt": {"a": "oi", "b": "tchau"}, "pt-PT": {"a": "olá"}})
    assert [texts("a", "pt-PT"), texts("b", "pt-PT"), texts("a", "pt-BR"), texts("a", "xx")] == [
        "olá", "tchau", "oi", "hi",
    ]  # fmt: skip


def test_a_text_that_a_language_lacks_is_english_counted_and_told_once() -> None:
    told: list[tuple[str, str]] = []
    texts = Texts({"en": {"a": "hi"}, "de": {}}, report=lambda *what: told.append(what))
    assert [texts("a", "de"), texts("a", "de-AT"), texts("a", "xx")] == ["hi", "hi", "hi"]
    assert told == [("de", "a")]
    assert texts.missing == {("de", "a"): 2}


def test_a_key_that_nobody_has_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        TEXTS("nothing.like.it")
    assert not TEXTS.has("nothing.like.it")


def test_a_slot_is_a_name_and_nothing_else_and_facts_are_not_filled_again() -> None:
    texts = Texts({"en": {"a": "{name.__class__} {name} {other}"}})
    assert texts("a", "en", name="{secret}", secret="x") == "{name.__class__} {secret} {other}"


def test_the_lookup_takes_any_plural_rule() -> None:
    texts = Texts({"en": {"a": {"one": "just {count}", "other": "{count}"}}}, lambda _language, _count: "one")
    assert texts("a", "en", count=7) == "just 7"
    assert Texts({"en": {"a": {"other": "{count}"}}})("a", "en", count="many") == "many"


def test_one_text_in_all_languages_for_carriers_that_choose_themselves() -> None:
    assert TEXTS.all("button.cancel")["de"] == "Abbrechen"
    assert TEXTS.all("suggestions") == {}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "en.toml is missing"),
        ({"en": "a ="}, "not TOML"),
        ({"en": "a = 1"}, "a is neither"),
        ({"en": 'a = ""'}, "a is neither"),
        ({"en": "[a]\none = 'x'"}, "a needs a text for 'other'"),
        ({"en": "[a]\nother = 1"}, "a needs a text for 'other'"),
        ({"en": "a = 'x'", "de": "b = 'y'"}, "'b' is in no other language"),
    ],
)
def test_a_malformed_catalogue_is_named(tmp_path: Path, files: dict[str, Any], said: str) -> None:
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text)
    with pytest.raises(Misconfigured, match=re.escape(said)):
        load(tmp_path)
