"""Which of several merges that went live together made health bad; and when nobody may be blamed by a machine."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Fact, Status, Verdict

MOST = 3
"""Automatic reverts in one range. After them a person is called, whatever the evidence."""
IDLE = ("tests/", "docs/", "changelog.d/", ".github/", "benchmarks/")
"""Folders of which nothing runs in the product: such a change cannot make its health bad."""
TELLING = frozenset({"types", "tests", "behaviour", "performance", "runtime"})
"""Stages whose refusal of a whole says that it runs otherwise. Others judge how a change was made."""
_FRAME = re.compile(r'File "([^"\n]{1,300})", line \d+')
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Suspect:
    """One merge of the range. `replay`: the gate's verdict on all up to it, against the commit before the range."""

    pull: PullNumber
    merged: Sha
    paths: frozenset[PurePosixPath]
    security: bool = False
    """Is not taken back without a person."""
    taken_back: bool = False
    """Its revert is merged, and health is still bad: that was not the culprit, or not alone."""
    refused: bool = False
    """A person closed its revert."""
    replay: Verdict | None = None
    hints: tuple[str, ...] = ()
    """What its own gate measured, in words. It orders what people read; it convicts nobody."""

    @property
    def idle(self) -> bool:
        """Whether nothing that it touches runs."""
        return bool(self.paths) and all(f"{path}".startswith(IDLE) for path in self.paths)


@dataclass(frozen=True, slots=True)
class Range:
    """Merges that went live together, oldest first, and what points at one of them."""

    start: Sha
    """The commit before the first of them, which was well."""
    suspects: tuple[Suspect, ...]
    made: int = 0
    """Reverts in this range so far, open ones included."""
    open_revert: PullNumber | None = None
    pointed: frozenset[PurePosixPath] = frozenset()
    """Files in the stack traces of the failure."""


@dataclass(frozen=True, slots=True)
class Blame:
    """Whom the evidence names. Nobody: `because` says why, with every suspect below it, likeliest first."""

    suspect: Suspect | None
    because: Verdict
    replay: Sha | None = None
    """Run the gate on this prefix first, against the start of the range."""
    wait: bool = False
    """Something is under way: neither blame nor page."""


def frames(text: str, known: Iterable[PurePosixPath]) -> frozenset[PurePosixPath]:
    """Which of the known files the frames of Python tracebacks in a text name (`File "...", line N`).

    The text must come from the program itself, as why it could not start does: not from where members' words are.
    """
    named = [PurePosixPath(found) for found in _FRAME.findall(text)]
    return frozenset(path for path in known if any(_ends(name, path) for name in named))


def _ends(name: PurePosixPath, path: PurePosixPath) -> bool:
    return name.parts[-len(path.parts) :] == path.parts


def blame(found: Range) -> Blame:
    """Whom to take back first, if anybody. Total and pure.

    One open revert at a time, at most `MOST` in a range. The only suspect whose change runs is blamed at once; of
    several the one that the stages refuse when replayed, or that the traces of the failure name. After a revert that
    did not help only such evidence counts. Otherwise people decide.
    """
    if found.open_revert is not None:
        return Blame(None, _none(found, f"the revert #{found.open_revert} is open", Status.PENDING), wait=True)
    if stop := _stop(found):
        return Blame(None, _none(found, stop))
    able = [s for s in found.suspects if not (s.idle or s.taken_back)]
    if len(able) == 1 and not found.made:
        return _guilty(found, able[0], "the only one of the range whose change runs")
    if named := _named(found, able):
        return _guilty(found, named, "the traces of the failure name its files, and those of no other")
    return _by_replay(found, able)


def _by_replay(found: Range, able: Iterable[Suspect]) -> Blame:
    prefix = next_prefix(found)
    if prefix is not None:
        because = f"replays the stages up to {prefix[:12]} to find which of {len(found.suspects)} merges it was"
        return Blame(None, _none(found, because, Status.PENDING), replay=prefix, wait=True)
    culprit = broken_by(found)
    if culprit is not None and culprit in able:
        return _guilty(found, culprit, "the stages refuse the range from it on, and not up to the one before it")
    why = "that was not the culprit; nothing names another" if found.made else "nothing says which of them it was"
    return Blame(None, _none(found, f"health is bad after {len(found.suspects)} merges, and {why}"))


