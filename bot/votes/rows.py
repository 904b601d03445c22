"""Polls, members and what is voted on as rows of the records, and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from bot.core.ids import GuildId, PullNumber, Sha, UserId
from bot.core.tier import Tier
from bot.core.votes import Ballot, Choice, Poll, Subject, Voter


def snapshot(member: Mapping[str, Any]) -> dict[str, Any]:
    """What of a member decides about a vote, as it is now."""
    return {
        "id": member["id"],
        "roles": sorted(member.get("roles", [])),
        "account_created": member["account_created"],
        "joined": member.get("joined") or member["first_seen"],
        "is_bot": bool(member.get("is_bot", False)),
    }


def poll(row: Mapping[str, Any], ballots: Sequence[Mapping[str, Any]], late: Sequence[Mapping[str, Any]] = ()) -> Poll:
    """The poll of a row. `late` holds members whom the bot met only while it was open."""
    return Poll(
        pull=PullNumber(int(row["pull"])),
        head=Sha(str(row["head"])),
        opened=datetime.fromisoformat(row["opened"]),
        closes=datetime.fromisoformat(row["closes"]),
        electorate=tuple(voter(one) for one in (*row["electorate"], *late)),
        ballots=tuple(sorted((move for one in ballots for move in moves(one)), key=lambda move: move.at)),
        excluded=frozenset(UserId(one) for one in row["excluded"]),
        guild=str(row.get("guild", "")),
    )


def moves(row: Mapping[str, Any]) -> tuple[Ballot, ...]:
    """Everything that one member chose, in order: a turn that they took back later still moved the end of the vote."""
    who = UserId(row["voter"])
    said = row.get("moves") or [(row["choice"], row["at"])]
    return tuple(Ballot(who, cast("Choice", choice), datetime.fromisoformat(at)) for choice, at in said)


def voter(row: Mapping[str, Any]) -> Voter:
    """One member of an electorate."""
    return Voter(
        id=UserId(row["id"]),
        roles=frozenset(row["roles"]),
        account_created=datetime.fromisoformat(row["account_created"]),
        joined=datetime.fromisoformat(row["joined"]),
        is_bot=bool(row["is_bot"]),
    )


def subject(row: Mapping[str, Any]) -> Subject:
    """What the vote of a row is about."""
    return Subject(
        pull=PullNumber(int(row["pull"])),
        head=Sha(str(row["head"])),
        title=str(row["title"]),
        summary=str(row["summary"]),
        tier=Tier(int(row["tier"])),
        risk=str(row.get("risk", "")),
        badges=tuple((str(name), str(status)) for name, status in row.get("badges", ())),
        link=str(row.get("link", "")),
        voided_by=str(row.get("voided_by", "")),
    )


def subject_row(about: Subject) -> dict[str, Any]:
    """The row of what is voted on; `voided_by` is written only when it is voided."""
    return {
        "pull": about.pull,
        "head": about.head,
        "title": about.title,
        "summary": about.summary,
        "tier": int(about.tier),
        "risk": about.risk,
        "badges": [list(badge) for badge in about.badges],
        "link": about.link,
    }


def member_row(
    user: UserId, name: str, now: datetime, told: Mapping[str, Any], *, is_bot: bool, guild: GuildId
) -> dict[str, Any]:
    """A member as first seen. An age or a role that nobody told counts as none: that is the safe side."""
    unknown: dict[str, Any] = {"roles": [], "account_created": now.isoformat()}
    row = {"id": user, "name": name, "first_seen": now.isoformat(), **unknown, **told}
    return {**row, **({"guild": guild} if guild else {}), **({"is_bot": True} if is_bot else {})}
