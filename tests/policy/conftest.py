"""Shared by the tests of decisions."""

import pytest

from bot.core.verdict import Status, Verdict
from tests.policy.builders import Judge


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Let the health judge, which has tests of its own, come to a given verdict; children by metric name."""

    def set_to(status: Status, **metrics: Status) -> None:
        children = tuple(Verdict(name, mark, mark.name) for name, mark in metrics.items())
        verdict = Verdict("health", status, f"the judge says {status.name}", children)
        monkeypatch.setattr("bot.policy.watch.assess", lambda *_: verdict)

    return set_to
