"""The controller of an installation whose bot is in another pod: a stop said there holds here, and doubt holds too."""

from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.shared_switch import SharedSwitch
from bot.adapters.store.switch import FileSwitch
from bot.core.errors import Unavailable
from bot.improve.engine import Engine
from tests.improve.test_faults import engine_of, rounds

slow = pytest.mark.slow


class Away:
    """Records whose database is away when the test says so."""

    def __init__(self, records: SqliteRecords) -> None:
        self._records, self.away = records, False

    def __getattr__(self, name: str) -> Any:
        if self.away:
            raise Unavailable("database", "it does not answer")
        return getattr(self._records, name)


@slow
async def test_a_stop_of_the_bots_pod_and_a_database_that_is_away_hold_the_controller(
    world: Any, engine: Engine, tmp_path: Path
) -> None:
    await rounds(world, engine, 1)
    start = await world.forge.main()
    shared: Any = Away(SqliteRecords(tmp_path / "shared.db"))
    bot = SharedSwitch(shared, FileSwitch(tmp_path / "bot" / "stop.json"))
    here = SharedSwitch(shared, FileSwitch(tmp_path / "controller" / "stop.json"))
    controller = engine_of(world, engine, switch=here)

    bot.stop("errors", "ada")
    await rounds(world, controller, 2)
    assert await world.forge.main() == start
    bot.resume("ada")
    shared.away = True
    await rounds(world, controller, 2)
    assert await world.forge.main() == start
    assert "does not answer" in str([*world.saw("held"), *world.saw("later")])

    shared.away = False
    await rounds(world, controller, 3)
    assert await world.forge.main() != start, "it was the stop that held"
    shared.close()
