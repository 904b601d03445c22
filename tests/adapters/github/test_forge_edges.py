"""The rest of what a forge is asked: refusals, repeats, and rows that are odd."""

from dataclasses import replace

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.github.desk import Rules
from bot.adapters.github.forge import GitHubForge
from bot.adapters.github.marks import mark
from bot.core.change import Origin
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict
from tests.adapters.github.scene import BRANCH, IDEA, LATER, P, Scene

pytestmark = pytest.mark.integration  # it starts servers and runs git

NOWHERE = Sha("1" * 40)


@pytest.mark.parametrize("name", ["", "acme", "acme/", "/x", "a/b/c", "a/\n"])
def test_a_repository_has_an_owner_and_a_name(scene: Scene, name: str) -> None:
    with pytest.raises(Misconfigured, match="owner/name"):
        GitHubForge(name, scene.place.token(), scene.clone, api_url=scene.place.hub.url)


async def test_the_engine_opens_its_own_branches_in_its_own_name_alone(scene: Scene) -> None:
    head = await scene.commit({"c.txt": "c\n"})
    for branch in ("main", "feature", "megawatts/xyz"):
        with pytest.raises(Denied):
            await scene.forge.open(branch, "t", "b", IDEA)
    with pytest.raises(Denied, match="person's name"):
        await scene.forge.open(BRANCH, "t", "b", replace(IDEA, origin=Origin.PERSON))
    with pytest.raises(Denied, match="publish it first"):
        await scene.forge.open(BRANCH, "t", "b", IDEA)
    with pytest.raises(Denied, match="by a merge only"):
        await scene.forge.publish(scene.clone, "main", head, expecting=await scene.forge.main())
    assert await scene.forge.proposals() == []


async def test_what_is_not_there_is_denied_by_its_number(scene: Scene) -> None:
    none = PullNumber(99)
    for call in (
        scene.forge.close(none, "x"),
        scene.forge.edit(none, body="x"),
        scene.forge.merge(none, expecting=NOWHERE, base=NOWHERE, message="m"),
    ):
        with pytest.raises(Denied, match="#99"):
            await call
    assert await scene.forge.remarks(none) == []
    assert await scene.forge.reported(NOWHERE, "megawatts/gate") is None
    with pytest.raises(Denied):
        await scene.forge.report(NOWHERE, "megawatts/gate", Verdict("gate", Status.PASS, "yes"))


async def test_a_merged_pull_request_is_not_closed_and_tells_only_its_own_head(scene: Scene) -> None:
    pull, merged = await scene.merged({"c.txt": "c\n"})
    with pytest.raises(Denied, match="merged"):
        await scene.forge.close(pull, "no")
    with pytest.raises(Denied, match="not at"):
        await scene.forge.merge(pull, expecting=NOWHERE, base=merged, message="m")
    await scene.forge.edit(pull, body="words after the end")
    (seen,) = await scene.forge.proposals(everything=True)
    assert (seen.merged_as, seen.origin) == (merged, Origin.MEMBER)


async def test_a_head_of_another_history_brings_all_of_its_files(scene: Scene) -> None:
    pull, _head = await scene.opened({"c.txt": "c\n"})
    base = await scene.forge.main()
    alien = commit_tree(scene.clone.git, scene.clone.tree(base), (), "alien", author="eve")
    scene.push(BRANCH, scene.clone.commit(_patch(alien), "x", author="eve"))
    seen = await scene.one()
    assert (seen.base, seen.paths) == (base, {P("z.txt")})
    with pytest.raises(Denied, match="not made on"):
        await scene.forge.merge(pull, expecting=seen.head, base=base, message="m")
    assert await scene.forge.main() == base


def _patch(base: Sha):  # type: ignore[no-untyped-def]
    from bot.core.change import Patch

    return Patch(base, {P("z.txt"): b"z\n"})


async def test_a_head_that_cannot_be_fetched_makes_us_look_again_if_it_is_ours(scene: Scene) -> None:
    _pull, head = await scene.opened({"c.txt": "c\n"})
    scene.push("theirs", await scene.commit({"t.txt": "t\n"}))
    theirs = scene.place.do("eve", "POST", "/pulls", {"title": "t", "head": "theirs", "base": "main"})["number"]
    (mine, other) = await scene.forge.proposals()
    rows = {row["number"]: row for row in scene.place.house.rows["pullRequests"]}
    peer = scene.place.house.tell
    try:
        scene.place.house.tell = lambda _peer: rows[theirs].update(head_sha=NOWHERE)  # type: ignore[method-assign]
        assert [p.pull for p in await scene.forge.proposals()] == [mine.pull]
        scene.place.house.tell = lambda _peer: rows[mine.pull].update(head_sha=NOWHERE)  # type: ignore[method-assign]
        with pytest.raises(Unavailable, match="pushed while we looked"):
            await scene.forge.proposals()
    finally:
        scene.place.house.tell = peer  # type: ignore[method-assign]
    assert (mine.head, other.pull) == (head, theirs)


async def test_a_comment_that_a_person_deleted_is_said_again(scene: Scene) -> None:
    pull, _head = await scene.opened({"c.txt": "c\n"})
    await scene.forge.comment(pull, "one", marker="gate")
    (row,) = scene.place.do("ada", "GET", f"/issues/{pull}/comments")
    scene.place.do("ada", "DELETE", f"/issues/comments/{row['id']}")
    await scene.forge.comment(pull, "two", marker="gate")
    await scene.forge.comment(pull, "two", marker="gate")
    assert scene.place.comments(pull) == [f"two\n\n{mark('gate')}"]


async def test_nobody_to_ask_is_asked_nobody(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    await scene.forge.request_owners(pull, head, [])
    assert await scene.forge.asked_on(pull) == head
    assert scene.place.comments(pull) == []


async def test_a_revert_that_would_change_nothing_is_refused(scene: Scene) -> None:
    _pull, merged = await scene.merged({"c.txt": "c\n"})
    await scene.main_moves({"c.txt": None})
    with pytest.raises(Denied, match="nothing is left"):
        await scene.forge.revert(merged, "bad")
    assert await scene.forge.proposals() == []


async def test_required_checks_of_our_own_settings_count_too(scene: Scene) -> None:
    _pull, head = await scene.opened({"c.txt": "c\n"})
    assert await scene.forge.checks(head) is None
    forge = scene.again(rules=Rules(fresh=0.0, required=frozenset({"tests"})))
    found = await forge.checks(head)
    assert found is not None
    assert found.status is Status.PENDING


async def test_a_second_idea_waits_for_nobody(scene: Scene) -> None:
    first, _head = await scene.opened({"c.txt": "c\n"})
    second, _head = await scene.opened({"d.txt": "d\n"}, LATER)
    assert [p.pull for p in await scene.forge.proposals()] == [first, second]
