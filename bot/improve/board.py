"""What the dashboard is made of: open, queued, rejected, taken back and merged, each with its reason."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from bot.core.change import Proposal
from bot.core.ids import ProposalId, PullNumber
from bot.core.ports import Records
from bot.core.verdict import Status
from bot.improve.body import Row, Section, dashboard
from bot.improve.knowledge import Knowledge, Outcome, Result
from bot.improve.knowledge_view import board_rows
from bot.improve.look import View
from bot.improve.retries import Pardons, pardons
from bot.policy.intake import Intake
from bot.policy.knowledge_lifecycle import lessons
from bot.policy.tier import tier_of

QUEUE, KEY = "queue", "ideas"
"""What waits for room, as it was ranked last: one row."""
MOST = 40
_TICK = "Tick a box to let it be tried again: somebody who may write here asks for it."
_MORE = "Odds and the outcomes behind them: `megawatts knowledge`."
_RELEASE = "An edit that was taken back stays in quarantine until a person releases it; a tick alone does not."


def queue(records: Records, intake: Intake, worth: Mapping[ProposalId, str] = MappingProxyType({})) -> None:
    """Keep what is to be tried next and what waits for room, for people to see; `worth`: why each stands where it
    stands."""
    waiting = [(idea, verdict.because) for idea, verdict in intake.skipped if verdict.status is Status.PENDING]
    ideas = [(idea, "to be tried next") for idea in intake.chosen] + waiting
    told = [(idea, "; ".join(filter(None, (why, worth.get(idea.id, ""))))) for idea, why in ideas[:MOST]]
    rows = [{"id": idea.id, "title": idea.title, "kind": idea.kind.value, "because": why} for idea, why in told]
    if records.get(QUEUE, KEY) != (row := {"ideas": rows, "all": len(ideas)}):
        records.put(QUEUE, KEY, row)


def text(records: Records, seen: View, why: Mapping[PullNumber, str], stop: str = "") -> str:
    """The dashboard's text. `why` is what was decided last of each proposal."""
    known = Knowledge(records).outcomes()
    outcomes = {str(outcome.idea): outcome for outcome in known}
    forgiven = pardons(records)
    waiting = _queued(records, seen, outcomes, forgiven)
    return dashboard(
        (
            Section("Open", [_waiting(seen, p, why.get(p.pull, "")) for p in _newest(seen) if _open(p)]),
            Section("Queued", waiting),
            Section("Rejected", _rejected(seen, outcomes, forgiven, why), _TICK),
            Section("Taken back", _reverted(seen, outcomes), _RELEASE),
            Section("Merged", _merged(seen, outcomes, why)),
            Section("Learned", _learned(known), _MORE),
        ),
        stop,
    )


@lru_cache(maxsize=2)
def _learned(known: tuple[Outcome, ...]) -> tuple[Row, ...]:
    """As of the last outcome: the dashboard says the same until something ends, and it is not counted anew before."""
    return tuple(board_rows(lessons(known, max(outcome.at for outcome in known)))) if known else ()


def _newest(seen: View) -> list[Proposal]:
    return sorted(seen.proposals, key=lambda p: p.pull, reverse=True)


def _open(proposal: Proposal) -> bool:
    return not proposal.closed and proposal.merged_as is None


def _of(p: Proposal, because: str, *, box: bool = False) -> Row:
    about = ", ".join((p.kind.value, *(["draft"] if p.draft else []), p.head[:12]))
    return Row(p.title, because, int(p.pull), str(p.idea or "") if box else "", about, box)


def _waiting(seen: View, p: Proposal, because: str) -> Row:
    """An open one, with the tier of its paths and kind; what the gate saw may raise it."""
    tier = tier_of(p.paths, p.kind, p.origin, (), seen.charter).tier
    return replace(row := _of(p, because), about=f"tier {tier.value}, {row.about}")


def _queued(records: Records, seen: View, outcomes: Mapping[str, Outcome], forgiven: Pardons) -> list[Row]:
    """Ideas that wait, and those that a person asked for again which no analyst has brought up since."""
    row = records.get(QUEUE, KEY) or {"ideas": []}
    taken = {str(p.idea) for p in seen.proposals if p.idea and _open(p)}
    taken |= {name for name, outcome in outcomes.items() if not forgiven.of(outcome)}
    rows = [Row(r["title"], r["because"], idea=r["id"], about=r["kind"]) for r in row["ideas"] if r["id"] not in taken]
    listed = {one.idea for one in rows}
    again = [o for name, o in outcomes.items() if forgiven.of(o) and name not in listed | taken]
    return rows + [Row(o.title, "a person asked for it again", idea=o.idea, about=o.kind) for o in again]


def _rejected(
    seen: View, outcomes: Mapping[str, Outcome], forgiven: Pardons, why: Mapping[PullNumber, str]
) -> list[Row]:
    """What a stage, the rules or people said no to. People's own proposals and reverts have no box."""
    rows, named = [], {str(p.idea) for p in seen.proposals if p.idea and _open(p)}
    for p in _newest(seen):
        name = str(p.idea or "")
        if not p.closed or forgiven.closed(p) or (name and name in named):
            continue
        outcome = outcomes.get(name)
        if outcome is not None and outcome.result is Result.REVERTED:
            continue
        named.add(name)
        mine = outcome.because if outcome is not None and outcome.result is Result.REJECTED else ""
        rows.append(_of(p, mine or why.get(p.pull, "") or "a person closed it", box=p.idea is not None))
    refused = [o for o in outcomes.values() if o.result is Result.REFUSED and o.idea not in named]
    fresh = sorted((o for o in refused if not forgiven.of(o)), key=lambda o: o.at, reverse=True)
    return [*rows, *(Row(o.title, o.because, idea=o.idea, about=o.kind, box=True) for o in fresh)]


def _reverted(seen: View, outcomes: Mapping[str, Outcome]) -> list[Row]:
    rows = []
    for p in _newest(seen):
        revert = seen.taking(p.merged_as)
        if p.merged_as is None or revert is None:
            continue
        known = outcomes.get(str(p.idea or ""))
        because = known.because if known is not None and known.result is Result.REVERTED else "a person took it back"
        state = "taken back" if revert.merged_as is not None else "to be taken back"
        row = _of(p, because, box=p.idea is not None)
        rows.append(replace(row, about=f"{row.about}, {state} by #{revert.pull}"))
    return rows


def _merged(seen: View, outcomes: Mapping[str, Outcome], why: Mapping[PullNumber, str]) -> list[Row]:
    rows = []
    for p in _newest(seen):
        if p.merged_as is None or seen.taking(p.merged_as) is not None:
            continue
        known = outcomes.get(str(p.idea or ""))
        version = f"healthy in {known.version}" if known is not None and known.version else ""
        rows.append(_of(p, version or why.get(p.pull, "") or "its watch is over"))
    return rows
