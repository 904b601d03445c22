"""A promotion goes all the way without owners: green, proven, and not held by what waits for it."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.core.charter import Promotion
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.improve.look import surroundings, view
from bot.improve.nightly import RED_TEAM
from bot.improve.promotions import carried, images_of, lies_on, proven
from tests.improve.conftest import CHARTER
from tests.improve.promoting import LANE, OTHER, PRODUCTION, STAGING, Files, Stage

pytestmark = pytest.mark.integration  # they run git

Go = Callable[[int], Any]


@pytest.fixture
async def stage(world: Any) -> Stage:
    return await Stage.begin(world)


async def test_the_image_is_written_and_nobody_is_asked(stage: Stage, go: Go) -> None:
    pull = await stage.promoted()
    await go(2)
    done = await stage.one(pull)
    assert done.merged_as is not None
    assert stage.world.saw("asked") == []
    assert len(stage.world.asked) == 1, "the gate ran on it"
    consent = await stage.world.forge.reported(done.head, "megawatts/consent")
    assert consent is not None
    assert consent.find("promotion") is not None
    after = await stage.values(stage.start)
    assert stage.world.repo.read(await stage.world.forge.main(), next(iter(done.paths))) == after.encode()


@pytest.mark.parametrize("status", [Status.FAIL, Status.PENDING, Status.INCONCLUSIVE])
async def test_what_is_not_green_is_not_merged(stage: Stage, go: Go, status: Status) -> None:
    pull = await stage.promoted()
    head = (await stage.one(pull)).head
    await stage.world.forge.report(head, "check/ci", Verdict("ci", status, "so says the CI"))
    await go(2)
    assert (await stage.one(pull)).merged_as is None


async def test_with_the_switch_off_the_owners_are_asked(stage: Stage, go: Go) -> None:
    await stage.on_main({".github/charter.toml": (CHARTER + LANE + "[red_team]\n").encode()})
    pull = await stage.promoted()
    await go(2)
    assert [facts["tier"] for facts in stage.world.saw("asked")] == [int(Tier.CRITICAL)]
    assert (await stage.one(pull)).merged_as is None
    good = Verdict("red-team", Status.PASS, "well", facts={"at": stage.world.time.isoformat()})
    await stage.world.forge.report(await stage.world.forge.main(), RED_TEAM, good)
    await go(1)
    assert (await stage.one(pull)).merged_as is not None


async def test_into_production_its_owner_promotes(stage: Stage, go: Go) -> None:
    pull = await stage.opened({PRODUCTION: (await stage.values(stage.start, path=PRODUCTION)).encode()})
    await go(2)
    waiting = await stage.one(pull)
    assert waiting.merged_as is None
    await stage.world.forge.review(pull, "maintainer", waiting.head, True)
    await go(1)
    assert (await stage.one(pull)).merged_as is not None


async def test_one_that_is_behind_waits_for_its_author(stage: Stage, go: Go) -> None:
    pull = await stage.promoted()
    await stage.on_main({"notes/b.txt": b"b\n"})
    await go(2)
    assert (await stage.one(pull)).merged_as is None


async def merged(stage: Stage, path: str, files: Files | None = None) -> Any:
    """A person's change, merged and under watch."""
    pull = await stage.opened(files or {path: b"x\n"}, by="ada")
    change = await stage.one(pull)
    base = await stage.world.forge.main()
    await stage.world.forge.merge(pull, expecting=change.head, base=base, message="feat: x")
    return await stage.one(pull)


async def held_by(stage: Stage, pull: Any) -> tuple[Any, Any]:
    seen = await view(stage.world.ctx)
    around = surroundings(seen, await stage.one(pull), stage.world.ctx, stage.world.time)
    return around.awaiting_health, around.last_merge


async def test_a_merge_that_runs_only_with_this_image_does_not_hold_it(stage: Stage) -> None:
    first = await merged(stage, "notes/one.txt")
    other = await stage.opened({"notes/two.txt": b"x\n"}, by="ada")
    image = await stage.promoted(first.merged_as)
    assert await held_by(stage, other) == (first.pull, first.merged_at), "every other change waits for its health"
    assert await held_by(stage, image) == (None, None), "and its health waits for this image"
    text = (await stage.values(first.merged_as)).encode()
    by_hand = await stage.opened({STAGING: text}, by="ada")
    assert await held_by(stage, by_hand) == (None, None), "whoever brings it"
    more = await stage.opened({STAGING: text, "notes/x.txt": b"x\n"})
    assert (await held_by(stage, more))[0] == first.pull, "but nothing comes along with it"


async def test_what_runs_already_or_is_not_in_the_image_holds_it(stage: Stage) -> None:
    first = await merged(stage, "notes/one.txt")
    write = {STAGING: (await stage.values(first.merged_as)).encode()}
    promotion = await merged(stage, STAGING, write)
    later = await merged(stage, "notes/two.txt")
    old_image = await stage.opened({STAGING: (await stage.values(first.merged_as, OTHER)).encode()})
    assert (await held_by(stage, old_image))[0] == first.pull, "it runs, and is watched"
    for settled in (first, promotion):
        await stage.world.forge.report(settled.merged_as, "megawatts/health", Verdict("health", Status.PASS, "well"))
    assert (await held_by(stage, old_image))[0] == later.pull, "it is not in this image"
    new_image = await stage.promoted(later.merged_as)
    assert (await held_by(stage, new_image))[0] is None


async def test_what_git_does_not_know_carries_nothing(stage: Stage) -> None:
    change = await merged(stage, "notes/one.txt")
    strange = await stage.one(await stage.opened({STAGING: (await stage.values("0" * 40)).encode()}))
    repo, main = stage.world.repo, await stage.world.forge.main()
    assert images_of(repo, strange) == (None, "0" * 40)
    assert carried(repo, strange, [change]) == frozenset()
    assert images_of(repo, change) == (None, None)
    assert carried(repo, change, [change]) == frozenset()
    assert lies_on(repo, main, strange.head)
    assert not lies_on(repo, strange.head, main)
    assert not lies_on(repo, repo.tree(main), main)


async def test_of_others_nothing_is_read(stage: Stage) -> None:
    pull = await stage.one(await stage.promoted())
    main = await stage.world.forge.main()
    assert proven(stage.world.repo, pull, None, main, ()) is None
    assert proven(stage.world.repo, pull, Promotion("another[bot]", ("staging",)), main, ()) is None
