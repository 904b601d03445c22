"""Secrets and personal data in text: found by their form and their checksum, and taken out."""

import re
from collections.abc import Iterator
from typing import Final

from bot.policy.checksum import iban, luhn

HIDDEN: Final = "[redacted]"
"""What stands in place of a secret."""
CARD: Final = "[card number]"
ACCOUNT: Final = "[account number]"
EMAIL: Final = "[e-mail address]"
PHONE: Final = "[phone number]"

_KEYS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}"
    r"|sk-(?=[\w-]*\d)[\w-]{16,}|[srp]k_(?:live|test)_\w{16,}|whsec_\w{16,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{35}|ya29\.[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|(?:hf|gsk|r8|npm|xai|pplx|dop_v1)[_-](?=\w*\d)[A-Za-z0-9]{28,}|pypi-[\w-]{32,}"
    r"|xox[abeprs]-[A-Za-z0-9-]{10,}|mfa\.[\w-]{60,}|\d{8,10}:AA[\w-]{33}"
    r"|[MNO][\w-]{23,27}\.[\w-]{6,7}\.[\w-]{27,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}"
    r")|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|(?<=/api/webhooks/)\d{5,20}/[\w-]{40,}"
    r"|(?<=://)[^/\s:@]{1,200}:[^/\s@]{1,200}(?=@)"
)
_LABEL = re.compile(
    r"(?P<pass>passw(?:or[dt])?|passphrase|pwd|kennwort|mot de passe|contrase(?:ñ|n)a|senha|has[łl]o|пароль)"
    r"|token|secret|api[ _-]?key|access[ _-]?key|private[ _-]?key|credential|bearer|authorization|schlüssel",
    re.IGNORECASE,
)
_HEADS = (
    "pass", "pwd", "kennwort", "mot de passe", "contrase", "senha", "hasl", "hasł", "пароль", "token", "secret", "api",
    "access", "private", "credential", "bearer", "authorization", "schlüssel",
)  # fmt: skip
"""What labels begin with: looked for first, since that is far quicker than the expression."""
_FEWEST_DIGITS = 8
_DIGIT = re.compile(r"\d")
_LONG = 15
"""The shortest key of known form, in characters without a blank."""
_IN_KEYS = re.compile(r"[\w.-]")
_RUNS: Final = bytes(ord("a") if _IN_KEYS.match(chr(code)) else ord(" ") for code in range(256))
"""Latin-1, with every character that keys are made of as the same letter."""
_RUN: Final = b"a" * _LONG
_QUIET: Final = bytes(code for code in range(256) if not (chr(code).isdigit() or chr(code) in ":=@"))
"""Latin-1 without digits and the marks that stand before a value or within an address."""
_GIVEN = re.compile(r"\w{0,12}[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<value>[^\s\"',;]{6,400})")
_PIECE = re.compile(r"[^\s\"'`<>(),;]{6,400}")
_BESIDE = 60
"""Characters after a label, and before it, in which its value is looked for."""
_NUMBER = re.compile(r"(?<![\w.@#])\d(?:[ -]?\d){12,18}(?!\w)")
_ACCOUNT = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?!\w)")
_PHONE = re.compile(
    r"(?<![\w.+/:-])(?:"
    r"(?:\+|00)[1-9]\d{0,2}(?:[ ./-]{0,2}\(?\d{1,5}\)?){2,6}"
    r"|\(?0\d{2,4}\)?[ /-]{1,3}\d{2,8}(?:[ .-]\d{2,5}){0,4}"
    r"|(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])\d{3}[ .-]\d{4}"
    r")(?!\w)"
)

Span = tuple[int, int]


def hide(text: str) -> str:
    """Keys, tokens and passwords of known form replaced; nothing else. For logs, where numbers are only numbers."""
    return _KEYS.sub(HIDDEN, text) if _may_hold_key(text) else text


def without_secrets(text: str) -> str:
    """Secrets replaced by what they were: keys, passwords, and the numbers of cards and bank accounts."""
    text = _secret(text)
    return _without_bank(text) if _numbers(text) else text


def redact(text: str) -> str:
    """Secrets and personal data replaced by what they were. Redacting twice changes nothing more."""
    return text if harmless(text) else redact_fully(text)


def redact_fully(text: str) -> str:
    """`redact` without looking first whether there is anything to look for."""
    text = _secret(text)
    if _numbers(text):
        text = _PHONE.sub(_phone, _without_bank(text))
    return _EMAIL.sub(EMAIL, text) if "@" in text else text


def harmless(text: str) -> bool:
    """Cheap proof that redaction leaves a text as it is; False where it would have to be looked at in full.

    Numbers, and values that a word beside them calls a secret, hold digits or follow `:` or `=`; addresses hold `@`,
    private keys begin with dashes, and all other keys are long runs of what keys are made of.
    """
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return not data.translate(None, _QUIET) and _RUN not in data.translate(_RUNS) and b"-----" not in data


