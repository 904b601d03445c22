"""Several merges between two deploys: one of them is taken back, by evidence, one at a time, or people decide."""

from typing import Any

import pytest

from bot.core.health import Rollout
from bot.core.ids import Sha
from tests.improve.reverts.conftest import REFUSED, SICK, Scene

pytestmark = [pytest.mark.integration, pytest.mark.slow]
GOOD = b"x = 1\n"


async def test_a_healthy_range_settles_together_and_is_watched_once(scene: Scene) -> None:
    made = [await scene.merge({f"notes/{name}.py": GOOD}) for name in "ab"]
    await scene.rest()
    assert [v.passed for p in made if (v := await scene.health(p))] == [True] * 2
    assert not await scene.reverts()
    observed = {facts["pull"] for facts in scene.world.saw("observed")}
    assert observed == {made[-1].pull}, "the newest is read, not each"


async def test_of_several_only_the_one_whose_change_runs_is_taken_back(scene: Scene) -> None:
    await scene.merge({"docs/a.md": b"words\n"})
    bad = await scene.merge({"notes/b.py": SICK})
    await scene.merge({"tests/test_c.py": GOOD})
    await scene.rest()
    assert await scene.taken_back() == [bad.pull]
    assert not scene.asked, "no replay is needed where only one can be it"
    files = await scene.files()
    assert "notes/b.py" not in files
    assert {"docs/a.md", "tests/test_c.py"} <= files.keys(), "nothing else is taken"
    merged = [p for p in await scene.forge.proposals(everything=True) if p.merged_as]
    assert None not in [await scene.health(p) for p in merged], "the watch of the whole range is over"


async def test_replayed_stages_name_the_culprit(scene: Scene) -> None:
    await scene.merge({"notes/a.py": GOOD})
    bad = await scene.merge({"notes/b.py": REFUSED})
    await scene.merge({"notes/c.py": GOOD})
    await scene.merge({"notes/d.py": GOOD})
    scene.sick = lambda sha: scene.holds(sha, REFUSED)
    await scene.rest()
    assert await scene.taken_back() == [bad.pull]
    assert {"notes/a.py", "notes/c.py", "notes/d.py"} <= (await scene.files()).keys()
    heads = [asked.head for asked in scene.asked]
    assert len(heads) == len(set(heads)) == 3, "the whole, and two bisections; none twice"
    assert {asked.base for asked in scene.asked} == {(await scene.of(1)).base}
    assert not any(asked.by_engine for asked in scene.asked)


async def test_without_evidence_nobody_is_blamed_and_people_are_called_once(scene: Scene) -> None:
    made = [await scene.merge({f"notes/{name}.py": SICK if name == "b" else GOOD}) for name in "abc"]
    await scene.rest()
    assert not await scene.reverts()
    (page,) = [text for text in scene.pages() if "nothing says which" in text]
    assert "3 merges" in page
    text = await scene.forge.page(made[-1].pull)
    (said,) = [c["text"] for c in text["comments"] if c["marker"].startswith("page-")]
    assert all(f"\\#{p.pull}" in said for p in made), "every suspect stands in it"
    assert not [c for p in made[:-1] for c in (await scene.forge.page(p.pull))["comments"]]


async def test_the_traces_of_a_failed_start_name_the_culprit(scene: Scene) -> None:
    good = await scene.merge({"notes/a.py": GOOD})
    bad = await scene.merge({"notes/b.py": SICK})
    tip = await scene.merge({"notes/c.py": GOOD})
    rollout = scene.world.rollout
    start = good.base

    async def broken(sha: Sha) -> Rollout:
        main = await scene.forge.main()
        if not scene.holds(main, SICK):
            return await rollout(sha)
        why = 'log ends: File "/srv/trees/x/notes/b.py", line 1, in <module> NameError'
        held = scene.repo.is_ancestor(sha, start)
        return Rollout(sha, start, held, True, scene.world.time, failed=why if sha == main else "")

    scene.world.rollout = broken
    await scene.rest()
    assert not scene.asked
    assert await scene.taken_back() == [bad.pull]
    assert {"notes/a.py", "notes/c.py"} <= (await scene.files()).keys()
    health = await scene.health(tip)
    assert health is not None
    assert health.passed


async def test_still_bad_after_the_revert_stops_and_pages(scene: Scene) -> None:
    bad = await scene.merge({"notes/b.py": SICK})
    scene.sick = lambda sha: (
        sha != bad.base and bad.merged_as is not None and scene.repo.is_ancestor(bad.merged_as, sha)
    )
    await scene.rest()
    assert await scene.taken_back() == [bad.pull]
    assert len(await scene.reverts()) == 1
    assert any("nothing is reverted twice" in text for text in scene.pages()), scene.pages()
    (revert,) = await scene.reverts()
    assert await scene.health(revert) is None, "what is as bad as before is not settled as well"


async def test_bad_after_a_revert_goes_on_only_to_whom_the_evidence_names(scene: Scene) -> None:
    first = await scene.merge({"notes/a.py": REFUSED})
    second = await scene.merge({"notes/b.py": SICK})
    scene.sick = lambda sha: scene.holds(sha, SICK) or scene.holds(sha, REFUSED)
    await scene.rest()
    assert await scene.taken_back() == [first.pull], "the replay names the first; nothing names another"
    assert any("nothing names another" in text or "not the culprit" in text for text in scene.pages())
    assert (await scene.files())["notes/b.py"] == SICK
    assert second.pull not in await scene.taken_back()


async def test_a_person_who_closes_the_revert_ends_it(scene: Scene) -> None:
    bad = await scene.merge({"notes/b.py": SICK})
    merge = scene.forge.merge

    async def never(pull: Any, **more: Any) -> Sha:
        if (await scene.of(pull)).reverts:
            await type(scene.forge)(scene.forge.desk.folder, actor="ada", clock=scene.ctx.clock).close(pull, "no")
        return Sha(await merge(pull, **more))

    scene.forge.merge = never
    await scene.rest()
    (revert,) = await scene.reverts()
    assert revert.closed
    assert (await scene.files())["notes/b.py"] == SICK
    assert any("a person closed the revert" in text for text in scene.pages())
    assert bad.merged_as == revert.reverts


@pytest.mark.parametrize("point", ["replay.judged", "act.revert.captured"])
async def test_killed_in_between_it_is_one_revert_of_the_same(scene: Scene, point: str) -> None:
    bad = await scene.merge({"notes/a.py": REFUSED})
    await scene.merge({"notes/b.py": GOOD})
    scene.sick = lambda sha: scene.holds(sha, REFUSED)
    await scene.killed_at(point)
    assert await scene.taken_back() == [bad.pull]
    assert len(await scene.reverts()) == 1
    acts = [e.subject for e in scene.ctx.audit.entries() if e.act == "revert"]
    assert acts == [f"#{bad.pull}"]
