"""What a package's licence asks of those who use it: an SPDX expression, classifiers, or words of a person."""

import re
from enum import IntEnum


class Terms(IntEnum):
    """Least demanding first. What nobody here knows comes before what is known to ask for everything."""

    FREE = 0
    LESSER = 1
    """Asks for the source of itself, not of what uses it."""
    UNKNOWN = 2
    COPYLEFT = 3


MARKS: tuple[tuple[Terms, re.Pattern[str]], ...] = (
    (Terms.UNKNOWN, re.compile(r"NON-?COMMERCIAL|\bNC\b|COMMONS CLAUSE|PROPRIETARY|BUSL|BUSINESS SOURCE")),
    (Terms.LESSER, re.compile(r"LGPL|LESSER|^MPL\b|MOZILLA|^EPL\b|ECLIPSE|CDDL")),
    (Terms.COPYLEFT, re.compile(r"AGPL|\bGPL|GNU GENERAL|GNU AFFERO|SSPL")),
    (
        Terms.FREE,
        re.compile(
            r"^(THE )?((2|3)-CLAUSE |NEW |MODIFIED |SIMPLIFIED |REVISED )?"
            r"(MIT|0?BSD|APACHE|ISC|PSF|PYTHON|UNLICENSE|ZLIB|BSL-1\.0|BOOST|CC0|HPND|PUBLIC DOMAIN|UPL|UNIVERSAL|ZPL|"
            r"ZOPE|AFL|ACADEMIC FREE|BLUEOAK|NCSA|POSTGRESQL|HISTORICAL PERMISSION NOTICE AND DISCLAIMER|CNRI)"
            r"([ /-]*(LICEN[CS]E|SOFTWARE|FOUNDATION|PERMISSIVE|PUBLIC|DOMAIN|DEDICATION|UNIVERSAL|NO ATTRIBUTION|"
            r"CLAUSE|PYTHON|CMU|LIBPNG|V?\d[\d.]*|\([^()]*\)))*$"
        ),
    ),
)
"""In this order: the first that fits says it. Of the free ones nothing may follow that is not their name."""
LINKING = re.compile(r"CLASSPATH|GCC-|LLVM|AUTOCONF|BISON|LINKING|FONT", re.IGNORECASE)
"""Exceptions to the GPL that leave out what only uses the package (SPDX, list of exceptions)."""
WORD = re.compile(r"\(|\)|[A-Za-z0-9.+:-]+")


def terms(licence: str) -> Terms:
    """What this asks for. Words that are no expression are looked at as a whole; several by comma all hold."""
    if not licence.strip():
        return Terms.UNKNOWN
    words = WORD.findall(licence)
    if re.fullmatch(r"[\s\w.+:()-]+", licence) and re.search(r"\b(AND|OR|WITH)\b", licence):
        found = _Expression(words).whole()
        return Terms.UNKNOWN if found is None else found
    return max(_atom(part) for part in licence.split(",") if part.strip())


def _atom(text: str) -> Terms:
    plain = text.strip().upper()
    return next((kind for kind, mark in MARKS if mark.search(plain)), Terms.UNKNOWN)


class _Expression:
    """SPDX specification, annex "SPDX license expressions": WITH binds before AND, and AND before OR."""

    def __init__(self, words: list[str]) -> None:
        self._words = words

    def whole(self) -> Terms | None:
        """None for what is no expression."""
        try:
            found = self._either()
        except (IndexError, RecursionError):
            return None
        return None if self._words else found

    def _next(self, word: str) -> bool:
        if self._words[:1] != [word]:
            return False
        self._words.pop(0)
        return True

    def _either(self) -> Terms:
        found = self._both()
        while self._next("OR"):
            found = min(found, self._both())
        return found

    def _both(self) -> Terms:
        found = self._one()
        while self._next("AND"):
            found = max(found, self._one())
        return found

    def _one(self) -> Terms:
        if self._next("("):
            found = self._either()
            if not self._next(")"):
                raise IndexError
            return found
        word = self._words.pop(0)
        if word in {")", "AND", "OR", "WITH"}:
            raise IndexError
        found = _atom(word)
        if self._next("WITH") and LINKING.search(self._words.pop(0)) and found is Terms.COPYLEFT:
            return Terms.LESSER
        return found
