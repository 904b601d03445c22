"""One answer shape for every question that can be refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

Fact = str | int | float | bool | list[str] | dict[str, str]


class Status(IntEnum):
    """Best to worst: the order is the rule by which verdicts combine."""

    PASS = 0
    PENDING = 1
    INCONCLUSIVE = 2
    ERROR = 3
    FAIL = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer that explains itself: `children` hold the reasons, all the way down.

    `because` is one sentence for a person; `seconds` is wall-clock time spent; `facts` are measurements and evidence.
    """

    name: str
    status: Status
    because: str
    children: tuple["Verdict", ...] = ()
    seconds: float = 0.0
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Only PASS is a pass: no data, an error and a pending question are not."""
        return self.status is Status.PASS

    def walk(self) -> Iterable["Verdict"]:
        """This verdict and all below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, name: str) -> "Verdict | None":
        """The first verdict of that name in the tree."""
        return next((v for v in self.walk() if v.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape other programs rely on: `status` in lower case, `children` nested."""
        return {
            "name": self.name,
            "status": self.status.name.lower(),
            "because": self.because,
            "seconds": round(self.seconds, 3),
            "facts": dict(self.facts),
            "children": [child.to_dict() for child in self.children],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Verdict":
        """Inverse of `to_dict`. Raises KeyError or ValueError on another shape."""
        return cls(
            name=str(data["name"]),
            status=Status[str(data["status"]).upper()],
            because=str(data["because"]),
            children=tuple(cls.from_dict(child) for child in data.get("children", ())),
            seconds=float(data.get("seconds", 0.0)),
            facts=dict(data.get("facts", {})),
        )


def worst(name: str, verdicts: Iterable[Verdict], *, seconds: float | None = None) -> Verdict:
    """Combine verdicts: the worst speaks for all. Nothing asked is not a pass: an empty set is INCONCLUSIVE."""
    children = tuple(verdicts)
    if not children:
        return Verdict(name, Status.INCONCLUSIVE, "nothing was checked")
    lead = max(children, key=lambda v: v.status)
    spent = sum(child.seconds for child in children) if seconds is None else seconds
    because = f"{len(children)} of {len(children)} pass" if lead.passed else f"{lead.name}: {lead.because}"
    return Verdict(name, lead.status, because, children, spent)
