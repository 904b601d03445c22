"""What one run of tests showed, as the signed report says it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.improve.testing.lines import pack, unpack

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed", "timeout", "died", "unrun"]
GOOD: frozenset[str] = frozenset({"passed", "xpassed", "xfailed"})
"""Outcomes that say: this test ran and found nothing."""


@dataclass(frozen=True, slots=True)
class Result:
    """One test's end. `digest` is the fingerprint of the body that ran, empty if it is no plain function.

    `cpu`: processor seconds from its first fixture to its last, with those of its child processes; 0 if not known.
    `moved`: bytes read and written meanwhile; `calls`: reads and writes, as `inside.io_count`; -1 if not known.
    """

    outcome: Outcome
    seconds: float = 0.0
    text: str = ""
    digest: str = ""
    cpu: float = 0.0
    moved: int = -1
    calls: int = -1

    @property
    def good(self) -> bool:
        return self.outcome in GOOD


@dataclass(frozen=True, slots=True)
class FileLines:
    """Lines of one file that ran: in all, and by test id. Packed, see `lines`."""

    executed: str
    by: Mapping[str, str] = field(default_factory=dict)

    def lines(self) -> frozenset[int]:
        return unpack(self.executed)

    def tests_of(self, lines: frozenset[int]) -> frozenset[str]:
        """Tests that ran any of these lines."""
        return frozenset(test for test, ran in self.by.items() if not lines.isdisjoint(unpack(ran)))


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant: `killed`, `timeout` and `died` say that it was noticed.

    `survived`: covering tests ran and held. `untested`: no test that holds on the original could try it.
    `needs import`: it cannot be put into a loaded module.
    """

    outcome: str
    by: str = ""
    seconds: float = 0.0

    @property
    def noticed(self) -> bool:
        return self.outcome in {"killed", "timeout", "died"}


@dataclass(frozen=True, slots=True)
class Run:
    """Everything one run showed. `problems` are about the run as a whole, and `tampered` about its honesty."""

    tests: Mapping[str, Result] = field(default_factory=dict)
    collected: tuple[str, ...] = ()
    files: Mapping[str, FileLines] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    """Files that could not be collected, or `run` for the run itself: what happened."""
    tampered: tuple[str, ...] = ()
    always_equal: tuple[str, ...] = ()
    """Classes whose instances equal anything, and parts of the test machinery that were replaced: bad where new."""
    timed_out: bool = False
    seconds: float = 0.0
    mutants: Mapping[str, "Fate"] = field(default_factory=dict)
    """By mutant id: what became of it. Not kept in the cache."""
    carried: int = 0
    """How many changes lie between the run that was measured whole and this one, see `carry`."""

    def bad(self) -> tuple[str, ...]:
        """Tests that ran and did not end well; a skip is neither."""
        return tuple(t for t, r in self.tests.items() if not r.good and r.outcome != "skipped")

    def slowest(self) -> float:
        """Seconds of the slowest test."""
        return max((r.seconds for r in self.tests.values()), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """JSON shape, for the cache. Written out: `asdict` takes a second for some thousand tests."""
        return {
            "tests": {name: _fields(result) for name, result in self.tests.items()},
            "collected": list(self.collected),
            "files": {name: {"executed": ran.executed, "by": dict(ran.by)} for name, ran in self.files.items()},
            "problems": dict(self.problems),
            "tampered": list(self.tampered),
            "always_equal": list(self.always_equal),
            "timed_out": self.timed_out,
            "seconds": self.seconds,
            "carried": self.carried,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Run":
        """Inverse of `to_dict`. Raises KeyError, TypeError or ValueError on another shape."""
        rest = {key: data[key] for key in ("problems", "timed_out", "seconds", "carried")}
        return cls(
            tests={name: Result(**row) for name, row in data["tests"].items()},
            collected=tuple(data["collected"]),
            files={name: FileLines(**row) for name, row in data["files"].items()},
            tampered=tuple(data["tampered"]),
            always_equal=tuple(data["always_equal"]),
            **rest,
        )


def _fields(result: Result) -> dict[str, Any]:
    return {
        "outcome": result.outcome, "seconds": result.seconds, "text": result.text, "digest": result.digest,
        "cpu": result.cpu, "moved": result.moved, "calls": result.calls,
    }  # fmt: skip


def merge(runs: Iterable[Run]) -> Run:
    """Several runs over the same tree as one; of a test that ran twice the later result counts."""
    tests: dict[str, Result] = {}
    files: dict[str, FileLines] = {}
    problems: dict[str, str] = {}
    collected: dict[str, None] = {}
    everything = list(runs)
    for run in everything:
        tests.update(run.tests)
        problems.update(run.problems)
        collected.update(dict.fromkeys(run.collected))
        for name, lines in run.files.items():
            files[name] = joined(files[name], lines) if name in files else lines
    return Run(
        tests,
        tuple(collected),
        files,
        problems,
        tuple(dict.fromkeys(t for run in everything for t in run.tampered)),
        tuple(sorted({name for run in everything for name in run.always_equal})),
        any(run.timed_out for run in everything),
        sum(run.seconds for run in everything),
    )


def joined(one: FileLines, other: FileLines) -> FileLines:
    """Both runs' lines of one file."""
    by = dict(one.by)
    for test, ran in other.by.items():
        by[test] = pack(unpack(by[test]) | unpack(ran)) if test in by else ran
    return FileLines(pack(one.lines() | other.lines()), by)
