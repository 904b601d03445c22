"""What may be said to the bot and by it: pure rules, which cannot be out of reach."""

import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from bot.core.guild_settings import Links
from bot.core.moderation import Judged
from bot.core.text import plain
from bot.policy.leaks import leaks
from bot.policy.links import BARE, MARKDOWN, Link, carries_data, deceives, invites, link, links, within
from bot.policy.redact import without_secrets
from bot.policy.wordlist import WordList

_MENTION = re.compile(r"<@[!&]?\d{1,20}>|@(?:everyone|here)\b")
_CROWD = re.compile(r"@(?=everyone\b|here\b)", re.IGNORECASE)
_SOMEBODY = re.compile(r"<@([!&]?)\d{1,20}>")
_MOST_MENTIONS: Final = 8
_MOST_LINES: Final = 8
"""Equal lines of one message."""
_RUN: Final = 120
_LONGEST_RUN = re.compile(rf"([^\s\d.=_*~#-])\1{{{_RUN - 1},}}")

WORDS, LINKS, INVITES, FLOOD, SECRETS, MODEL = "words", "links", "invites", "flood", "secrets", "model"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one guild. `known` are domains that others imitate."""

    words: WordList = field(default_factory=WordList)
    links: Links = "any"
    domains: frozenset[str] = frozenset()
    invites: bool = True
    known: frozenset[str] = frozenset()
    crowd: bool = True
    """Whether others read along, who can be flooded."""


def incoming(text: str, rules: Rules) -> Judged:
    """Whether a member's text may be read. The first rule that speaks is named; the text itself is never changed."""
    for rule, judge in _JUDGES:
        if because := judge(text, rules):
            return Judged(False, rule, because, text)
    return Judged(True, text=text)


def _words(text: str, rules: Rules) -> str:
    return "That holds a word that is not said here." if rules.words.found(text) else ""


_SPEAKS: Final = frozenset({"http", "https", "javascript", "data", "vbscript", "file"})
"""Schemes that are followed, that run something, or that open what is on the reader's own machine."""


def _links(text: str, rules: Rules) -> str:
    if "://" not in text and ":\\\\" not in text and "](" not in text:
        return ""
    for one in links(text):
        if one.scheme not in _SPEAKS and one.scheme and not one.shown:
            continue  # ssh://host or ldap://host as it stands: no carrier makes a link of it
        if why := deceives(one, rules.known | rules.domains):
            return f"That link is not what it looks like: {why}."
        if rules.links == "none":
            return "Links are not posted here."
        if rules.links == "listed" and not within(one.host, rules.domains):
            return "Only links to the domains that this server lists are posted here."
    return ""


def _invites(text: str, rules: Rules) -> str:
    return "Invites to other servers are not posted here." if not rules.invites and invites(text) else ""


def _flood(text: str, rules: Rules) -> str:
    if not rules.crowd:
        return ""
    if text.count("@") > _MOST_MENTIONS and len(_MENTION.findall(text)) > _MOST_MENTIONS:
        return f"That mentions more than {_MOST_MENTIONS} people or roles at once."
    if len(text) >= _RUN and _LONGEST_RUN.search(text):
        return "That repeats one character too often."
    raw = text.splitlines()
    if len(raw) <= _MOST_LINES:
        return ""
    lines = Counter(line for one in raw if (line := one.strip()))
    return "That repeats one line too often." if max(lines.values(), default=0) > _MOST_LINES else ""


_JUDGES: Final[tuple[tuple[str, Callable[[str, Rules], str]], ...]] = (
    (WORDS, _words),
    (LINKS, _links),
    (INVITES, _invites),
    (FLOOD, _flood),
)


def outgoing(text: str, rules: Rules, marks: frozenset[str], *, by_model: bool) -> Judged:
    """What may be sent. Refused if it holds a mark; else sent without secrets, crowd mentions, and, if a model wrote
    it, without links to hosts that the guild does not list, and without any link that could carry data out."""
    if leaks(text, marks):
        return Judged(False, SECRETS, "The answer held something that must not leave.", "")
    clean = _CROWD.sub("@ ", without_secrets(plain(text) if by_model else text))
    if by_model:
        if rules.words.found(clean):
            return Judged(False, WORDS, "The answer held a word that is not said here.", "")
        clean = _SOMEBODY.sub(lambda found: "@role" if found[1] == "&" else "@member", safe_links(clean, rules.domains))
    if clean == text:
        return Judged(True, text=text)
    return Judged(True, LINKS if by_model else SECRETS, "", clean)


def safe_links(text: str, domains: Collection[str]) -> str:
    """Links to listed domains without preview, all others only as the bare name of their domain; no images."""
    shown = MARKDOWN.sub(lambda found: _markdown(found, domains), text)
    return BARE.sub(lambda found: _bare(link(found["url"]), found, domains), shown)


def _markdown(found: re.Match[str], domains: Collection[str]) -> str:
    one = link(found["url"], found["shown"])
    label = found["shown"].strip() or ("image" if found["image"] else "")
    if found["image"] or not _good(one, domains):
        return f"{label} ({_name(one)})" if one.host else label
    return f"{label} (<{one.url}>)"


def _bare(one: Link, found: re.Match[str], domains: Collection[str]) -> str:
    ending = "" if found[0].endswith(">") else found["url"][len(found["url"].rstrip(".,;:!?'\"*_~)")) :]
    if _good(one, domains):
        url = found["url"].removesuffix(ending) if ending else found["url"]
        return f"<{url}>{ending}"
    return f"{_name(one)}{ending}"


def _good(one: Link, domains: Collection[str]) -> bool:
    return within(one.host, domains) and not deceives(one, domains) and not carries_data(one.url)


def _name(one: Link) -> str:
    """The last two parts of a host, with nothing to click: longer names could carry data too."""
    parts = [part for part in one.host.split(".") if part]
    if len(parts) < 2 or not all(part.replace("-", "").isalnum() for part in parts):
        return "a link"
    return "[.]".join(part if len(part) <= 30 else "…" for part in parts[-2:])
