"""Polls and ballots over the records. Who wins is not decided here: that is policy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from bot.core.chat import HERE
from bot.core.errors import Misconfigured
from bot.core.ids import GuildId, PullNumber, Sha, UserId
from bot.core.ports import Records
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.core.votes import Choice, Poll, Quorum, Subject, Voter
from bot.policy import polls as policy
from bot.votes import rows

POLLS, BALLOTS, MEMBERS = "polls", "ballots", "members"
GUILD_MEMBERS = "guild_members"
"""Members of Discord guilds, by guild and user. What is said without a guild never gets here: names there are free."""
ELECTORS = "electors"
"""Members whom the bot met only after a poll had opened, by pull, head and user."""
_MOST_MOVES = 20
"""Ballots of one member on one head that are kept, since each may have moved the end."""
Eligible = Callable[[Poll, Voter], Verdict]


@dataclass(frozen=True, slots=True)
class Question:
    """What members are asked: a proposal at one head commit, in one guild."""

    pull: PullNumber
    head: Sha
    title: str
    summary: str
    tier: Tier
    guild: GuildId = HERE
    roles: frozenset[str] = frozenset()
    """The guild's own narrower choice of who may vote, as it was when the poll opened; empty: no narrower."""
    risk: str = ""
    badges: tuple[tuple[str, str], ...] = ()
    link: str = ""

    @property
    def subject(self) -> Subject:
        """What members are shown."""
        return Subject(self.pull, self.head, self.title, self.summary, self.tier, self.risk, self.badges, self.link)


def by_quorum(quorum: Quorum) -> Eligible:
    """The charter's rules on who may vote, as a sentence for whom they refuse."""

    def eligible(poll: Poll, voter: Voter) -> Verdict:
        if voter.id in policy.electorate(poll, quorum):
            return Verdict("eligible", Status.PASS, "may vote")
        ages = f"{quorum.account_age.days} days of account, {quorum.member_age.days} days of membership"
        roles = f" and one of the roles {', '.join(sorted(quorum.roles))}" if quorum.roles else ""
        return Verdict("eligible", Status.FAIL, f"A vote on #{poll.pull} needs {ages}{roles}.")

    return eligible


