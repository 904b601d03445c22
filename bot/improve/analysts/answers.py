"""Finds answers that members think badly of, and intents that they have and that go without an answer.

Members are counted, and what they said is never read: of a voice only its value, its intent, who and when are taken.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

from bot.core.change import Finding, Severity
from bot.improve.analysts._lived import Lived, Rows
from bot.improve.doors import Profile, Workspace
from bot.policy.symptoms import surely_over, weight

NAME = "answers"
MEMBERS = 4
"""Different members, faded, who must think badly of an answer: fewer could be one with several accounts, or a mood."""
SHARE, GRAVE = 0.3, 0.7
"""Share of voices that may be bad, and from which it is grave."""
ASKED = 5.0
"""Members, faded and counted once a day, who met an intent without an answer."""
MODEL = "model"
_NAMED = re.compile(r"[a-z][a-z0-9_]{0,59}")
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Opinion:
    """One voice, without a word."""

    intent: str
    user: str
    bad: bool
    day: date
    revision: str


def opinion(row: Mapping[str, Any]) -> Opinion | None:
    """What is taken of a row of the bot's table; None for one of another shape."""
    try:
        intent, revision = str(row["intent"]), str(row["revision"])
        day = datetime.fromisoformat(str(row["at"])).date()
        found = Opinion(intent, str(row["user"]), row["value"] in {"down", "fix"}, day, revision)
    except (KeyError, TypeError, ValueError):
        return None
    return found if _NAMED.fullmatch(intent) and _SHA.fullmatch(revision) else None


class Answers:
    """Analyst: one finding for each intent, at the file that says what the bot does about it."""

    name = NAME

    def __init__(self, lived: Lived, voices: Rows) -> None:
        self._lived, self._voices = lived, voices

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """Only of intents whose file is as it was when members said so."""
        return await asyncio.to_thread(lambda: [*self._disliked(work, profile), *self._unanswered(work, profile)])

    def _disliked(self, work: Workspace, profile: Profile) -> Iterator[Finding]:
        said = [one for _key, row in self._voices() if (one := opinion(row))]
        for intent in sorted({one.intent for one in said if one.bad}):
            path = _place(work, profile, intent)
            if path is None:
                continue
            here = [one for one in said if one.intent == intent and self._same(work, path, one.revision)]
            good, bad = self._members(here)
            if bad < MEMBERS or not surely_over(bad, good + bad, SHARE):
                continue
            grave = bad >= GRAVE * (good + bad) and bad >= 2 * MEMBERS
            yield Finding(
                rule="disliked-answer",
                path=path,
                line=1,
                end_line=1,
                severity=Severity.HIGH if grave else Severity.MEDIUM,
                message=f"{bad:.0f} of {good + bad:.0f} members who said so think badly of the answers to {intent}",
                analyst=NAME,
                symbol=intent,
                evidence={"members": round(good + bad), "displeased": round(bad)},
            )

    def _members(self, here: Iterable[Opinion]) -> tuple[float, float]:
        """Members by their latest voice, good and bad, faded: a thousand voices of one are one."""
        latest: dict[str, Opinion] = {}
        for one in sorted(here, key=lambda o: o.day):
            latest[one.user] = one
        today = self._lived.today()
        good, bad = (sum(weight(o.day, today) for o in latest.values() if o.bad is wrong) for wrong in (False, True))
        return good, bad

    def _unanswered(self, work: Workspace, profile: Profile) -> Iterator[Finding]:
        noted = [one for one in self._lived.of("answer") if one.counts.get("unanswered")]
        for intent in sorted({one.name for one in noted if _NAMED.fullmatch(one.name)}):
            path = _place(work, profile, intent)
            if path is None or intent == MODEL:
                continue
            here = [one for one in noted if one.name == intent and self._same(work, path, one.revision)]
            times = self._lived.faded(here).get("unanswered", 0.0)
            if times >= ASKED:
                yield Finding(
                    rule="unanswered-intent",
                    path=path,
                    line=1,
                    end_line=1,
                    severity=Severity.LOW,
                    message=f"members asked {times:.0f} times for {intent}, which the bot only says that it cannot do",
                    analyst=NAME,
                    symbol=intent,
                    evidence={"asked": round(times)},
                )

    def _same(self, work: Workspace, path: PurePosixPath, revision: str) -> bool:
        try:
            return self._lived.before(revision, path) == (work.path / path).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return False


def _place(work: Workspace, profile: Profile, intent: str) -> PurePosixPath | None:
    """The file of an intent; for what a model answers, the system text."""
    wanted = "prompts/system.md" if intent == MODEL else f"intents/{intent}.toml"
    found = sorted(f for package in profile.packages for f in (work.path / package).rglob(wanted) if f.is_file())
    return PurePosixPath(found[0].relative_to(work.path)) if found else None
