"""Boxes on the embedded forge: people tick them, the engine hears each once, and a crash loses none."""

import pytest

from bot.adapters.localforge.forge import LocalForge
from bot.core.errors import Denied
from bot.core.ids import ProposalId

pytestmark = pytest.mark.integration  # they run git

ONE, TWO = ProposalId("aaaaaaaaaaaa"), ProposalId("bbbbbbbbbbbb")


async def test_a_tick_is_handed_out_once(place) -> None:
    ada = place.again("ada")
    for idea in (TWO, ONE, TWO):
        await ada.tick(idea)
    assert await place.forge.ticked() == [TWO, ONE], "in the order in which they were ticked"
    assert await place.forge.ticked() == []
    ticked = [(event["actor"], event["detail"]) for event in await place.forge.events() if event["what"] == "ticked"]
    assert ticked == [("ada", TWO), ("ada", ONE)]


async def test_until_the_dashboard_is_written_a_restart_hands_it_out_again(place) -> None:
    await place.again("ada").tick(ONE)
    assert await place.forge.ticked() == [ONE]
    later = place.again()
    assert await later.ticked() == [ONE], "or a kill would have lost it"
    await place.again("ada").tick(TWO)
    await later.dashboard("told")
    assert await place.again().ticked() == [TWO], "what was ticked meanwhile is not forgotten"
    await place.again("ada").tick(ONE)
    assert await later.ticked() == [TWO, ONE], "and may be ticked once more"


async def test_the_engine_ticks_nothing_and_nobody_ticks_nonsense(place) -> None:
    with pytest.raises(Denied, match="a person"):
        await place.forge.tick(ONE)
    for idea in ("", "#5", "AAAAAAAAAAAA", "aaaaaaaaaaaa\n", "x" * 5000):
        with pytest.raises(Denied, match="no idea"):
            await place.again("ada").tick(ProposalId(idea))
    assert await place.forge.ticked() == []


async def test_releases_are_readable_and_bound_to_a_tag(place) -> None:
    pull, head = await place.opened("aaaaaaaaaaaa", {"b.txt": "b\n"})
    made = await place.forge.merge(pull, expecting=head, base=await place.forge.main(), message="feat: x")
    await place.forge.tag("v0.2.0", made, "healthy")
    await place.forge.tag("v0.1.0", made, "healthy")
    for name, text in (("v0.2.0", "two\u202e"), ("v0.1.0", "one"), ("v0.2.0", "two, really")):
        await place.forge.release(name, text)
    assert dict(await LocalForge(place.folder).releases()) == {"v0.2.0": "two, really", "v0.1.0": "one"}
    for name in ("v9.9.9", "../main"):
        with pytest.raises(Denied):
            await place.forge.release(name, "x")
