"""A bot process leaves counts of what went badly in its store, where the controller's analysts read them."""

from pathlib import Path

import pytest

from bot.app.home import Home
from bot.app.settings import Settings
from bot.app.stores import open_records
from bot.policy.symptoms import TABLE, read
from tests.app.test_bot_process import SHA, boot


@pytest.mark.integration
async def test_counts_of_steps_tools_and_answers_outlive_the_process(tmp_path: Path) -> None:
    async with boot(tmp_path / "home") as bot:
        for _ in range(3):
            await bot.chat("!roll 2d6")
        await bot.chat("my secret is hunter2, roll 1d6")
        code, _err = await bot.end()
        assert code == 0
    records = open_records(Settings(), Home(tmp_path / "home"))
    try:
        rows = records.scan(TABLE)
        found = {(one.sort, one.name): one for _key, row in rows if (one := read(row))}
    finally:
        records.close()
    assert len(found) == len(rows)
    assert found["tool", "roll_dice"].counts["ok"] >= 3
    assert sum(found["step", "understanding"].counts.values()) == 4
    assert found["answer", "dice"].counts == {"answered": 1}, "a member counts once a day"
    assert {one.revision for one in found.values()} == {SHA}
    assert "hunter2" not in str(rows)
    assert ("error", "bot/extensions/dice.py:roll_dice") not in found
