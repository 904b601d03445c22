"""Recorded conversations, as data: each turn says what must and what must not come back."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.app import replay
from bot.core.errors import Misconfigured

FOLDER = Path(__file__).with_name("conversations")
FILES = sorted(FOLDER.glob("*.toml"))


def wrong(answer: dict[str, Any], expect: dict[str, Any]) -> list[str]:
    exact = {key: value for key, value in expect.items() if key not in ("contains", "lacks")}
    found = [f"{key} is {answer[key]!r}, not {value!r}" for key, value in exact.items() if answer[key] != value]
    found += [f"lacks {part!r}" for part in expect.get("contains", ()) if part not in answer["text"]]
    found += [f"contains {part!r}" for part in expect.get("lacks", ()) if part in answer["text"]]
    return [f"{answer['said']!r}: {one} ({answer['text']!r})" for one in found]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_the_conversation_goes_as_recorded(file: Path) -> None:
    turns = replay.read(file)
    answers = await replay.replay(turns)
    problems = [text for turn, answer in zip(turns, answers, strict=True) for text in wrong(answer, turn.expect)]
    assert problems == []


async def test_a_replay_says_the_same_every_time() -> None:
    turns = replay.read(FOLDER / "tools.toml")
    assert await replay.replay(turns) == await replay.replay(turns)


async def test_another_seed_rolls_other_dice() -> None:
    turns = [replay.Turn("!roll 10d1000")]
    one, other = await replay.replay(turns, seed=1), await replay.replay(turns, seed=2)
    assert one[0]["text"] != other[0]["text"]


def test_the_program_prints_every_file(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(FOLDER / "honest.toml")
    replay.main([file])
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == [file]
    assert len(printed[file]) == len(replay.read(Path(file)))


@pytest.mark.parametrize("text", ["", "[[turns]]\nuser = 'ann'\n", "[[turns]]\ntext = 'a'\nmood = 'b'\n", "[["])
def test_a_malformed_recording_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "talk.toml"
    file.write_text(text)
    with pytest.raises(Misconfigured, match=r"talk\.toml is no conversation"):
        replay.read(file)