class Votes:
    """One poll per proposal at a time, bound to its head commit; a new head voids it."""

    def __init__(self, records: Records, eligible: Eligible | None = None, quorum: Quorum | None = None) -> None:
        """`eligible` adds the charter's rules (roles, ages), so that a member hears at once why a vote cannot count;
        with `quorum` they are the default, and a late swing keeps the poll open."""
        self._records, self._quorum = records, quorum
        self._eligible = eligible or (by_quorum(quorum) if quorum else None)

    def meet(
        self,
        user: UserId,
        name: str,
        now: datetime,
        *,
        roles: Sequence[str] | None = None,
        account_created: datetime | None = None,
        joined: datetime | None = None,
        is_bot: bool = False,
        guild: GuildId = HERE,
    ) -> None:
        """Record a member when first seen, and what the carrier knows of them now. What is never told (ages, roles)
        counts as new and as none: that is the safe side. `roles` None: not known this time, what was known stays."""
        ages = {"account_created": account_created, "joined": joined}
        told: dict[str, Any] = {name: at.isoformat() for name, at in ages.items() if at is not None}
        told |= {} if roles is None else {"roles": sorted(roles)}
        row = rows.member_row(user, name, now, told, is_bot=is_bot, guild=guild)
        table, key = (GUILD_MEMBERS, f"{guild}/{user}") if guild else (MEMBERS, user)
        if self._records.add(table, key, row) or not told:
            return
        before = self._records.get(table, key) or row
        after = {**before, **told, "name": name}
        if after != before:
            self._records.put(table, key, after)

    def open_poll(
        self, question: Question, *, opened: datetime, closes: datetime, excluded: frozenset[UserId] = frozenset()
    ) -> Poll:
        """Open a poll with today's members as electorate; the one already open on the same head stays as it is."""
        if closes <= opened:
            raise Misconfigured(f"poll on #{question.pull} closes before it opens; give a later close")
        current = self._row(question.pull)
        if current is None or current["head"] != question.head:
            row = {
                **rows.subject_row(question.subject),
                "guild": question.guild,
                "only_roles": sorted(question.roles),
                "opened": opened.isoformat(),
                "closes": closes.isoformat(),
                "electorate": [rows.snapshot(member) for member in self._members(question.guild)],
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
        return None if row is None or row.get("voided_by") else self._whole(row)

    def subjects(self) -> Sequence[Subject]:
        """What the newest poll on each proposal is about, voided and closed ones as well, by number."""
        return sorted((rows.subject(row) for _, row in self._records.scan(POLLS)), key=lambda one: one.pull)

    def subject(self, pull: PullNumber) -> Subject | None:
        """What the newest poll on one proposal is about."""
        row = self._row(pull)
        return rows.subject(row) if row else None

    def open_polls(self) -> Sequence[tuple[Poll, str]]:
        """Every poll that is not voided, with its title, by number; whether it closed is for the reader's clock."""
        found = [(self._whole(row), str(row["title"])) for _, row in self._records.scan(POLLS) if not _voided(row)]
        return sorted(found, key=lambda pair: pair[0].pull)

    def void(self, pull: PullNumber, new_head: Sha) -> bool:
        """End the poll because the proposal has a new head; its ballots no longer count. True if one was ended."""
        row = self._row(pull)
        if row is None or row.get("voided_by") or row["head"] == new_head:
            return False
        self._records.put(POLLS, str(pull), {**row, "voided_by": new_head})
        return True

    def ends(self, poll: Poll, now: datetime) -> datetime:
        """When it closes: as announced, or later if the outcome turned shortly before."""
        return policy.closes(poll, self._quorum, now) if self._quorum else poll.closes

    def explain(self, poll: Poll, now: datetime) -> Verdict:
        """How it stands by the charter's quorum, and what it still needs."""
        return policy.tally(poll, self._quorum or Quorum(), now)

    def cast(
        self, pull: PullNumber, head: Sha, voter: UserId, choice: Choice, now: datetime, *, guild: GuildId = HERE
    ) -> Verdict:
        """Record one member's ballot; a later one replaces it. FAIL says in one sentence why it does not count."""
        if choice not in get_args(Choice):
            return Verdict("vote", Status.FAIL, f"Vote with one of {', '.join(get_args(Choice))}.")
        refusal = self._refusal(pull, head, voter, now, guild)
        if refusal:
            return Verdict("vote", Status.FAIL, refusal)
        key = f"{pull}/{head}/{voter}"
        before = self._records.get(BALLOTS, key)
        moves = [[move.choice, move.at.isoformat()] for move in rows.moves(before)] if before else []
        if len(moves) >= _MOST_MOVES and moves[-1][0] != choice:
            because = f"You have changed your vote on #{pull} {_MOST_MOVES - 1} times; it stays {moves[-1][0]}."
            return Verdict("vote", Status.FAIL, because)
        if not moves or moves[-1][0] != choice:  # the same again is the same ballot, as old as it was
            moves.append([choice, now.isoformat()])
            row = {"voter": voter, "choice": choice, "at": now.isoformat(), "moves": moves}
            self._records.put(BALLOTS, key, row)
        word = "changed to" if before is not None and before["choice"] != choice else "recorded as"
        facts = {"changed": before is not None}
        return Verdict("vote", Status.PASS, f"Your vote on #{pull} is {word} {choice}.", facts=facts)

    def _refusal(self, pull: PullNumber, head: Sha, voter: UserId, now: datetime, guild: GuildId) -> str:
        row = self._row(pull)
        if row is None:
            return f"There is no vote on #{pull}."
        if row.get("voided_by") or row["head"] != head:
            return f"The vote on #{pull} at {head[:7]} is void: a new version was pushed."
        poll = self._whole(row)
        if poll.guild != guild:
            return f"Votes on #{pull} count only in the home server of this bot."
        if not poll.opened <= now < self.ends(poll, now):
            return f"The vote on #{pull} {'is closed' if now >= poll.closes else 'has not opened yet'}."
        return self._ineligible(poll, voter, frozenset(row.get("only_roles", ())))

    def _ineligible(self, poll: Poll, voter: UserId, only: frozenset[str]) -> str:
        if voter in poll.excluded:
            return f"You asked for #{poll.pull} or wrote it, so you may not vote on it."
        member = next((one for one in poll.electorate if one.id == voter), None)
        if member is None:
            poll, member = self._late(poll, voter)
        if member is None:
            return f"You were not a member yet when the vote on #{poll.pull} opened."
        if member.is_bot:
            return "Bots may not vote."
        if only and not member.roles & only:
            return f"A vote on #{poll.pull} needs a role that this server lets vote, held since before it opened."
        verdict = self._eligible(poll, member) if self._eligible else None
        return "" if verdict is None or verdict.passed else verdict.because

    def _late(self, poll: Poll, voter: UserId) -> tuple[Poll, Voter | None]:
        """A member of long standing whom the bot meets only now. When they joined is Discord's word and does not
        change; which roles they had when the poll opened nobody knows, so that none count."""
        row = self._records.get(GUILD_MEMBERS, f"{poll.guild}/{voter}") if poll.guild else None
        if row is None or "joined" not in row or datetime.fromisoformat(row["joined"]) > poll.opened:
            return poll, None
        shot = {**rows.snapshot(row), "roles": []}
        self._records.add(ELECTORS, f"{poll.pull}/{poll.head}/{voter}", shot)
        again = self.read(poll.pull) or poll
        return again, rows.voter(shot)

    def _members(self, guild: GuildId) -> list[dict[str, Any]]:
        found = self._records.scan(GUILD_MEMBERS, f"{guild}/") if guild else self._records.scan(MEMBERS)
        return [member for _, member in found]

    def _whole(self, row: dict[str, Any]) -> Poll:
        prefix = f"{row['pull']}/{row['head']}/"
        ballots = [ballot for _, ballot in self._records.scan(BALLOTS, prefix)]
        return rows.poll(row, ballots, [late for _, late in self._records.scan(ELECTORS, prefix)])

    def _row(self, pull: PullNumber) -> dict[str, Any] | None:
        return self._records.get(POLLS, str(pull))


def _voided(row: dict[str, Any]) -> bool:
    return bool(row.get("voided_by"))
