"""One look at all pull requests: two or three calls answer what would be hundreds. Our own writes are noted in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.adapters.github.rows import Pull, Said
from bot.core.ids import Sha
from bot.core.verdict import Verdict

_KEPT = 2000


@dataclass(slots=True)
class Snapshot:
    """What was seen last, and what is known for good. Changed under the forge's own lock only."""

    open: dict[int, Pull] = field(default_factory=dict)
    ended: dict[int, Pull] = field(default_factory=dict)
    at: float | None = None
    """When, by the clock of the desk; None: never."""
    complete: bool = False
    """Whether all that ever ended is known."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    """By digest: they cannot change."""
    ours: dict[tuple[Sha, str], Said] = field(default_factory=dict)
    """Our own last word by commit and context. Nobody else can say it in our name."""
    comments: dict[tuple[int, str], tuple[int, str]] = field(default_factory=dict)
    """Number and text of our comment by pull request and marker."""
    objects: set[Sha] = field(default_factory=set)
    """Commits that are known to be in the clone."""
    required: tuple[float, dict[str, int | None]] | None = None
    """When the branch's rules were read, and the checks they ask for."""
    queue: tuple[float, bool] | None = None
    """When it was asked whether the base branch has a merge queue, and the answer."""
    written: set[tuple[Sha, str]] = field(default_factory=set)
    """What this process said itself: an answer that was on its way meanwhile knows less."""

    def look(self, found: Iterable[Pull], at: float, me: str) -> None:
        """What is open now."""
        self.open = {pull.number: pull for pull in found}
        self.at = at
        for pull in self.open.values():
            self.ended.pop(pull.number, None)
            self._hear(pull, me)

    def end(self, found: Iterable[Pull], me: str) -> bool:
        """Add what ended; whether some of it was not known before."""
        fresh = [pull for pull in found if self.ended.get(pull.number) != pull]
        for pull in fresh:
            self.ended[pull.number] = pull
            self._hear(pull, me)
        return bool(fresh)

    def _hear(self, pull: Pull, me: str) -> None:
        sha = pull.merged_as if pull.merged_as is not None else pull.head
        for said in pull.said:
            if said.login == me and (sha, said.context) not in self.written:
                self.ours[(sha, said.context)] = said

    def note(self, sha: Sha, said: Said) -> None:
        """Our own word on a commit, just said."""
        self.ours[(sha, said.context)] = said
        self.written.add((sha, said.context))

    def keep(self, digest: str, verdict: Verdict) -> None:
        if len(self.verdicts) >= _KEPT:
            self.verdicts.clear()
        self.verdicts[digest] = verdict

    def known(self, number: int, now: float, fresh: float) -> Pull | None:
        """The open pull request as last seen, if that was not long ago."""
        return self.open.get(number) if self.at is not None and now - self.at < fresh else None

    def by_head(self, sha: Sha) -> Pull | None:
        """An open pull request with this head."""
        return next((pull for pull in self.open.values() if pull.head == sha), None)

    def labelled(self, number: int, labels: Iterable[str]) -> None:
        """Labels that we added ourselves."""
        for pulls in (self.open, self.ended):
            if number in pulls:
                pulls[number] = replace(pulls[number], labels=pulls[number].labels | set(labels))
