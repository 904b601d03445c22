"""The end of an attempt: what a model says of its change, taken no further than the change itself bears out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.core.change import Claim, Idea, Kind, Origin
from bot.core.errors import Denied
from bot.core.text import one_line
from bot.improve.doors import Profile

KINDS = (Kind.FEATURE, Kind.FIX, Kind.REFACTOR, Kind.BEHAVIOUR, Kind.DOCS, Kind.TOOL, Kind.TEST)
"""What a model may call its change."""
WORDS = "The model's words: "
"""Before a summary: no line of a commit message then begins as a trailer does."""
SUMMARY = 400
_FORGE = re.compile(r"[@#<>`\[\]*_|\\]|://|(?i:\bGH-(?=\d))")
"""What forges and CI act on in commit messages: mentions, references that close issues, links, `[skip ci]`."""


@dataclass(slots=True)
class Finish:
    """What was handed in, once it was."""

    idea: Idea
    kind: Kind
    claim: Claim
    summary: str = ""

    def done(self) -> bool:
        """Whether the change was handed in."""
        return bool(self.summary)


def begin(idea: Idea) -> Finish:
    """Nothing is handed in yet; kind and claim are the idea's."""
    return Finish(idea, idea.kind, idea.claim)


def settle(
    finish: Finish, given: Mapping[str, Any], changed: Mapping[PurePosixPath, str | None], profile: Profile
) -> None:
    """Take what a model says of its change. Denied, with the reason, if the change does not bear it out."""
    kind = _kind(given.get("kind") or finish.idea.kind.value)
    finish.kind = _borne_out(finish.idea, kind, frozenset(changed), profile)
    finish.claim = Claim.PRESERVING if Claim.PRESERVING in {_claim(given), finish.idea.claim} else Claim.NONE
    if finish.kind in {Kind.REFACTOR, Kind.TEST}:
        finish.claim = Claim.PRESERVING
    finish.summary = summary(given["summary"])


def summary(text: str) -> str:
    """A model's summary on one line that no forge, CI or trailer parser takes for anything but words."""
    words = one_line(_FORGE.sub(" ", one_line(text, 10 * SUMMARY)), SUMMARY)
    return WORDS + (words or "(none)")


def _kind(text: object) -> Kind:
    found = next((kind for kind in KINDS if kind.value == text), None)
    if found is None:
        raise Denied(f"kind is one of {', '.join(kind.value for kind in KINDS)}")
    return found


def _claim(given: Mapping[str, Any]) -> Claim:
    """A model may promise more than the idea does, never less."""
    return Claim.PRESERVING if given.get("claim") == Claim.PRESERVING.value else Claim.NONE


def _borne_out(idea: Idea, kind: Kind, paths: frozenset[PurePosixPath], profile: Profile) -> Kind:
    """A finding's kind stands. Of a wish, a kind that asks for fewer proofs is taken only where the files fit it."""
    if idea.origin is not Origin.MEMBER:
        if kind is not idea.kind:
            raise Denied(f"this request is of kind {idea.kind.value}")
        return kind
    product = [str(p) for p in sorted(paths) if p.suffix == ".py" and not profile.is_test(p)]
    tests = [p for p in paths if p.suffix == ".py" and profile.is_test(p)]
    if kind in {Kind.DOCS, Kind.TEST, Kind.BEHAVIOUR} and product:
        raise Denied(f"{product[0]} is code of the product: then it is no change of kind {kind.value}")
    if kind is Kind.TOOL and product and not tests:
        raise Denied("a tool needs a test that fails without it")
    return kind
