"""Leases of processes that share a store: who sees whom, and what happens when one ends, or the store does."""

import os
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.localdeploy.process import MARK
from bot.adapters.localdeploy.state import Board, Instance, State
from bot.app.environment import Secret
from bot.app.rings import TABLE, Rings, open_rings
from bot.app.settings import Settings, load
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ids import Sha
from bot.policy.rings import LEASE, PATIENCE, SWEPT, Ring, Turn
from bot.sdk.testing import DictRecords

FIRST, SECOND = Turn(0.0, alone=True), Turn(PATIENCE, alone=False)
TRIAL = Turn(0.0, alone=False)
SHARED = Settings(database_url=Secret("postgresql://nowhere/x"))


class Away(DictRecords):
    """A store that can be taken away."""

    away = False

    def put(self, *args: Any) -> None:
        self._there()
        super().put(*args)

    def scan(self, *args: Any) -> Any:
        self._there()
        return super().scan(*args)

    def delete(self, *args: Any) -> None:
        self._there()
        super().delete(*args)

    def _there(self) -> None:
        if self.away:
            raise Unavailable("records")


class Stage:
    """Processes over one store, on one clock."""

    def __init__(self) -> None:
        self.records, self.now = Away(), 1000.0
        self.labels: dict[str, Ring] = {}

    def process(self, revision: str, ring: Ring) -> Rings:
        self.labels[revision] = ring
        return Rings(self.records, lambda: self.labels[revision], revision, lambda: self.now, 600)


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def both(stage: Stage) -> tuple[Rings, Rings]:
    old, new = stage.process("old", "stable"), stage.process("new", "beta")
    for one in (old, new, old):
        await one.round()
    return old, new


async def test_each_answers_its_own_servers(stage: Stage) -> None:
    old, new = await both(stage)
    assert (old.turn(opted=True), old.turn(opted=False)) == (SECOND, FIRST)
    assert (new.turn(opted=True), new.turn(opted=False)) == (TRIAL, SECOND)
    assert old.state() == {"ring": "stable", "stable": 1, "beta": 1}
    assert new.state() == {"ring": "beta", "stable": 1, "beta": 1}
    assert old.leads.is_set()
    assert not new.leads.is_set()


async def test_one_that_leaves_is_not_waited_for(stage: Stage) -> None:
    old, new = await both(stage)
    await new.close()
    await old.round()
    assert old.turn(opted=True) == FIRST
    await new.round()
    await old.round()
    assert old.turn(opted=True) == FIRST, "a renewal that comes late brings nobody back"


async def test_one_that_was_killed_is_waited_for_as_long_as_its_lease(stage: Stage) -> None:
    old, _ = await both(stage)
    stage.now += LEASE - 0.01
    await old.round()
    assert old.turn(opted=True) == SECOND
    stage.now += 0.02
    assert old.turn(opted=True) == FIRST
    assert len(stage.records.scan(TABLE)) == 2
    stage.now += SWEPT
    await old.round()
    assert len(stage.records.scan(TABLE)) == 1, "its row is swept, and one's own is not"


async def test_a_new_label_is_a_new_ring_without_a_restart(stage: Stage) -> None:
    _, new = await both(stage)
    stage.labels["new"] = "stable"
    await new.round()
    assert new.leads.is_set()
    assert (new.turn(opted=True), new.turn(opted=False)) == (FIRST, FIRST)
    stage.labels["new"] = "beta"
    await new.round()
    assert not new.leads.is_set()


async def test_after_its_time_the_new_one_takes_its_share(stage: Stage) -> None:
    old, new = await both(stage)
    stage.now += 600
    for one in (old, new, old):
        await one.round()
    assert new.turn(opted=False) == TRIAL
    assert old.turn(opted=False) == FIRST
    assert old.turn(opted=True) == SECOND


