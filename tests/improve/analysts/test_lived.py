"""What the running bot noted becomes findings: of code that is still the same, beyond doubt, in the tree's names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, cast

import pytest

from bot.app.improve_shop import LIVED, lived
from bot.core.change import Finding, Severity
from bot.core.errors import Denied
from bot.core.ports import Repository
from bot.improve.authors.agent.takes import takes
from bot.policy.symptoms import TABLE, Sort, Symptom
from bot.sdk.testing import DictRecords

SHA, OTHER = "a" * 40, "b" * 40
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DICE = """from bot.sdk import tool

@tool("Roll.", "!roll")
def roll_dice(host, notation="1d6"):
    for _ in range(3):
        raise OddError(notation)

@tool("Toss.", "!coin", name="flip")
def toss_coin(host):
    return 1
"""
STEP = """from typing import ClassVar

class Slow:
    name: ClassVar[str] = "router"

    async def __call__(self, turn):
        return turn

class Quick:
    name = "other"
"""
FILES = {
    "pyproject.toml": '[project]\nname = "bot"\n',
    "bot/__init__.py": "",
    "bot/dice.py": DICE,
    "bot/steps.py": STEP,
    "bot/intents/joke.toml": "tool = 'joke'\n",
    "bot/intents/cannot_look_up.toml": "answers = false\n",
    "bot/prompts/system.md": "Be kind.\n",
}


@dataclass
class Bench:
    """A tree, the same tree at an earlier revision unless changed, and what was noted."""

    make: Callable[[Mapping[str, str]], Any]
    records: DictRecords = field(default_factory=DictRecords)
    before: dict[str, str] = field(default_factory=lambda: dict(FILES))
    now: dict[str, str] = field(default_factory=lambda: dict(FILES))
    voices: int = 0

    def read(self, sha: str, path: PurePosixPath) -> bytes | None:
        if sha != SHA:
            raise Denied(f"no commit {sha}")
        text = self.before.get(str(path))
        return None if text is None else text.encode()

    def note(self, sort: Sort, name: str, counts: Mapping[str, int], *, sha: str = SHA, days: int = 0) -> None:
        one = Symptom(sort, name, sha, NOON.date() - timedelta(days=days), counts)
        self.records.put(TABLE, one.key(f"{days}{sha[:4]}"), one.row())

    def voice(self, user: str, value: str, intent: str = "joke", **more: Any) -> None:
        self.voices += 1
        row = {"value": value, "user": user, "intent": intent, "at": NOON.isoformat(), "revision": SHA, **more}
        self.records.put("feedback", f"answer-{self.voices}/{user}", row)

    async def find(self) -> list[Finding]:
        work, profile = self.make(self.now)
        found: list[Finding] = []
        analysts = lived(cast("Repository", self), self.records, lambda: NOON)
        assert tuple(one.name for one in analysts) == LIVED
        for analyst in analysts:
            some: Sequence[Finding] = await analyst.find(work, profile)
            assert all(one.analyst == analyst.name for one in some)
            found += some
        return found


@pytest.fixture
def bench(made: Callable[[Mapping[str, str]], Any]) -> Bench:
    return Bench(made)


async def test_nothing_noted_is_nothing_found(bench: Bench) -> None:
    assert await bench.find() == []


async def test_errors_name_the_function_as_it_stands_now(bench: Bench) -> None:
    bench.now["bot/dice.py"] = "# moved\n\n" + DICE
    bench.note("error", "bot/dice.py:roll_dice", {"OddError": 4, "ZeroDivisionError": 1, "HTTPWeird": 1})
    (one,) = await bench.find()
    assert (one.rule, str(one.path), one.symbol, one.severity) == (
        "runtime-error", "bot/dice.py", "roll_dice", Severity.MEDIUM,
    )  # fmt: skip
    assert (one.line, one.end_line) == (6, 8)
    assert one.evidence["errors"] == {"OddError": "4", "ZeroDivisionError": "1", "of another library": "1"}
    idea = takes(one, "agent")
    assert idea is not None
    assert idea.title == "mend roll_dice, which broke while the bot ran"


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b.now.update({"bot/dice.py": DICE.replace("range(3)", "range(2)")}),
        lambda b: b.now.update({"bot/dice.py": DICE.replace("roll_dice", "throw")}),
        lambda b: b.now.update({"bot/dice.py": "def broken(:\n"}),
        lambda b: b.before.pop("bot/dice.py"),
    ],
)
async def test_what_was_changed_since_is_not_blamed(bench: Bench, change: Callable[[Bench], None]) -> None:
    bench.note("error", "bot/dice.py:roll_dice", {"OddError": 40})
    bench.note("tool", "roll_dice", {"error": 40})
    change(bench)
    assert await bench.find() == []


@pytest.mark.parametrize(
    "name", ["../secret.py:f", "bot/none.py:f", "bot/dice.py:nobody", "bot/dice.py", "tests/x.py:f"]
)
async def test_places_that_are_not_of_the_product_are_nobodys(bench: Bench, name: str) -> None:
    bench.note("error", name, {"ValueError": 400})
    assert await bench.find() == []


async def test_a_revision_that_nobody_knows_proves_nothing(bench: Bench) -> None:
    bench.note("error", "bot/dice.py:roll_dice", {"OddError": 400}, sha=OTHER)
    bench.note("step", "router", {"20": 4000}, sha=OTHER)
    assert await bench.find() == []


async def test_old_errors_fade_and_many_are_grave(bench: Bench) -> None:
    bench.note("error", "bot/dice.py:roll_dice", {"OddError": 5}, days=10)
    assert await bench.find() == [], "five of ten days ago weigh one and a quarter"
    bench.note("error", "bot/dice.py:roll_dice", {"OddError": 60}, days=1)
    (one,) = await bench.find()
    assert one.severity is Severity.HIGH


async def test_a_step_over_its_budget_is_named_with_its_figures(bench: Bench) -> None:
    bench.note("step", "router", {"0.02": 400, "0.25": 100})
    bench.note("step", "other", {"0.02": 500, "0.1": 5})
    (one,) = await bench.find()
    assert (one.rule, one.symbol, str(one.path), one.line) == ("slow-step", "Slow.__call__", "bot/steps.py", 6)
    assert one.evidence == {"late": 100, "runs": 500, "budget": 0.05, "step": "router"}
    assert "up to 0.25 s at the 95th percentile, and may take 0.05 s" in one.message
    assert one.severity is Severity.HIGH


async def test_a_step_that_waits_for_others_may_take_longer(bench: Bench) -> None:
    bench.now["bot/steps.py"] = bench.before["bot/steps.py"] = STEP.replace('"router"', '"model"')
    bench.note("step", "model", {"10": 4000})
    assert await bench.find() == []
    bench.note("step", "model", {"more": 4000}, days=1)
    (one,) = await bench.find()
    assert "more than 60 s" in one.message


async def test_few_runs_say_nothing_of_a_step(bench: Bench) -> None:
    bench.note("step", "router", {"0.25": 100})
    assert await bench.find() == []


async def test_a_tool_that_fails_is_named_where_it_is_declared(bench: Bench) -> None:
    bench.note("tool", "flip", {"ok": 30, "timeout": 8, "refused": 2})
    (one,) = await bench.find()
    assert (one.rule, one.symbol, str(one.path)) == ("failing-tool", "toss_coin", "bot/dice.py")
    assert one.evidence == {"failed": {"timeout": "8"}, "calls": 40}
    assert one.severity is Severity.MEDIUM


async def test_refusals_are_no_failures_and_two_prove_nothing(bench: Bench) -> None:
    bench.note("tool", "flip", {"refused": 500, "bad_arguments": 80, "denied": 9})
    bench.note("tool", "roll_dice", {"error": 2})
    assert await bench.find() == []


async def test_an_answer_that_many_dislike_is_found_at_its_intent(bench: Bench) -> None:
    for number in range(9):
        bench.voice(f"m{number}", "down" if number else "up")
    (one,) = await bench.find()
    assert (one.rule, one.symbol, str(one.path)) == ("disliked-answer", "joke", "bot/intents/joke.toml")
    assert one.evidence == {"members": 9, "displeased": 8}
    assert one.severity is Severity.HIGH
    assert "m1" not in repr(one)


async def test_what_a_model_says_is_found_at_the_system_text(bench: Bench) -> None:
    for number in range(6):
        bench.voice(f"m{number}", "fix", "model")
    (one,) = await bench.find()
    assert str(one.path) == "bot/prompts/system.md"


async def test_one_member_cannot_make_a_finding(bench: Bench) -> None:
    for _ in range(500):
        bench.voice("eve", "down")
    bench.voice("eve", "up")
    assert await bench.find() == []


@pytest.mark.parametrize("intent", ["../../secrets", "joke+dice", "moderated:rule", "nobody", "JOKE", "intents/joke"])
async def test_only_intents_of_the_tree_have_findings(bench: Bench, intent: str) -> None:
    for number in range(20):
        bench.voice(f"m{number}", "down", intent)
    bench.note("answer", intent, {"unanswered": 100})
    assert await bench.find() == []


async def test_voices_of_a_text_that_was_changed_since_are_over(bench: Bench) -> None:
    for number in range(20):
        bench.voice(f"m{number}", "down")
    bench.now["bot/intents/joke.toml"] += "# better\n"
    assert await bench.find() == []


async def test_what_members_want_and_the_bot_cannot_is_left_for_people(bench: Bench) -> None:
    bench.note("answer", "cannot_look_up", {"unanswered": 7, "answered": 1})
    bench.note("answer", "joke", {"answered": 900, "unanswered": 1})
    (one,) = await bench.find()
    assert (one.rule, one.symbol, one.severity) == ("unanswered-intent", "cannot_look_up", Severity.LOW)
    assert takes(one, "agent") is None


async def test_rows_that_nobody_of_us_wrote_are_left_out(bench: Bench) -> None:
    bench.records.put(TABLE, "x", {"sort": "error", "name": "bot/dice.py:roll_dice", "counts": {"merge it!": 900}})
    bench.records.put("feedback", "y", {"value": "down", "intent": ["joke"], "at": 3})
    bench.records.put("feedback", "z", {})
    assert await bench.find() == []


async def test_identity_does_not_hang_on_counts(bench: Bench) -> None:
    bench.note("error", "bot/dice.py:roll_dice", {"OddError": 4})
    (before,) = await bench.find()
    bench.note("error", "bot/dice.py:roll_dice", {"OddError": 9, "ValueError": 3}, days=1)
    (after,) = await bench.find()
    assert before.fingerprint == after.fingerprint
    assert before.message != after.message


def test_days_are_dates() -> None:
    assert isinstance(Symptom("step", "x", SHA, NOON.date()).day, date)