def secrets_in(text: str) -> bool:
    """Whether a text holds a secret: a key, a token, a password, or the number of a card or a bank account."""
    if (_may_hold_key(text) and _KEYS.search(text)) or any(True for _ in _labelled(text)):
        return True
    return any(_number(one) == CARD for one in _NUMBER.finditer(text)) or any(
        _account(one) != one[0] for one in _ACCOUNT.finditer(text)
    )


def personal_in(text: str) -> bool:
    """Whether a text holds an e-mail address or a phone number."""
    return bool(_EMAIL.search(text)) or any(_phone(one) == PHONE for one in _PHONE.finditer(text))


def _without_bank(text: str) -> str:
    return _ACCOUNT.sub(_account, _NUMBER.sub(_number, text))


def _numbers(text: str) -> bool:
    """Whether there are digits enough for a card, an account or a phone."""
    return len(_DIGIT.findall(text)) >= _FEWEST_DIGITS


def _may_hold_key(text: str) -> bool:
    """Cheap, and true for whatever the full search would find: most lines are short words."""
    if "://" in text or "/api/webhooks/" in text or "-----" in text:
        return True
    return len(text) >= _LONG and max(map(len, text.split()), default=0) >= _LONG


def _may_hold_label(text: str) -> bool:
    """Cheap, and true for whatever holds a word for a secret."""
    return any(map(text.lower().__contains__, _HEADS))


def _secret(text: str) -> str:
    """Known forms first, then what stands beside a word for a secret; later spans first, so that places hold."""
    text = hide(text)
    if not _may_hold_label(text):
        return text
    while spans := sorted(set(_labelled(text)), reverse=True):  # what goes may bring further pieces near a label
        for start, end in spans:
            text = text[:start] + HIDDEN + text[end:]
    return text


def _labelled(text: str) -> Iterator[Span]:
    """Where values stand that a word beside them calls a secret. Spans never overlap: pieces are whole."""
    taken = -1
    for label in _labels(text):
        if label.end() <= taken:
            continue
        given = _GIVEN.match(text, label.end())
        if given and _worth(given["value"], 6 if label["pass"] else 12, strict=not label["pass"]):
            span = _trimmed(text, given.start("value"), given.end("value"))
            if span[0] >= taken:
                yield span
                taken = span[1]
        for span in _beside(text, label):
            if span[0] >= taken:
                yield span
                taken = span[1]


def _labels(text: str) -> Iterator[re.Match[str]]:
    """Words for secrets, in order."""
    if not _may_hold_label(text):
        return
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter whose small form is longer: places do not hold
        yield from _LABEL.finditer(text)
        return
    places = sorted({at for head in _HEADS for at in _places(lowered, head)})
    yield from (label for at in places if (label := _LABEL.match(text, at)))


def _places(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _beside(text: str, label: re.Match[str]) -> Iterator[Span]:
    """Pieces near a label that look random: on the same line, in order."""
    least = 6 if label["pass"] else 16
    start, end = max(0, label.start() - _BESIDE), min(len(text), label.end() + _BESIDE)
    start = max(start, text.rfind("\n", 0, label.start()) + 1)
    stop = text.find("\n", label.end())
    end = min(end, stop) if stop >= 0 else end
    if start and not text[start - 1].isspace():
        start = next((i for i in range(start, label.start()) if text[i].isspace()), label.start())
    for piece in _PIECE.finditer(text, start):
        if piece.start() >= end:
            return
        apart = piece.end() <= label.start() or piece.start() >= label.end()
        if apart and _worth(piece[0], least, strict=True):
            yield _trimmed(text, piece.start(), piece.end())


def _trimmed(text: str, start: int, end: int) -> Span:
    """Without the punctuation of the sentence around it."""
    while end > start + 1 and text[end - 1] in ".!?:*_~)]}":
        end -= 1
    return start, end


def _worth(piece: str, least: int, *, strict: bool) -> bool:
    """Whether a piece may be a secret. Strict: it must hold digits beside letters, as no word does."""
    bare = piece.strip(".!?:*_~)]}[")
    if len(bare) < least or HIDDEN.strip("[]") in bare or "://" in bare:
        return False
    if not strict:
        return True
    digits = sum(map(str.isdigit, bare))
    return 0 < digits < len(bare) and any(map(str.isalpha, bare)) and len(set(bare)) * 3 > min(len(bare), 24)


def _number(found: re.Match[str]) -> str:
    """Long bare numbers are ids of members and messages far more often than cards: those have at most 16 digits."""
    digits = re.sub(r"\D", "", found[0])
    grouped = len(digits) < len(found[0])
    fits = digits[0] in "23456" and (len(digits) <= 16 or grouped)
    return CARD if fits and luhn(digits) else found[0]


def _account(found: re.Match[str]) -> str:
    """The account number at the head of what was found; what follows it stays."""
    size = iban(found[0])
    return ACCOUNT + found[0][size:] if size else found[0]


def _phone(found: re.Match[str]) -> str:
    count = sum(map(str.isdigit, found[0]))
    return PHONE if 8 <= count <= 15 else found[0]
