"""A change's run beside the base's: what broke, what vanished, what was broken before. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.improve.testing.results import Run


@dataclass(frozen=True, slots=True)
class Difference:
    """Test ids by what happened to them; `replaced` ran another body than the base's."""

    broken: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    """Failing on the base too: nobody's blame."""
    problems: tuple[str, ...] = ()
    """Files that can no longer be collected, with the reason."""

    @property
    def suspects(self) -> tuple[str, ...]:
        """What to run again before anybody is blamed."""
        return (*self.broken, *self.skipped)


def compare(base: Run, head: Run, expected: Iterable[str]) -> Difference:
    """What `head`, a run of the base's tests on the new code, did to the tests that were expected."""
    broken, vanished, skipped, replaced, already = [], [], [], [], []
    for test in expected:
        before, after = base.tests[test], head.tests.get(test)
        if not before.good and before.outcome != "skipped":
            already.append(test)
        elif after is None:
            vanished.append(test)
        elif before.good and after.outcome == "skipped":
            skipped.append(test)
        elif not after.good and after.outcome != "skipped":
            broken.append(test)
        elif before.digest and after.digest and before.digest != after.digest:
            replaced.append(test)
    problems = tuple(f"{where}: {what}" for where, what in head.problems.items() if where not in base.problems)
    return Difference(tuple(broken), tuple(vanished), tuple(skipped), tuple(replaced), tuple(already), problems)
