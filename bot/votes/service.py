"""Polls and ballots over the records. Who wins is not decided here: that is policy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args

from bot.core.errors import Misconfigured
from bot.core.ids import PullNumber, Sha, UserId
from bot.core.ports import Records
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.core.votes import Ballot, Choice, Poll, Voter

POLLS, BALLOTS, MEMBERS = "polls", "ballots", "members"
Eligible = Callable[[Poll, Voter], Verdict]


@dataclass(frozen=True, slots=True)
class Question:
    """What members are asked: a proposal at one head commit."""

    pull: PullNumber
    head: Sha
    title: str
    summary: str
    tier: Tier


class Votes:
    """One poll per proposal at a time, bound to its head commit; a new head voids it."""

    def __init__(self, records: Records, eligible: Eligible | None = None) -> None:
        """`eligible` adds the charter's rules (roles, ages), so that a member hears at once why a vote cannot count."""
        self._records, self._eligible = records, eligible

    def meet(self, user: UserId, name: str, now: datetime) -> None:
        """Record a member when first seen. An account whose age is unknown counts as new: that is the safe side."""
        seen = now.isoformat()
        row = {"id": user, "name": name, "first_seen": seen, "roles": [], "account_created": seen}
        self._records.add(MEMBERS, user, row)

    def open_poll(
        self, question: Question, *, opened: datetime, closes: datetime, excluded: frozenset[UserId] = frozenset()
    ) -> Poll:
        """Open a poll with today's members as electorate; the one already open on the same head stays as it is."""
        if closes <= opened:
            raise Misconfigured(f"poll on #{question.pull} closes before it opens; give a later close")
        current = self._row(question.pull)
        if current is None or current["head"] != question.head:
            row = {
                "pull": question.pull,
                "head": question.head,
                "title": question.title,
                "summary": question.summary,
                "tier": int(question.tier),
                "opened": opened.isoformat(),
                "closes": closes.isoformat(),
                "electorate": [_snapshot(member) for _, member in self._records.scan(MEMBERS)],
                "excluded": sorted(excluded),
            }
            self._records.put(POLLS, str(question.pull), row)
        poll = self.read(question.pull)
        if poll is None:
            raise Misconfigured(f"poll on #{question.pull} was voided on this head; open one on the new head")
        return poll

    def read(self, pull: PullNumber) -> Poll | None:
        """The poll with the ballots cast on its head; None if there is none or a push voided it."""
        row = self._row(pull)
        if row is None or row.get("voided_by"):
            return None
        return _poll(row, [ballot for _, ballot in self._records.scan(BALLOTS, f"{pull}/{row['head']}/")])

    def open_polls(self) -> Sequence[tuple[Poll, str]]:
        """Every poll that is not voided, with its title, by number; whether it closed is for the reader's clock."""
        found = [(self.read(PullNumber(int(key))), str(row["title"])) for key, row in self._records.scan(POLLS)]
        return sorted(((poll, title) for poll, title in found if poll), key=lambda pair: pair[0].pull)

    def void(self, pull: PullNumber, new_head: Sha) -> bool:
        """End the poll because the proposal has a new head; its ballots no longer count. True if one was ended."""
        row = self._row(pull)
        if row is None or row.get("voided_by") or row["head"] == new_head:
            return False
        self._records.put(POLLS, str(pull), {**row, "voided_by": new_head})
        return True

    def cast(self, pull: PullNumber, head: Sha, voter: UserId, choice: Choice, now: datetime) -> Verdict:
        """Record one member's ballot; a later one replaces it. FAIL says in one sentence why it does not count."""
        refusal = self._refusal(pull, head, voter, choice, now)
        if refusal:
            return Verdict("vote", Status.FAIL, refusal)
        row = {"voter": voter, "choice": choice, "at": now.isoformat()}
        key = f"{pull}/{head}/{voter}"
        changed = self._records.get(BALLOTS, key) is not None
        self._records.put(BALLOTS, key, row)
        word = "changed to" if changed else "recorded as"
        return Verdict("vote", Status.PASS, f"Your vote on #{pull} is {word} {choice}.", facts={"changed": changed})

    def _refusal(self, pull: PullNumber, head: Sha, voter: UserId, choice: str, now: datetime) -> str:
        if choice not in get_args(Choice):
            return f"Vote with one of {', '.join(get_args(Choice))}."
        row = self._row(pull)
        if row is None:
            return f"There is no vote on #{pull}."
        if row.get("voided_by") or row["head"] != head:
            return f"The vote on #{pull} at {head[:7]} is void: a new version was pushed."
        poll = _poll(row, [])
        if not poll.opened <= now < poll.closes:
            return f"The vote on #{pull} {'is closed' if now >= poll.closes else 'has not opened yet'}."
        return self._ineligible(poll, voter)

    def _ineligible(self, poll: Poll, voter: UserId) -> str:
        if voter in poll.excluded:
            return f"You asked for #{poll.pull} or wrote it, so you may not vote on it."
        member = next((one for one in poll.electorate if one.id == voter), None)
        if member is None:
            return f"You were not a member yet when the vote on #{poll.pull} opened."
        if member.is_bot:
            return "Bots may not vote."
        verdict = self._eligible(poll, member) if self._eligible else None
        return "" if verdict is None or verdict.passed else verdict.because

    def _row(self, pull: PullNumber) -> dict[str, Any] | None:
        return self._records.get(POLLS, str(pull))


def _snapshot(member: dict[str, Any]) -> dict[str, Any]:
    """What of a member decides about the vote, as it is now."""
    return {
        "id": member["id"],
        "roles": sorted(member.get("roles", [])),
        "account_created": member["account_created"],
        "joined": member["first_seen"],
        "is_bot": bool(member.get("is_bot", False)),
    }


def _poll(row: dict[str, Any], ballots: Sequence[dict[str, Any]]) -> Poll:
    return Poll(
        pull=PullNumber(int(row["pull"])),
        head=Sha(str(row["head"])),
        opened=datetime.fromisoformat(row["opened"]),
        closes=datetime.fromisoformat(row["closes"]),
        electorate=tuple(_voter(one) for one in row["electorate"]),
        ballots=tuple(
            Ballot(UserId(one["voter"]), cast("Choice", one["choice"]), datetime.fromisoformat(one["at"]))
            for one in ballots
        ),
        excluded=frozenset(UserId(one) for one in row["excluded"]),
    )


def _voter(row: dict[str, Any]) -> Voter:
    return Voter(
        id=UserId(row["id"]),
        roles=frozenset(row["roles"]),
        account_created=datetime.fromisoformat(row["account_created"]),
        joined=datetime.fromisoformat(row["joined"]),
        is_bot=bool(row["is_bot"]),
    )
