"""Interface texts by language, with plural forms: one TOML file each, every key in all of them."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.core.errors import Misconfigured

FOLDER = Path(__file__).parent
FORMS = ("zero", "one", "two", "few", "many", "other")
"""Plural categories of CLDR. https://cldr.unicode.org/index/cldr-spec/plural-rules"""
_SLOT = re.compile(r"\{([a-z_]+)\}")

Entry = str | Mapping[str, str]
"""A text, or texts by plural category; `other` is always there. The category follows the fact `count`."""
Plural = Callable[[str, float], str]


@lru_cache(maxsize=64)
def _rule(language: str) -> Callable[[float], str]:
    """Babel's rule for a language. Babel is imported at the first number, not at start."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415

    try:
        return Locale.parse(language, sep="-").plural_form
    except (UnknownLocaleError, ValueError):
        return Locale("en").plural_form


def cldr(language: str, count: float) -> str:
    """The plural category of a number in a language."""
    return _rule(language)(count)


class Texts:
    """Looks texts up: the region's, else the language's, else the English one. Counts what is missing."""

    def __init__(
        self,
        tables: Mapping[str, Mapping[str, Entry]],
        plural: Plural = cldr,
        report: Callable[[str, str], None] = lambda _language, _key: None,
    ) -> None:
        """`report` is told of each missing text once, with language and key."""
        self._tables, self._plural, self._report = tables, plural, report
        self.missing: Counter[tuple[str, str]] = Counter()
        """How often a text was wanted in a language of ours that does not have it."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that there are texts in."""
        return tuple(self._tables)

    def has(self, key: str) -> bool:
        """Whether there is such a text at all."""
        return key in self._tables["en"]

    def fits(self, key: str, facts: Collection[str]) -> bool:
        """Whether there is such a text, and it wants no other facts than these."""
        return key in self._tables["en"] and slots(self._tables["en"][key]) <= set(facts)

    def __call__(self, key: str, locale: str = "en", /, **facts: object) -> str:
        """The text with its slots filled. KeyError for a key that no language has: a mistake of the caller."""
        language, entry = self._entry(key, locale)
        text = entry if isinstance(entry, str) else self._form(entry, language, facts.get("count", 0))
        return _SLOT.sub(lambda slot: str(facts.get(slot[1], slot[0])), text)

    def all(self, key: str) -> Mapping[str, str]:
        """One text in every language that has it, for carriers that localise by themselves. Without plural forms."""
        found = {language: table[key] for language, table in self._tables.items() if key in table}
        return {language: text for language, text in found.items() if isinstance(text, str)}

    def _entry(self, key: str, locale: str) -> tuple[str, Entry]:
        base = locale.partition("-")[0].lower()
        for language in (locale, base):
            table = self._tables.get(language)
            if table is not None and key in table:
                return language, table[key]
        if base in self._tables:
            self._count(base, key)
        return "en", self._tables["en"][key]

    def _count(self, language: str, key: str) -> None:
        if not self.missing[language, key]:
            self._report(language, key)
        self.missing[language, key] += 1

    def _form(self, entry: Mapping[str, str], language: str, count: object) -> str:
        number = count if isinstance(count, int | float) else 0
        return entry.get(self._plural(language, number), entry["other"])


def load(folder: Path = FOLDER, report: Callable[[str, str], None] = lambda _language, _key: None) -> Texts:
    """All texts. Raises Misconfigured naming file, key and fix."""
    tables = {file.stem: _read(file) for file in sorted(folder.glob("*.toml"))}
    if "en" not in tables:
        raise Misconfigured(f"{folder}/en.toml is missing; restore it")
    for language, table in tables.items():
        if odd := sorted(set(table) - set(tables["en"])):
            raise Misconfigured(f"{folder}/{language}.toml: {odd[0]!r} is in no other language; add it to en.toml")
    return Texts(tables, report=report)


def _read(file: Path) -> Mapping[str, Entry]:
    return _parsed(file, file.read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def _parsed(file: Path, text: str) -> Mapping[str, Entry]:
    """Keys with dots are flat names; a table whose keys are all plural categories is one text."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{file} is not TOML ({error}); correct it") from error
    found: dict[str, Entry] = {}
    _flatten(file, "", data, found)
    return found


def _flatten(file: Path, prefix: str, table: Mapping[str, Any], into: dict[str, Entry]) -> None:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, str) and value:
            into[key] = value
        elif isinstance(value, dict) and value and set(value) <= set(FORMS):
            into[key] = _forms(file, key, value)
        elif isinstance(value, dict):
            _flatten(file, f"{key}.", value, into)
        else:
            raise Misconfigured(f"{file}: {key} is neither a text nor a table of plural forms; write a text")


def _forms(file: Path, key: str, value: Mapping[str, Any]) -> Mapping[str, str]:
    if "other" not in value or not all(isinstance(text, str) and text for text in value.values()):
        raise Misconfigured(f"{file}: {key} needs a text for 'other', and only texts")
    return dict(value)


def slots(entry: Entry) -> frozenset[str]:
    """Names of the facts that a text wants, over all its forms."""
    texts = [entry] if isinstance(entry, str) else list(entry.values())
    return frozenset(name for text in texts for name in _SLOT.findall(text))
