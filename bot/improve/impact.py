"""Gathers what is known of a change before it is proposed, for the report that stands in the pull request."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from bot.core.change import Claim, FileChange, Idea, Kind
from bot.core.ids import Sha
from bot.core.ports import Repository
from bot.core.tier import Tier
from bot.core.verdict import Verdict
from bot.improve.doors import NOT_APPLICABLE, Profile
from bot.improve.exposure import Ground, Spans, of_change, touched
from bot.improve.knowledge import Outcome, Result
from bot.improve.surface import surface_of
from bot.policy.impact import Effect, Seen, Surface, report
from bot.policy.risk import Risk

_SILENT = frozenset({Kind.TEST, Kind.DOCS, Kind.REFACTOR})
_WORDS = frozenset({"intents", "prompts", "texts", "phrases"})
_GUARDED = ("charts", "deploy", ".github")
_LOCKS = frozenset({"pyproject.toml", "requirements.lock", "renovate.json", "CODEOWNERS"})


@dataclass(frozen=True, slots=True)
class Written:
    """A change as it was written and judged. `ground` is that of its base; None: nothing is known of the base."""

    idea: Idea
    base: Sha
    head: Sha
    changes: tuple[FileChange, ...]
    gate: Verdict
    tier: Tier
    ground: Ground | None
    profile: Profile


@dataclass(frozen=True, slots=True)
class Impact:
    """The report, and the risk of the change as it was written."""

    effects: tuple[Effect, ...] = ()
    risk: Risk | None = None


def impact_of(written: Written, repo: Repository, outcomes: Iterable[Outcome]) -> Impact:
    """Reads both versions of what is touched; runs nothing."""
    ground, changes = written.ground, written.changes
    spans = touched(changes, partial(_text, repo, written.base), partial(_text, repo, written.head))
    of = of_change(changes, spans, ground, written.tier) if ground is not None else None
    return Impact(report(_seen(written, repo, tuple(outcomes), spans)), of)


def _text(repo: Repository, sha: Sha, path: PurePosixPath) -> str:
    return (repo.read(sha, path) or b"").decode(errors="replace")


def _seen(written: Written, repo: Repository, outcomes: Sequence[Outcome], spans: Spans) -> Seen:
    gate, changes, paths = written.gate, written.changes, _paths(written.changes)
    ended = [one.result for one in outcomes if one.idea != written.idea.id and paths & set(one.paths)]
    ground = written.ground
    reach = ground.reach(map(PurePosixPath, paths)) if ground is not None else frozenset[str]()
    tests, covered = _covering(spans, ground)
    return Seen(
        performance=gate.find("performance"),
        why_unmeasured=_left_out(gate, "performance"),
        behaviour=gate.find("behaviour"),
        before=_surface(repo, written.base, ((c.old_path, c.action != "add") for c in changes), written.profile),
        after=_surface(repo, written.head, ((c.path, c.action != "delete") for c in changes), written.profile),
        guarded=tuple(sorted(path for path in paths if _guards(path))),
        worded=tuple(sorted(path for path in paths if _worded(path, written.profile))),
        silent=written.idea.claim is Claim.PRESERVING or written.idea.kind in _SILENT,
        reverted=ended.count(Result.REVERTED),
        rejected=ended.count(Result.REJECTED) + ended.count(Result.REFUSED),
        healthy=ended.count(Result.HEALTHY) + ended.count(Result.MERGED),
        reach=len(reach),
        floors=_floors(reach),
        modules=len(ground.names) if ground is not None else None,
        tests=tests,
        covered=covered,
        changed=gate.find("changed lines"),
        new_tests=sum(c.action == "add" and written.profile.is_test(c.path) for c in changes),
    )


def _paths(changes: Iterable[FileChange]) -> frozenset[str]:
    return frozenset(str(path) for change in changes for path in change.paths)


def _left_out(gate: Verdict, stage: str) -> str:
    """Why the gate left a stage out; empty if it says nothing of it."""
    idle = gate.facts.get(NOT_APPLICABLE, {})
    return str(idle.get(stage, "")) if isinstance(idle, Mapping) else ""


def _surface(repo: Repository, sha: Sha, paths: Iterable[tuple[PurePosixPath, bool]], profile: Profile) -> Surface:
    def texts() -> Iterator[str]:
        for path, there in paths:
            if there and path.suffix == ".py" and not profile.is_test(path):
                yield _text(repo, sha, path)

    return surface_of(texts())


def _guards(path: str) -> bool:
    return path.split("/", maxsplit=1)[0] in _GUARDED or path in _LOCKS


def _worded(path: str, profile: Profile) -> bool:
    """Data of the product whose words members read."""
    own = any(PurePosixPath(path).is_relative_to(package) for package in profile.packages)
    return own and not path.endswith(".py") and bool(_WORDS & set(PurePosixPath(path).parts))


def _floors(names: Iterable[str]) -> tuple[str, ...]:
    """The parts of the product below its top package, the most touched first."""
    counts: dict[str, int] = {}
    for name in names:
        part = ".".join(name.split(".")[:2])
        counts[part] = counts.get(part, 0) + 1
    return tuple(sorted(counts, key=lambda part: (-counts[part], part)))


def _covering(spans: Spans, ground: Ground | None) -> tuple[int, float | None]:
    """Tests that run lines of the base which are rewritten, and the share of those lines that they run."""
    if ground is None or not ground.known:
        return 0, None
    mine = {path: lines for path, lines in spans.items() if path in ground.names and lines}
    tests = {
        test for path, lines in mine.items() if (file := ground.known.get(str(path))) for test in file.tests_of(lines)
    }
    return len(tests), ground.covered(mine) if mine else None
