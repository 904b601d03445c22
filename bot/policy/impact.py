"""What a change is going to do to the product, in seven lines: decided before it is proposed, from what was seen. Pure.

What was not measured is said to be so: silence would read as "no effect".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.core.verdict import Status, Verdict

Level = Literal["none", "some", "grave", "unknown"]
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Surface:
    """What strangers or members can reach, and what the code may do: names of our own code, with how often."""

    powers: Mapping[str, int] = field(default_factory=dict)
    """Dangerous places by rule of V-5: `network`, `process`, ..."""
    entries: frozenset[str] = frozenset()
    """`tool x`, `command x`, `route x`."""
    permissions: frozenset[str] = frozenset()
    """Discord permissions that tools ask for."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that is known of a change beside its text."""

    performance: Verdict | None = None
    """V-11's; None: it did not run."""
    why_unmeasured: str = ""
    behaviour: Verdict | None = None
    before: Surface = Surface()
    after: Surface = Surface()
    guarded: tuple[str, ...] = ()
    """Changed files that say who may do what: workflows, manifests of the deployment, lock files."""
    worded: tuple[str, ...] = ()
    """Changed files whose words members read."""
    silent: bool = False
    """By its kind or claim nobody is to notice it."""
    reverted: int = 0
    rejected: int = 0
    healthy: int = 0
    """How earlier changes of the same files ended."""
    reach: int = 0
    floors: tuple[str, ...] = ()
    """Parts of the product in which something builds on it."""
    modules: int | None = 0
    """None: who builds on what is not known."""
    tests: int = 0
    """Tests that run the lines that are changed in place."""
    covered: float | None = None
    changed: Verdict | None = None
    """V-8's on the lines as they are after it."""
    new_tests: int = 0
    """Test files that it brings."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One line of the report."""

    on: str
    level: Level
    because: str


def report(seen: Seen) -> tuple[Effect, ...]:
    """One line for each side of the product, always all of them, in this order."""
    return (_performance(seen), _security(seen), _experience(seen), _stability(seen), _interface(seen), _blast(seen),
            _tests(seen))  # fmt: skip


def _performance(seen: Seen) -> Effect:
    verdict = seen.performance
    if verdict is None:
        return Effect("performance", "unknown", f"not measured: {seen.why_unmeasured or 'the stage did not run'}")
    levels: Mapping[Status, Level] = {Status.PASS: "none", Status.FAIL: "grave"}
    return Effect("performance", levels.get(verdict.status, "unknown"), verdict.because)


def _security(seen: Seen) -> Effect:
    more = [f"{rule} (+{count})" for rule, count in sorted(_grown(seen.before.powers, seen.after.powers).items())]
    fewer = [f"{rule} (-{count})" for rule, count in sorted(_grown(seen.after.powers, seen.before.powers).items())]
    asks = sorted(seen.after.permissions - seen.before.permissions)
    opens = sorted(seen.after.entries - seen.before.entries)
    shuts = sorted(seen.before.entries - seen.after.entries)
    told = [("new power", more), ("asks for", asks), ("opens", opens), ("changes", seen.guarded), ("loses", fewer),
            ("closes", shuts)]  # fmt: skip
    text = "; ".join(f"{what} {_some(names)}" for what, names in told if names)
    level: Level = "grave" if more or asks else "some" if text else "none"
    return Effect("security", level, text or "no new power, entry point or permission")


def _experience(seen: Seen) -> Effect:
    talks = seen.behaviour.find("conversations") if seen.behaviour is not None else None
    noticed = [f"words in {_some(seen.worded)}"] if seen.worded else []
    gone = sorted(seen.before.entries - seen.after.entries)
    new = sorted(seen.after.entries - seen.before.entries)
    noticed += [f"new: {_some(new)}"] if new else []
    noticed += [f"gone: {_some(gone)}"] if gone else []
    if talks is not None and not talks.passed:
        noticed.append("recorded conversations are answered otherwise")
    if noticed:
        return Effect("user experience", "grave" if gone else "some", "; ".join(noticed))
    if talks is not None:
        return Effect("user experience", "none", "recorded conversations are answered as before")
    if seen.silent:
        return Effect("user experience", "none", "by its kind nobody is to notice it")
    return Effect("user experience", "unknown", "no recorded conversation was replayed: members may notice it")


def _stability(seen: Seen) -> Effect:
    if not seen.reverted + seen.rejected + seen.healthy:
        return Effect("stability", "unknown", "no earlier change of these files is known")
    text = f"of earlier changes of these files {seen.reverted} were taken back, {seen.rejected} refused, "
    level: Level = "grave" if seen.reverted else "some" if seen.rejected else "none"
    return Effect("stability", level, f"{text}{seen.healthy} stayed")


def _interface(seen: Seen) -> Effect:
    breaks = seen.behaviour.facts.get("breakages") if seen.behaviour is not None else None
    if isinstance(breaks, list) and breaks:
        return Effect("interface", "grave", _some(breaks))
    if seen.behaviour is None:
        return Effect("interface", "unknown", "not compared: no function of the product was touched, or nothing ran")
    return Effect("interface", "none", "no public name breaks")


def _blast(seen: Seen) -> Effect:
    if seen.modules is None:
        return Effect("blast radius", "unknown", "who builds on it is not known")
    if not seen.reach:
        return Effect("blast radius", "none", "no module builds on what is touched")
    text = f"{seen.reach} of {seen.modules} modules build on it, in {_some(seen.floors)}"
    return Effect("blast radius", "grave" if 2 * seen.reach >= seen.modules else "some", text)


def _tests(seen: Seen) -> Effect:
    rest = f"; it brings {seen.new_tests} test files" if seen.new_tests else ""
    rest = f"; afterwards {seen.changed.because}{rest}" if seen.changed is not None else rest
    if seen.covered is None:
        return Effect("tests", "unknown", f"which tests ran the lines that it changes is not known{rest}")
    level: Level = "none" if seen.covered >= 0.9 else "some" if seen.covered > 0 else "grave"
    return Effect("tests", level, f"{seen.tests} tests ran {seen.covered:.0%} of the lines that it changes{rest}")


def _grown(before: Mapping[str, int], after: Mapping[str, int]) -> Mapping[str, int]:
    return {rule: count - before.get(rule, 0) for rule, count in after.items() if count > before.get(rule, 0)}


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