async def test_while_the_store_is_away_the_old_one_answers_everyone_and_the_new_one_nobody(stage: Stage) -> None:
    old, new = await both(stage)
    stage.records.away = True
    stage.now += LEASE
    await old.round()
    await new.round()
    assert old.turn(opted=True) == old.turn(opted=False) == FIRST
    assert not new.turn(opted=True).alone
    assert not new.turn(opted=False).alone
    await new.close()
    stage.records.away = False
    await old.round()
    await new.round()
    await old.round()
    assert old.turn(opted=True) == FIRST, "it had left, though it could not say so"


async def test_where_no_ring_is_set_there_are_none() -> None:
    records = DictRecords()
    assert await open_rings(Settings(), records, "new") is None
    assert records.scan(TABLE) == []


@pytest.mark.parametrize("said", ["betta", "ring", "/no/such/file"])
async def test_what_names_no_ring_is_refused(said: str) -> None:
    given = Settings(database_url=SHARED.database_url, discord_ring=said)
    with pytest.raises(Misconfigured, match="DISCORD_RING should be stable, beta, deployer, or the absolute path"):
        await open_rings(given, DictRecords(), "new")


async def test_without_a_store_that_both_share_it_is_refused_in_one_sentence() -> None:
    with pytest.raises(Misconfigured, match="no database that both versions share: set DATABASE_URL") as error:
        await open_rings(Settings(discord_ring="beta"), DictRecords(), "new")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ring", ["stable", "beta"])
async def test_a_ring_may_be_said_outright(ring: Ring) -> None:
    rings = await open_rings(Settings(database_url=SHARED.database_url, discord_ring=ring), DictRecords(), "new")
    assert rings is not None
    assert rings.ring == ring


async def test_a_file_is_read_anew_and_one_that_vanished_is_stable(tmp_path: Path) -> None:
    label = tmp_path / "ring"
    label.write_text("beta")
    given = Settings(database_url=SHARED.database_url, discord_ring=str(label))
    rings = await open_rings(given, DictRecords(), "new")
    assert rings is not None
    seen: list[Ring] = [rings.ring]
    for text in ("", "beta"):
        label.write_text(text)
        await rings.round()
        seen.append(rings.ring)
    label.unlink()
    await rings.round()
    assert [*seen, rings.ring] == ["beta", "stable", "beta", "stable"], "an empty label: Argo Rollouts took it away"


async def test_the_embedded_deployer_says_it_by_what_it_wrote_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a database: its bots share the records of one home."""
    monkeypatch.setenv(MARK, str(tmp_path))
    board, me, other = Board(tmp_path), Instance(Sha("b"), os.getpid(), 1, 0.0), Instance(Sha("a"), 1, 2, 0.0)
    rings = await open_rings(Settings(discord_ring="deployer"), DictRecords(), "new")
    assert rings is not None
    seen: list[Ring] = [rings.ring]
    for state in (
        State(current=other),
        State(current=me, previous=other, split=True),
        State(current=me, previous=other),
        State(current=other, previous=me, split=True),
        State(current=me),
    ):
        board.publish(state)
        await rings.round()
        seen.append(rings.ring)
    assert seen == ["stable", "beta", "beta", "stable", "stable", "stable"]
    (tmp_path / "state.json").write_text("{")
    await rings.round()
    assert rings.leads.is_set(), "who cannot know answers everyone"


@pytest.mark.parametrize("mark", ["", "argo-rollouts"])
async def test_where_no_embedded_deployer_is_it_cannot_be_asked(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MARK, mark)
    with pytest.raises(Misconfigured, match="did not start this bot: unset it"):
        await open_rings(Settings(discord_ring="deployer"), DictRecords(), "new")


def test_the_time_of_a_trial_has_bounds() -> None:
    assert load({"DISCORD_BETA_MINUTES": "0"}).discord_beta_minutes == 0
    with pytest.raises(Misconfigured, match="DISCORD_BETA_MINUTES"):
        load({"DISCORD_BETA_MINUTES": "1441"})
