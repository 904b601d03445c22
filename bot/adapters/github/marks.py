"""What the bot writes into texts for itself to read again: pure functions, and nothing in them is believed unproved.

A pull request's own facts stand in a hidden block of its body, believed only where the bot opened it and wrote the body
last. A verdict stands whole in a check run or a comment; the commit status, which GitHub lets nobody alter, carries its
digest, bound to the commit and the context.
"""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.core.change import Claim, Idea, Kind, Origin
from bot.core.errors import Denied
from bot.core.ids import ProposalId, Sha, UserId
from bot.core.text import one_line, plain
from bot.core.verdict import Status, Verdict

BODY_LIMIT = 65_000
TEXT_LIMIT = 60_000
_MOST_UNPACKED = 8_000_000
_DESCRIPTION = 140
_BLOCK = re.compile(r"<!-- megawatts:(proposal|verdict) (\{[^\n<>]*\}|z:[A-Za-z0-9+/=]+) -->")
_ANY = re.compile(r"<!--\s*megawatts:[^\n]*", re.IGNORECASE)
_DIGEST = re.compile(r"\[([0-9a-f]{32})\]\Z")
_SHA = re.compile(r"[0-9a-f]{40}")

STATES = {
    Status.PASS: "success",
    Status.PENDING: "pending",
    Status.INCONCLUSIVE: "pending",
    Status.ERROR: "error",
    Status.FAIL: "failure",
}
"""State of a commit status by verdict. Source: docs.github.com/en/rest/commits/statuses"""


@dataclass(frozen=True, slots=True)
class About:
    """What a pull request says of itself."""

    kind: Kind = Kind.OTHER
    origin: Origin = Origin.PERSON
    idea: ProposalId | None = None
    asked_by: UserId | None = None
    claim: Claim = Claim.NONE
    reverts: Sha | None = None
    only: frozenset[PurePosixPath] = frozenset()
    labels: frozenset[str] = frozenset()
    """Those that it was opened with: GitHub takes them only by a second request, which may never have been made."""


def about_idea(idea: Idea) -> About:
    return About(idea.kind, idea.origin, idea.id, idea.asked_by, idea.claim)


def signed_body(body: str, about: About) -> str:
    """The body with its hidden block last. A block that the words bring along is taken out."""
    row = {
        "kind": about.kind.value,
        "origin": about.origin.value,
        "idea": about.idea,
        "asked_by": about.asked_by,
        "claim": about.claim.value,
        "reverts": about.reverts,
        "only": sorted(map(str, about.only)),
        "labels": sorted(about.labels),
    }
    block = _hidden("proposal", _quiet(json.dumps(row, sort_keys=True)))
    return f"{without_blocks(body)[: BODY_LIMIT - len(block) - 2]}\n\n{block}"


def read_about(body: str) -> About | None:
    """What the last block of a body says, or None if there is none that can be read."""
    found = [text for kind, text in _BLOCK.findall(body) if kind == "proposal"]
    try:
        row = json.loads(found[-1]) if found else None
        return None if row is None else _about(row)
    except (ValueError, KeyError, TypeError):
        return None


def _about(row: Mapping[str, Any]) -> About:
    reverts = row["reverts"]
    if reverts is not None and not _SHA.fullmatch(str(reverts)):
        raise ValueError(reverts)
    return About(
        kind=Kind(row["kind"]),
        origin=Origin(row["origin"]),
        idea=ProposalId(str(row["idea"])) if row["idea"] else None,
        asked_by=UserId(str(row["asked_by"])) if row["asked_by"] else None,
        claim=Claim(row["claim"]),
        reverts=Sha(str(reverts)) if reverts else None,
        only=frozenset(PurePosixPath(str(path)) for path in row["only"]),
        labels=frozenset(str(label) for label in row.get("labels", ())),
    )


def without_blocks(text: str) -> str:
    """The text as people see it: no hidden block of ours, and none that only looks like one."""
    return _ANY.sub("", plain(text)).strip()


def marked(text: str, marker: str) -> str:
    """A comment that can be found again."""
    return f"{without_blocks(text)[:BODY_LIMIT]}\n\n{mark(marker)}"


def mark(marker: str) -> str:
    word = re.sub(r"[^A-Za-z0-9._/-]+", "-", marker).replace("--", "-")
    return f"<!-- megawatts:said:{word} -->"


def written(verdict: Verdict, sha: Sha, context: str) -> tuple[str, str]:
    """A verdict as one hidden line, and its digest. Denied if it is too long even when compressed."""
    text = _quiet(json.dumps(verdict.to_dict(), sort_keys=True))
    if len(text) > TEXT_LIMIT:
        text = f"z:{base64.b64encode(zlib.compress(text.encode(), 9)).decode()}"
    if len(text) > TEXT_LIMIT:
        raise Denied(f"the verdict {one_line(context)} is too long for GitHub: {len(text)} of {TEXT_LIMIT} characters")
    return _hidden("verdict", text), digest(text, sha, context)


def digest(text: str, sha: Sha, context: str) -> str:
    """128 bits over the commit, the context and the text: what a status vouches for."""
    return hashlib.sha256(f"{sha}\0{context}\0{text}".encode()).hexdigest()[:32]


def verified(text: str, sha: Sha, context: str, wanted: str) -> Verdict | None:
    """The verdict in a text whose digest is the wanted one, or None: anybody may write a text."""
    for kind, packed in _BLOCK.findall(text):
        if kind == "verdict" and digest(packed, sha, context) == wanted:
            return _unpacked(packed)
    return None


def _unpacked(packed: str) -> Verdict | None:
    try:
        if packed.startswith("z:"):
            inflate = zlib.decompressobj()
            packed = inflate.decompress(base64.b64decode(packed[2:]), _MOST_UNPACKED).decode()
        return Verdict.from_dict(json.loads(packed))
    except (ValueError, KeyError, TypeError, zlib.error):
        return None


def description(verdict: Verdict, seal: str) -> str:
    """The line of a status: the reason, as far as there is room, and the digest."""
    room = _DESCRIPTION - len(seal) - 3
    return f"{one_line(verdict.because, room) or verdict.status.name.lower()} [{seal}]"


def seal_of(text: str) -> str:
    """The digest in the line of a status; empty if there is none."""
    found = _DIGEST.search(text)
    return found[1] if found else ""


def _quiet(text: str) -> str:
    """JSON that cannot end the comment it stands in."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")


def _hidden(kind: str, text: str) -> str:
    return f"<!-- megawatts:{kind} {text} -->"
