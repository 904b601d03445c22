"""Links in text: where they really lead, and whether they look like something else."""

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from bot.policy.normalise import skeleton

MARKDOWN: Final = re.compile(
    r"(?P<image>!?)\[(?P<shown>[^\]\n]{0,300})\]\(\s{0,8}<?(?P<url>[^)\s>]{1,2000})>?[^)\n]{0,200}\)"
)
BARE: Final = re.compile(r"<?(?P<url>[a-z][a-z0-9+.-]{1,20}:(?://|\\\\)[^\s<>]{1,2000})>?", re.IGNORECASE)
_SHOWN_HOST = re.compile(r"(?:https?://)?((?:[\w-]{1,63}\.)+[^\W\d_]{2,24})(?![\w.-]*@)", re.IGNORECASE)
_INVITE = re.compile(r"(?:discord(?:app)?\.com/invite|discord\.gg|dsc\.gg|discord\.me|invite\.gg)/+[\w-]{2,}")
_LURES = ("login", "gift", "nitro", "free", "verify", "airdrop", "promo")
_PIECE = re.compile(r"[A-Za-z0-9%+_=-]{20,}")
_LONG_QUERY, _LONG_PATH = 64, 200
_DISORDER = 3.4
"""Bits a character (Shannon) from which a long piece of an address counts as encoded data; words have fewer."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link. `shown` is the text of a Markdown link; `host` is empty where the address has none."""

    url: str
    host: str
    scheme: str
    shown: str = ""
    user: bool = False
    """A user part stands before the host: what looks like the host may be none."""


def links(text: str) -> Iterator[Link]:
    """Every link with a scheme, Markdown links first."""
    for found in MARKDOWN.finditer(text):
        yield link(found["url"], found["shown"])
    for found in BARE.finditer(MARKDOWN.sub(" ", text)):
        yield link(found["url"])


def link(url: str, shown: str = "") -> Link:
    """An address taken apart as browsers do: a backslash is a slash, a host is in its readable form."""
    try:
        parts = urlsplit(url.replace("\\", "/").rstrip(".,;:!?'\"*_~"))
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return Link(url, "", "", shown)
    return Link(url, _readable(host), parts.scheme.lower(), shown, user="@" in parts.netloc)


def within(host: str, domains: Collection[str]) -> bool:
    """Whether a host is one of these domains or below one."""
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def deceives(one: Link, known: Collection[str]) -> str:
    """Why a link is not what it looks like, in a few words; empty: it is."""
    if one.scheme not in ("http", "https") or not one.host:
        return "its kind of address is not a web page's"
    if one.user:
        return "it hides its host behind an @"
    if _is_number(one.host):
        return "it leads to a bare number, not to a name"
    if look_alike(one.host, known):
        return "its host imitates another"
    shown = _SHOWN_HOST.match(one.shown.strip())
    if shown and not within(one.host, {shown[1].lower().removeprefix("www.")}):
        return "it shows one host and leads to another"
    return ""


@lru_cache(maxsize=4096)
def _folded(host: str) -> str:
    return skeleton(host).replace("0", "o").replace("1", "l").replace("rn", "m").replace("i", "l")


def look_alike(host: str, known: Collection[str]) -> bool:
    """Whether a host is none of the known ones but reads like one of them."""
    if within(host, known):
        return False
    own = ".".join(host.split(".")[-2:])
    return any(_imitates(host, own, one) for one in known)


def _imitates(host: str, own: str, known: str) -> bool:
    if _folded(own) == _folded(known) or f".{known}." in f".{host}":
        return True
    name, _, top = known.partition(".")
    label, _, own_top = own.partition(".")
    if name in label.split("-") and any(lure in label for lure in _LURES):
        return True
    return len(name) >= 6 and top == own_top and _one_apart(label, name)


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter changed, added, taken away or swapped with its neighbour makes one word of the other."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])


def invites(text: str) -> bool:
    """Whether a text holds an invite to a guild, blanks and look-alike letters inside it or not."""
    seen = skeleton(text)
    return bool(_INVITE.search(seen) or ("discord" in seen and _INVITE.search(re.sub(r"[\s<>()]+", "", seen))))


def carries_data(url: str) -> bool:
    """Whether an address is long or random enough to carry something out: a query, or pieces that look encoded."""
    _, _, rest = url.partition("://")
    _, _, path = rest.partition("/")
    _, _, query = rest.partition("?")
    if len(query) > _LONG_QUERY or len(path) > _LONG_PATH or rest.count("%") > 6:
        return True
    return any(disorder(piece) >= _DISORDER and _mixed(piece) for piece in _PIECE.findall(rest))


def disorder(text: str) -> float:
    """Shannon entropy in bits a character."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0


def _mixed(piece: str) -> bool:
    """Letters beside digits or of both cases, and no words with hyphens between them."""
    kinds = (str.isdigit, str.isupper, str.islower)
    return sum(any(map(kind, piece)) for kind in kinds) >= 2 and piece.count("-") * 8 < len(piece)


def _readable(host: str) -> str:
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except (UnicodeError, ValueError):
        return host


def _is_number(host: str) -> bool:
    """An address in any of the forms that browsers take: dotted, one decimal or hexadecimal number, IPv6."""
    if re.fullmatch(r"(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+)){0,3}", host):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
