"""The carrier's own words. A catalogue may say them in other languages; English is here."""

from collections.abc import Mapping
from typing import Protocol

ENGLISH: Mapping[str, str] = {
    "feedback.up": "Helpful",
    "feedback.down": "Not helpful",
    "feedback.fix": "Fix this",
    "feedback.asks": "What should I have said or done?",
    "button.file": "As a file",
    "answer.file": "Here is the whole answer.",
    "discord.file_gone": "Parts of that answer are gone, so that I cannot make a file of it.",
    "discord.choose": "Choose",
    "answer.private": "I answered you in private.",
    "discord.no_direct": (
        "That answer is for your eyes only, and you take no direct messages from me: allow them in this server's "
        "privacy settings, or use the slash command, whose answer only you see."
    ),
    "discord.may_not_write": "I may not write in {channel}: an admin can give me Send Messages there.",
    "discord.busy": "Too many people are asking at once; please try again in {seconds} seconds.",
    "discord.broken": "Something went wrong on my side. Please try again later.",
    "discord.others_words": "I only remember what members say of themselves: this message is not yours.",
    "discord.not_mine": "That is not an answer of mine; use this on one of my answers.",
    "discord.no_text": "There is no text in that message.",
    "discord.summarise_text": "Summarise the attached message in a few sentences.",
    "discord.menu.summarise": "Summarise this",
    "discord.menu.fix": "Fix this answer",
    "discord.menu.remember": "Remember this",
    "discord.reminder": "Reminder: {text}",
    "discord.unread_size": "[not read: {size} bytes; I read text files of up to {most} bytes]",
    "discord.unread": "[could not be read from Discord]",
}


class Texts(Protocol):
    """A catalogue: the text of a key in a language (BCP 47, as Discord spells it), with facts filled in."""

    def __call__(self, key: str, locale: str, /, **facts: object) -> str: ...


def english(key: str, locale: str, /, **facts: object) -> str:
    """The catalogue of a house without languages. Empty for a key that it does not have."""
    del locale
    return ENGLISH.get(key, "").format(**facts) if facts else ENGLISH.get(key, "")


class Words:
    """A catalogue that may lack keys, and English behind it."""

    def __init__(self, texts: Texts = english) -> None:
        self._texts = texts

    def __call__(self, key: str, locale: str, /, **facts: object) -> str:
        """The text of a key; English where the catalogue has none."""
        return self.maybe(key, locale, **facts) or english(key, locale, **facts)

    def maybe(self, key: str, locale: str, /, **facts: object) -> str:
        """The catalogue's own text, or an empty one."""
        try:
            text = self._texts(key, locale, **facts)
        except KeyError:
            return ""
        return "" if text == key else text