def _stop(found: Range) -> str:
    if not found.suspects:
        return "there is no merge to blame"
    refused = [s for s in found.suspects if s.refused]
    if refused:
        return f"a person closed the revert of #{refused[0].pull}: people decide from here"
    if found.made >= MOST:
        return f"{found.made} reverts in this range did not help"
    if all(s.idle or s.taken_back for s in found.suspects):
        return "nothing that is left of the range runs in the product, so it was none of it"
    return ""


def _named(found: Range, able: Iterable[Suspect]) -> Suspect | None:
    """The one suspect that touches what the traces name. Two of them: the traces say nothing."""
    hit = [s for s in found.suspects if s.paths & found.pointed]
    return hit[0] if len(hit) == 1 and hit[0] in able else None


def broken_by(found: Range) -> Suspect | None:
    """The first merge from which on the stages refuse the range, as far as the replays tell."""
    low, high = _bracket(found)
    if high - low != 1 or _refused(found, high) is not True:
        return None
    return found.suspects[high - 1]


def next_prefix(found: Range) -> Sha | None:
    """The merge commit up to which the stages are to be replayed next; None: nothing more can be learned.

    Bisection: the whole range first, then halves, so log2(n) + 1 replays. A replay without an answer ends it.
    """
    low, high = _bracket(found)
    if len(found.suspects) < 2 or high == low:
        return None
    if _refused(found, high) is None:
        return _unread(found, high)
    return _unread(found, (low + high) // 2) if _refused(found, high) and high - low > 1 else None


def _unread(found: Range, end: int) -> Sha | None:
    suspect = found.suspects[end - 1]
    return suspect.merged if suspect.replay is None else None


def _bracket(found: Range) -> tuple[int, int]:
    """Prefix lengths (passes, refused) as close as the replays bring them; 0 is the start, which was well."""
    low, high = 0, len(found.suspects)
    while high - low > 1 and _refused(found, high):
        middle = (low + high) // 2
        answer = _refused(found, middle)
        if answer is None:
            break
        low, high = (low, middle) if answer else (middle, high)
    return low, high


def _refused(found: Range, end: int) -> bool | None:
    """Whether the stages refuse the first `end` merges; None: unknown, or no answer."""
    verdict = found.suspects[end - 1].replay if end else None
    if verdict is None:
        return None
    failed = {child.name for child in verdict.children if child.status is Status.FAIL}
    if failed:
        return True if failed & TELLING else None
    return False if verdict.status in {Status.PASS, Status.PENDING} else None


def _guilty(found: Range, suspect: Suspect, why: str) -> Blame:
    because = f"#{suspect.pull}: {why}"
    if suspect.security:
        return Blame(None, _none(found, f"{because}; a security fix is not taken back without a person"))
    return Blame(suspect, Verdict("culprit", Status.PASS, because, _table(found)))


def _none(found: Range, because: str, status: Status = Status.INCONCLUSIVE) -> Verdict:
    return Verdict("culprit", status, because, _table(found))


def _table(found: Range) -> tuple[Verdict, ...]:
    """The suspects as people read them, likeliest first: named by traces, refused in replay, hinted at, newest."""
    places = {s.pull: place for place, s in enumerate(found.suspects)}

    def weight(s: Suspect) -> tuple[bool, bool, bool, int, int]:
        culprit = broken_by(found)
        return (not (s.idle or s.taken_back), bool(s.paths & found.pointed), s == culprit, len(s.hints), places[s.pull])

    return tuple(_row(s, found) for s in sorted(found.suspects, key=weight, reverse=True))


def _row(suspect: Suspect, found: Range) -> Verdict:
    said = [text for text, holds in _marks(suspect, found) if holds]
    facts: dict[str, Fact] = {"merged": str(suspect.merged), "paths": sorted(map(str, suspect.paths))[:_SHOWN]}
    return Verdict(
        f"#{suspect.pull}", Status.INCONCLUSIVE, "; ".join(said) or "nothing speaks for or against", (), 0, facts
    )


def _marks(suspect: Suspect, found: Range) -> tuple[tuple[str, bool], ...]:
    replay = suspect.replay
    return (
        ("it is taken back, and health is still bad", suspect.taken_back),
        ("nothing of it runs", suspect.idle),
        ("the traces name its files", bool(suspect.paths & found.pointed)),
        (f"replayed up to it: {replay.because if replay else ''}", replay is not None),
        ("a security fix", suspect.security),
        ("; ".join(suspect.hints), bool(suspect.hints)),
    )
