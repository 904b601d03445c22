"""Checksums that tell a card or an account number from any other number."""

from typing import Final

_LENGTHS: Final = {
    country: int(length)
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH CR HR LI LV",
        22: "BG BH DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""Characters of an account number by country, of the registry that ISO 13616 names."""


def luhn(digits: str) -> bool:
    """Whether the check digit of a card number holds (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0 and any(digit != digits[0] for digit in digits)


def iban(text: str) -> int:
    """How many characters at the head of a text, blanks among them counted, are an account number; 0 if none.

    Length by country and the check of ISO 7064 (mod 97-10) must both hold.
    """
    length = _LENGTHS.get(text[:2].upper(), 0)
    kept = [(place, char) for place, char in enumerate(text) if char != " "][:length]
    if not length or len(kept) < length:
        return 0
    code = "".join(char for _, char in kept).upper()
    if not code.isascii() or not code.isalnum():
        return 0
    number = int("".join(str(int(char, 36)) for char in code[4:] + code[:4]))
    end = kept[-1][0] + 1
    followed = end < len(text) and text[end] != " "
    return end if number % 97 == 1 and not followed else 0
