"""What announcements say, in English. A catalogue of other languages has the same keys."""

import re
from collections.abc import Callable, Mapping

Words = Callable[..., str]
"""A text by its key, with facts filled in."""
ENGLISH: Mapping[str, str] = {
    "announce.tier": "Tier",
    "announce.risk": "Risk",
    "announce.stages": "Stages",
    "announce.votes": "Votes",
    "announce.until": "Open until",
    "announce.outcome": "Outcome",
    "announce.version": "Version",
    "announce.tier_1": "1, safe",
    "announce.tier_2": "2, validated: one maintainer or a members' vote",
    "announce.tier_3": "3, critical: code owners",
    "announce.tier_9": "sealed",
    "announce.risk_unknown": "unknown: it was not validated",
    "announce.risk_low": "low: every stage passes",
    "announce.risk_look": "a person should look at {stages}",
    "announce.tally": "{pro} for, {con} against, {abstained} abstained",
    "announce.for": "For",
    "announce.against": "Against",
    "announce.abstain": "Abstain",
    "announce.why": "Why?",
    "announce.reject": "Reject",
    "announce.reject_asks": "Why should it be rejected? Your reason is kept and told to its author. (Maintainers only)",
    "announce.voided": "The vote on {head} is void: {newer} was pushed since.",
    "announce.closed": "The vote is closed: {tally}.",
    "announce.nobody": "The vote is closed: nobody voted.",
    "announce.live": "#{pull} is live and healthy.",
    "announce.live_in": "#{pull} is live in {version} and healthy.",
    "announce.refused": "#{pull} was rejected.",
    "announce.refused_why": "#{pull} was rejected: {because}",
    "announce.merged": "#{pull} was merged; its health is being watched.",
    "announce.reverted": "#{pull} was taken back.",
    "announce.reverted_why": "#{pull} was taken back: {because}",
    "announce.open": "#{pull} is open.",
    "announce.news.open": "Your suggestion became #{pull}: {title}.",
    "announce.news.unwritten": "Your suggestion was tried, and no change came of it: {because}",
    "announce.news.refused": "Your suggestion was tried, and the change did not pass: {because}",
    "announce.news.rejected": "Your suggestion (#{pull}) was rejected: {because}",
    "announce.news.merged": "Your suggestion (#{pull}) was merged. Its health is being watched.",
    "announce.news.healthy": "Your suggestion (#{pull}) is live. Thank you.",
    "announce.news.healthy_in": "Your suggestion (#{pull}) is live in {version}. Thank you.",
    "announce.news.reverted": "Your suggestion (#{pull}) was taken back: {because}",
}
_SLOT = re.compile(r"\{([a-z]+)\}")
_COUNT = re.compile(r"(\d+) for, (\d+) against, (\d+) abstained")
_LOOK = "a person should look at "


def english(key: str, **facts: object) -> str:
    """The English text. KeyError for a key that there is not: a mistake of the caller."""
    return _SLOT.sub(lambda slot: str(facts.get(slot[1], slot[0])), ENGLISH[key])


def counted(because: str, say: Words) -> str:
    """How a vote stands, with its numbers said in the language; what else there is stays as it is."""

    def said(found: re.Match[str]) -> str:
        return say("announce.tally", pro=found[1], con=found[2], abstained=found[3])

    return _COUNT.sub(said, because, count=1)


def risk(text: str, say: Words) -> str:
    """A risk as it was written down, in the language."""
    for key in ("announce.risk_low", "announce.risk_unknown"):
        if text == ENGLISH[key]:
            return say(key)
    return say("announce.risk_look", stages=text.removeprefix(_LOOK)) if text.startswith(_LOOK) else text
