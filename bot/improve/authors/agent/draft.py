"""A change in the making: whole new contents by path, over a checkout that stays as it is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.core.change import Kind, Origin
from bot.core.charter import Charter
from bot.core.errors import Denied
from bot.core.tier import Tier
from bot.improve.authors.agent import places
from bot.policy.tier import tier_of

LONGEST = 200_000
"""Characters of one file that a model may write."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the gate will hold the change to, told early: the charter at base, and who wished for it."""

    charter: Charter
    kind: Kind
    origin: Origin

    def check(self, path: PurePosixPath, before: str | None, after: str | None) -> None:
        """Denied, in the ward's words, if the engine may not change this file so."""
        adds = (str(path),) if after is not None and only_adds(before or "", after) else ()
        ruling = tier_of((path,), self.kind, self.origin, adds, self.charter)
        if ruling.tier is Tier.SEALED:
            why = ruling.because.children[0].because
            raise Denied(f"{path} is sealed, only people change it: {why}. Nothing was changed; solve it elsewhere")

    def check_size(self, lines: int, files: int) -> None:
        """Denied if the change is certainly larger than the charter's bounds."""
        quotas = self.charter.quotas
        if files > quotas.max_files:
            raise Denied(f"one change has at most {quotas.max_files} files; nothing was changed")
        if lines > quotas.max_lines:
            raise Denied(f"one change has at most {quotas.max_lines} changed lines; nothing was changed")


class Draft:
    """Reads the checkout, keeps what is written apart from it. Every method raises Denied with a reason."""

    def __init__(self, root: Path, rules: Rules) -> None:
        self._root, self._rules = root, rules
        self._files: dict[PurePosixPath, str | None] = {}

    def text(self, path: PurePosixPath) -> str:
        """A file as it would be after the change."""
        found = self._now(path)
        if found is None:
            raise Denied(f"there is no file {path}: see list_files or search")
        return found

    def before(self, path: PurePosixPath) -> str | None:
        """A file as the base has it; None where it has none."""
        data = places.content(self._root, path)
        try:
            return None if data is None else data.decode()
        except UnicodeDecodeError:
            raise Denied(f"{path} is not text") from None

    def names(self, below: PurePosixPath) -> Sequence[PurePosixPath]:
        """The files below a folder, or the one file of that name, as they would be after the change."""
        if below in self._files:
            return [below] if self._files[below] is not None else []
        if below.parts and places.kind_of(self._root, below) == "file":
            return [below]
        found = set(places.files(self._root, below)) - {p for p, text in self._files.items() if text is None}
        written = {p for p, text in self._files.items() if text is not None and (not below.parts or below in p.parents)}
        return sorted(found | written)

    def edit(self, path: PurePosixPath, old: str, new: str) -> None:
        """Put `new` in the place of `old`, which must stand in the file exactly once."""
        text = self.text(path)
        if "\r\n" in text and old not in text:
            old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
        count = text.count(old) if old else 0
        if count != 1:
            found = "is empty" if not old else f"stands {count} times" if count else "does not stand"
            raise Denied(f"the old text {found} in {path}: give text that stands there exactly once, with its spaces")
        self._put(path, text.replace(old, new))

    def create(self, path: PurePosixPath, text: str) -> None:
        """Write a new file."""
        if self._now(path) is not None:
            raise Denied(f"{path} is there already: use edit or write")
        self._put(path, text)

    def write(self, path: PurePosixPath, text: str) -> None:
        """Replace the whole of a file that is there."""
        self.text(path)
        self._put(path, text)

    def delete(self, path: PurePosixPath) -> None:
        """Take a file away."""
        self.text(path)
        self._put(path, None)

    def changed(self) -> Mapping[PurePosixPath, str | None]:
        """What differs from the base; None is deleted."""
        return {path: text for path, text in sorted(self._files.items()) if text != self.before(path)}

    def contents(self) -> dict[PurePosixPath, bytes | None]:
        """The same as bytes, for an overlay."""
        return {path: None if text is None else text.encode() for path, text in self.changed().items()}

    def _now(self, path: PurePosixPath) -> str | None:
        return self._files[path] if path in self._files else self.before(path)

    def _put(self, path: PurePosixPath, text: str | None) -> None:
        if text is not None and len(text) > LONGEST:
            raise Denied(f"{path} would have {len(text)} characters, at most {LONGEST} are allowed")
        if text is not None and "\0" in text:
            raise Denied(f"{path} would hold a null character, which no text has")
        try:
            (text or "").encode()
        except UnicodeEncodeError:
            raise Denied(f"{path} would hold half of a character pair, which no text has") from None
        for parent in path.parents[:-1]:
            if parent in self._files or places.kind_of(self._root, parent) == "file":
                raise Denied(f"{path} would lie below {parent}, which is a file")
        self._rules.check(path, self.before(path), text)
        after = {**self._files, path: text}
        lines = sum(changed_lines(self.before(p) or "", t or "") for p, t in after.items())
        self._rules.check_size(lines, sum(t != self.before(p) for p, t in after.items()))
        self._files = after


def only_adds(before: str, after: str) -> bool:
    """Whether every line of `before` stands in `after`, in order: then nothing was taken away."""
    lines = iter(after.splitlines())
    return all(line in lines for line in before.splitlines())


def changed_lines(before: str, after: str) -> int:
    """Lines that were added or removed, at the least: as a diff has them when none was moved."""
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return (old - new).total() + (new - old).total()
