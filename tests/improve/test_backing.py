"""A critical change over a real forge, with real backups: made after the consent, before the merge, and looked at."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.backup.folder import FolderBackups
from bot.adapters.store.backup.parts import Source
from bot.core.case import Merge
from bot.core.errors import Denied, Unavailable
from bot.core.verdict import Status, Verdict
from bot.improve.backing import CONTEXT, hold_without
from bot.improve.engine import Engine
from bot.policy.backup import AGAIN, NAME
from tests.improve.conftest import CHARTER
from tests.improve.test_faults import engine_of, on_main, rounds

pytestmark = pytest.mark.integration  # they run git
CRITICAL = CHARTER.replace('["/said/"]\ntier = "validated"', '["/said/"]\ntier = "critical"\nowners = ["@maintainer"]')
ASKING = CRITICAL + '[backup]\nmax_age = "10m"\nkeep = 2\n'


@pytest.fixture
def backups(world: Any, tmp_path: Path) -> FolderBackups:
    sources = [
        Source("records.db", "sqlite", tmp_path / "records.db"),
        Source("audit.jsonl", "log", tmp_path / "audit.jsonl"),
        Source("forge/forge.db", "sqlite", tmp_path / "forge" / "forge.db"),
    ]
    made = FolderBackups(tmp_path / "backups", lambda: sources, lambda: world.time)
    world.ctx = replace(world.ctx, backups=made)
    world.path = "said/new.txt"
    return made


async def agreed(world: Any, engine: Engine) -> Any:
    """A critical change whose owner agrees; nothing is backed up before."""
    await on_main(world, ".github/charter.toml", ASKING.encode())
    await rounds(world, engine, 3)
    (proposal,) = await world.forge.proposals()
    await world.forge.review(proposal.pull, "maintainer", proposal.head, True)
    return proposal


def comments(world: Any, pull: int) -> list[str]:
    rows = world.forge.desk.ledger.rows("SELECT text FROM comments WHERE pull = ? AND marker = 'backup'", pull)
    return [row["text"] for row in rows]


async def merged(world: Any) -> bool:
    (proposal,) = await world.forge.proposals(everything=True)
    return proposal.merged_as is not None


async def test_the_backup_is_made_after_the_consent_and_its_id_stands_on_the_pull_request(
    world: Any, engine: Engine, backups: FolderBackups
) -> None:
    one = engine_of(world, engine)
    proposal = await agreed(world, one)
    assert backups.known() == []
    await rounds(world, one, 1)
    (receipt,) = backups.known()
    assert not await merged(world), "first the backup, at the next look the merge"
    (text,) = comments(world, proposal.pull)
    assert receipt.id in text.replace("\\", "")
    await rounds(world, one, 1)
    assert await merged(world)
    (one_report,) = [await world.forge.reported(proposal.head, CONTEXT)]
    assert one_report is not None
    assert (one_report.facts["id"], one_report.facts["digest"]) == (receipt.id, receipt.digest)
    acts = [entry.act for entry in world.ctx.audit.entries()]
    assert acts.index("backup") < acts.index("merge")
    assert acts.count("backup") == 1
    assert backups.verified(receipt.id, deep=True).passed
    assert [facts["status"] for facts in world.saw("backup")] == ["pass"]


async def test_a_safe_change_makes_none(world: Any, engine: Engine, backups: FolderBackups) -> None:
    world.path = "notes/new.txt"
    await on_main(world, ".github/charter.toml", ASKING.encode())
    await rounds(world, engine_of(world, engine), 4)
    assert await merged(world)
    assert backups.known() == []


async def test_one_that_cannot_be_made_holds_the_merge_says_why_and_is_tried_again(
    world: Any, engine: Engine, backups: FolderBackups, tmp_path: Path
) -> None:
    one = engine_of(world, engine)
    await agreed(world, one)
    (tmp_path / "backups").write_text("not a folder")
    await rounds(world, one, 4)
    assert not await merged(world)
    (page,) = world.saw("page")
    assert page["because"].startswith("no backup could be made: backup is unavailable")
    assert len(world.saw("backup")) == 1, "not tried again at every look"
    (tmp_path / "backups").unlink()
    world.time += AGAIN
    await rounds(world, one, 2)
    assert await merged(world)
    assert len(backups.known()) == 1


async def test_without_a_place_for_backups_nothing_merges(world: Any, engine: Engine, backups: FolderBackups) -> None:
    one = engine_of(world, engine, backups=None)
    await agreed(world, one)
    await rounds(world, one, 3)
    assert not await merged(world)
    assert "no backup can be made here" in world.saw("page")[0]["because"]
    assert backups.known() == []


@pytest.mark.parametrize("spoil", ["gone", "changed"])
async def test_a_backup_that_is_spoilt_before_the_merge_is_none(
    world: Any, engine: Engine, backups: FolderBackups, spoil: str, tmp_path: Path
) -> None:
    one = engine_of(world, engine)
    proposal = await agreed(world, one)
    await rounds(world, one, 1)
    (first,) = backups.known()
    held = tmp_path / "backups" / first.id / "records.db"
    held.write_bytes(held.read_bytes()[:-1] + b"?") if spoil == "changed" else held.unlink()
    await rounds(world, one, 1)
    assert not await merged(world)
    (denied,) = world.saw("denied")
    assert f"nothing is merged without its backup: backup {first.id} is not whole: records.db" in denied["because"]
    found = await world.forge.reported(proposal.head, CONTEXT)
    assert found is not None
    assert found.status is Status.FAIL
    world.time += AGAIN
    await rounds(world, one, 2)
    assert await merged(world)
    assert len(backups.known()) == 2


POINTS = (
    "decided.backup",
    "act.backup.made",
    "act.backup.audited",
    "act.backup.commented",
    "acted.backup",
)


@pytest.mark.parametrize("name", POINTS)
async def test_an_end_at_any_point_leads_to_one_merge_with_a_backup_that_is_there(
    world: Any, engine: Engine, backups: FolderBackups, name: str
) -> None:
    reached: list[str] = []
    await agreed(world, engine_of(world, engine))

    def die(at: str) -> None:
        if at == name and not reached:
            reached.append(at)
            raise Unavailable("this test")

    await rounds(world, engine_of(world, engine, crash_point=die), 4)
    assert reached == [name]
    assert await merged(world)
    (proposal,) = await world.forge.proposals(everything=True)
    found = await world.forge.reported(proposal.head, CONTEXT)
    assert found is not None
    assert backups.verified(str(found.facts["id"])).passed
    (text,) = comments(world, proposal.pull)
    assert str(found.facts["id"]) in text.replace("\\", "")
    assert [entry.act for entry in world.ctx.audit.entries()].count("merge") == 1


async def test_a_stop_makes_none(world: Any, engine: Engine, backups: FolderBackups) -> None:
    one = engine_of(world, engine)
    await agreed(world, one)
    world.ctx.switch.stop("look", "ada")
    await rounds(world, one, 2)
    assert backups.known() == []
    assert not await merged(world)


class Silent:
    """Backups that cannot be looked at."""

    async def verify(self, id: str) -> Verdict:  # noqa: A002  (as the door calls it)
        raise Unavailable("backup", "the disk is away")


@pytest.mark.parametrize(("place", "said"), [(None, "can be looked at here"), (Silent(), "the disk is away")])
async def test_a_backup_that_cannot_be_looked_at_proves_nothing(world: Any, place: Any, said: str) -> None:
    head = await world.forge.main()
    made = Verdict(NAME, Status.PASS, "made", facts={"head": str(head), "id": "20260601T115900Z-0123456789ab"})
    step = Merge(head, Verdict("decision", Status.PASS, "agreed", (made,)))
    with pytest.raises(Denied, match=said):
        await hold_without(step, replace(world.ctx, backups=place))
    found = await world.forge.reported(head, CONTEXT)
    assert found is not None
    assert (found.status, found.facts["at"]) == (Status.FAIL, world.time.isoformat())
    await hold_without(replace(step, because=replace(step.because, children=())), replace(world.ctx, backups=place))
