"""Only a suggestion of the one known form becomes a finding; anything else is left for people."""

from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from bot.improve.analysts.suggestions import Suggestions, meant, read_intent, typed
from bot.improve.doors import Profile

DICE = read_intent(
    PurePosixPath("bot/chat/intents/dice.toml"), 'tool = "roll_dice"\n[examples]\nen = ["throw some dice"]\n'
)
REMIND = read_intent(
    PurePosixPath("bot/chat/intents/remind.toml"), 'tool = "set_reminder"\n[examples]\nen = ["remind me later"]\n'
)


def test_a_phrase_and_its_meaning_are_read() -> None:
    assert typed('when I say "cast the bones" you should roll dice') == ("cast the bones", "roll dice")
    assert typed('Wenn ich "wirf die Knochen" sage, solltest du würfeln') == ("wirf die Knochen", "würfeln")


@pytest.mark.parametrize(
    "text",
    [
        "make it faster",
        'when I say "" do dice',
        'when I say "cast\u202e the bones" roll dice',
        'when I say "cast\x00" roll dice',
        "",
    ],
)
def test_other_text_is_not_acted_on(text: str) -> None:
    assert typed(text) is None


def test_the_intent_is_the_one_that_shares_words() -> None:
    assert meant("roll dice", [DICE, REMIND]) == DICE
    assert meant("set a reminder", [DICE, REMIND]) == REMIND


def test_no_shared_word_and_a_tie_mean_nothing() -> None:
    assert meant("bake a cake", [DICE, REMIND]) is None
    assert meant("dice reminder", [DICE, REMIND]) is None


@pytest.mark.parametrize("status", ["", "kept", "planning", None])
async def test_nothing_is_started_before_the_member_says_go(tmp_path: Path, status: str | None) -> None:
    folder = tmp_path / "bot/intents"
    folder.mkdir(parents=True)
    (folder / "dice.toml").write_text('tool = "roll_dice"\n[examples]\nen = ["throw some dice"]\n')
    row = {"id": "0123456789ab", "user": "eve", "text": 'when I say "cast the bones" you should roll dice'}
    work: Any = SimpleNamespace(path=tmp_path)
    profile = Profile((PurePosixPath(),), (PurePosixPath("bot"),), (), None)
    assert len(await Suggestions(lambda: [("eve/1", {**row, "status": "go"})]).find(work, profile)) == 1
    assert await Suggestions(lambda: [("eve/1", {**row, "status": status})]).find(work, profile) == []
    assert await Suggestions(lambda: [("eve/1", row)]).find(work, profile) == []
