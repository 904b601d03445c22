"""Actions that workflows use: by which commit, and which version they say that it is."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.text import one_line
from bot.core.verdict import Status, Verdict, worst

_USES = re.compile(
    r"^\s*-?\s*uses:\s*[\"']?(?P<action>[\w.-]+/[\w.-]+)(?:/[^@\s\"']+)?@(?P<at>[^\s\"'#]+)[\"']?(?:\s+#\s*(?P<says>\S+))?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_TAG = re.compile(r"v?\d[\w.+-]{0,60}")


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """One action as a workflow names it. `action`: `owner/name`; `says`: the version in the comment, or ''."""

    action: str
    at: str
    says: str = ""

    @property
    def commit(self) -> bool:
        """Whether it is pinned to a commit, which nobody can move."""
        return bool(_COMMIT.fullmatch(self.at))

    @property
    def tag(self) -> str:
        """The tag that the comment names; '' where it names none that could be one."""
        return self.says if _TAG.fullmatch(self.says) else ""


def pins(texts: Iterable[str]) -> tuple[Pin, ...]:
    """Every action of other repositories that these workflows use, each pin once. Own ones and images are none."""
    rows = (_USES.match(line) for text in texts for line in text.splitlines())
    return tuple(sorted({Pin(row["action"], row["at"], row["says"] or "") for row in rows if row}))


def judged(name: str, found: Iterable[Pin], commits: Mapping[tuple[str, str], str | None]) -> Verdict:
    """Whether each pin is the commit of the tag that it says.

    `commits`: by action and tag, the commit that the action's own repository has for it now; None where it has none.
    A commit of a fork is reachable by the original's address too, so only the tag says that a commit is its own.
    """
    parts = [_one(pin, commits) for pin in found]
    if not parts:
        return Verdict(name, Status.PASS, "the workflows use no action of others")
    whole = worst(name, parts)
    if whole.passed:
        return Verdict(name, Status.PASS, f"{len(parts)} pins are the commits of their tags", whole.children)
    wrong = [part.because for part in parts if part.status is whole.status]
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return Verdict(name, whole.status, f"{wrong[0]}{more}", whole.children)


def _one(pin: Pin, commits: Mapping[tuple[str, str], str | None]) -> Verdict:
    name = one_line(pin.action)
    if not pin.commit:
        return Verdict(name, Status.FAIL, f"{name}@{one_line(pin.at, 60)} can be moved: pin it to a commit")
    short = pin.at[:12]
    if not pin.tag:
        fix = "write the tag behind it (`# v1.2.3`), so that it can be compared"
        return Verdict(name, Status.FAIL, f"{name}@{short} says no version: {fix}")
    there = commits.get((pin.action, pin.tag))
    if there is None:
        fix = "look at what the commit is, and pin one that a tag names"
        return Verdict(name, Status.FAIL, f"{name} has no tag {pin.tag}, which the pin {short} says it is: {fix}")
    if there != pin.at:
        fix = "the tag was moved or the pin is of something else; look before you pin either"
        return Verdict(name, Status.FAIL, f"{name}: {pin.tag} is {there[:12]}, and the pin is {short}: {fix}")
    return Verdict(name, Status.PASS, f"{short} is {pin.tag}")
