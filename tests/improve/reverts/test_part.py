"""A part of a merge, and several merges step by step: what a person orders, bounded to exactly that."""

import pytest

from bot.adapters.git.inverse import prove_inverse
from bot.core.verdict import Status, Verdict, worst
from bot.improve.context import Asked
from tests.improve.reverts.conftest import SICK, P, Scene

pytestmark = [pytest.mark.integration, pytest.mark.slow]
OLD = b"".join(b"line %d\n" % n for n in range(1, 21))
NEW = OLD.replace(b"line 5\n", b"line five\n")


async def test_one_modules_change_is_taken_out_of_a_merge(scene: Scene) -> None:
    await scene.by_hand({"one/a.txt": OLD, "two/b.txt": OLD})
    merged = await scene.merge({"one/a.txt": NEW, "one/new.txt": b"x\n", "two/b.txt": NEW})
    await scene.by_hand({"one/a.txt": NEW + b"later\n", "one/more.txt": b"later\n"})
    scene.order(pull=merged.pull, only=["one"])
    await scene.rest()
    files = await scene.files()
    assert files["one/a.txt"] == OLD + b"later\n", "later work in the same file stays"
    assert files["one/more.txt"] == b"later\n"
    assert files["two/b.txt"] == NEW, "the other module stays"
    assert "one/new.txt" not in files
    (revert,) = await scene.reverts()
    assert {str(p) for p in revert.reverts_only} == {"one/a.txt", "one/new.txt"}
    assert [asked.head for asked in scene.asked] == [revert.head], "half a change is validated first"
    assert scene.ctx.records.scan("rollbacks") == []
    assert scene.ctx.records.scan("quarantine") == [], "the change as a whole has not failed"


async def test_a_part_that_the_stages_refuse_waits_for_a_person(scene: Scene) -> None:
    merged = await scene.merge({"one/a.txt": NEW, "two/b.txt": NEW})

    async def refuse(_asked: Asked) -> Verdict:
        return worst("gate", (Verdict("tests", Status.FAIL, "two needs one"), Verdict("scope", Status.PASS, "ok")))

    engine = scene.fresh(validate=refuse)
    scene.order(pull=merged.pull, only=["one/a.txt"])
    await scene.rest(engine=engine)
    assert any("two needs one" in text for text in scene.pages())
    assert (await scene.files())["one/a.txt"] == NEW
    (revert,) = await scene.reverts()
    assert not revert.closed


async def test_later_edits_of_the_same_lines_go_to_a_person(scene: Scene) -> None:
    await scene.by_hand({"one/a.txt": OLD})
    merged = await scene.merge({"one/a.txt": NEW, "two/b.txt": NEW})
    await scene.by_hand({"one/a.txt": OLD.replace(b"line 5\n", b"a person's line\n")})
    before = await scene.files()
    for only in (["one"], []):
        scene.order(pull=merged.pull, only=only)
        await scene.rest()
    assert await scene.reverts() == []
    assert await scene.files() == before
    assert any("one/a.txt" in text for text in scene.pages()), "the page names the files"


@pytest.mark.parametrize(
    ("row", "says"),
    [({"pull": 99}, "no merge that could be taken back"), ({"only": ["three"]}, "did not touch three")],
)
async def test_an_order_that_names_nothing_is_told_and_over(scene: Scene, row: dict[str, object], says: str) -> None:
    await scene.merge({"one/a.txt": NEW})
    scene.order(**row)
    await scene.rounds(2)
    assert any(says in str(facts["because"]) for facts in scene.world.saw("rollback"))
    assert scene.ctx.records.scan("rollbacks") == []
    assert await scene.reverts() == []


async def test_a_proof_of_a_part_lets_nothing_else_through(scene: Scene) -> None:
    merged = await scene.merge({"one/a.txt": NEW, "two/b.txt": NEW})
    await scene.forge.fetch(scene.repo)
    commit = merged.merged_as
    pull = await scene.forge.revert(commit, "why", only=frozenset({P("one/a.txt")}))
    whole = await scene.forge.branch((await scene.of(pull)).branch)
    await scene.forge.fetch(scene.repo)
    only = frozenset({P("one/a.txt")})
    assert prove_inverse(scene.repo, commit, whole, commit, only).passed
    assert not prove_inverse(scene.repo, commit, whole, commit).passed, "it is not the inverse of all"
    other = frozenset({P("two/b.txt")})
    assert not prove_inverse(scene.repo, commit, whole, commit, other).passed
    strange = prove_inverse(scene.repo, commit, whole, commit, frozenset({P("else.txt")}))
    assert "did not touch else.txt" in strange.because


async def test_back_to_a_version_newest_first_and_each_step_is_watched(scene: Scene) -> None:
    kept = await scene.by_hand({"one/a.txt": b"a\n"})
    await scene.forge.tag("v0.1.0", kept, "begin")
    made = [await scene.merge({f"two/{name}.txt": b"x\n"}) for name in "bc"]
    await scene.rest()
    scene.order(version="v0.1.0")
    while not scene.world.saw("revert"):
        await scene.rounds(1)
    await scene.rounds(2)
    assert await scene.taken_back() == [made[1].pull]
    assert len(await scene.reverts()) == 1, "the next step waits for the health of this one"
    await scene.rest()
    assert await scene.taken_back() == [made[1].pull, made[0].pull]
    assert scene.repo.tree(await scene.forge.main()) == scene.repo.tree(kept)
    assert scene.ctx.records.scan("rollbacks") == []
    assert [p.pull for p in await scene.forge.proposals()] == [], (
        "what a person took back does not come again by itself"
    )


async def test_killed_between_steps_it_goes_on(scene: Scene) -> None:
    start = await scene.by_hand({"one/a.txt": b"a\n"})
    await scene.forge.tag("v0.1.0", start, "begin")
    for name in "bc":
        await scene.merge({f"two/{name}.txt": b"x\n"})
    scene.order(version="v0.1.0")
    await scene.killed_at("rollback.chosen", 40)
    assert len(await scene.taken_back()) == len(await scene.reverts()) == 2
    assert scene.repo.tree(await scene.forge.main()) == scene.repo.tree(start)


async def test_health_that_stays_bad_on_the_way_does_not_stop_what_a_person_ordered(scene: Scene) -> None:
    start = await scene.by_hand({"one/a.txt": b"a\n"})
    await scene.forge.tag("v0.1.0", start, "begin")
    await scene.merge({"two/b.py": SICK})
    await scene.merge({"two/c.py": b"x = 1\n"})
    await scene.rest()
    assert await scene.reverts() == []
    scene.order(version="v0.1.0")
    await scene.rounds(30)
    assert len(await scene.taken_back()) == 2
    assert scene.repo.tree(await scene.forge.main()) == scene.repo.tree(start)
