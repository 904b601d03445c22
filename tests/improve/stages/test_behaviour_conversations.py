"""V-10 replays the recorded conversations with both versions of the bot."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from bot.core.change import Claim, Kind
from bot.core.verdict import Status
from bot.improve.stages.behaviour import STAGE
from tests.improve.testing.toys import PROFILE, gate

pytestmark = [pytest.mark.integration, pytest.mark.slow]  # each starts the bot's talk twice
ROOT = Path(__file__).parent.parent.parent.parent
DICE = "bot/chat/intents/dice.toml"
HOUSE = replace(PROFILE, packages=(PurePosixPath("bot"),), own=True)


def house() -> dict[str, str]:
    """The bot itself, with what it was heard to say."""
    places = [*(ROOT / "bot").rglob("*"), *(ROOT / "tests/chat/conversations").glob("*.toml")]
    kept = [p for p in places if p.is_file() and "__pycache__" not in p.parts]
    return {p.relative_to(ROOT).as_posix(): p.read_text() for p in kept}


@pytest.mark.parametrize(
    ("claim", "status"), [(Claim.PRESERVING, Status.FAIL), (Claim.NONE, Status.PENDING)], ids=["promised", "open"]
)
async def test_another_answer_is_seen_in_data_that_no_function_holds(
    tmp_path: Path, claim: Claim, status: Status
) -> None:
    base = house()
    other = base[DICE].replace("{notation}: {detail} = {total}", "{notation} is {total}")
    assert other != base[DICE]
    made = gate(tmp_path, base, {DICE: other}, claim=claim, kind=Kind.BEHAVIOUR, profile=HOUSE)
    verdict = await STAGE.run(made, {})
    talk = verdict.find("conversations")
    assert talk is not None
    assert talk.status is verdict.status is status
    assert "answers recorded conversations otherwise" in talk.because
    assert any(" is " in line for line in talk.facts["differences"])


async def test_data_that_changes_no_answer_passes(tmp_path: Path) -> None:
    base = house()
    made = gate(tmp_path, base, {DICE: f"# A note.\n{base[DICE]}"}, claim=Claim.PRESERVING, profile=HOUSE)
    verdict = await STAGE.run(made, {})
    assert verdict.status is Status.PASS
    assert verdict.find("conversations") is not None


async def test_a_bot_that_cannot_talk_any_more_is_no_pass(tmp_path: Path) -> None:
    base = house()
    made = gate(tmp_path, base, {DICE: "tool = [\n"}, claim=Claim.PRESERVING, profile=HOUSE)
    verdict = await STAGE.run(made, {})
    assert verdict.status is Status.FAIL
    assert "conversations" in verdict.because or "recorded" in verdict.because
