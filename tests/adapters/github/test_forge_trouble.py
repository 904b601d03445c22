"""What goes wrong on a forge: each thing has one outcome, and never a wrong merge or revert."""

import pytest

from bot.adapters.git.repository import GitRepository
from bot.adapters.github.app_auth import AppKey, PersonalToken
from bot.adapters.github.desk import Rules
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import Sha
from tests.adapters.github.scene import BRANCH, IDEA, LATER, OLD, Scene
from tests.servers.github.peer import private_key

pytestmark = pytest.mark.integration  # it starts servers and runs git


async def _merge(scene: Scene, pull: int, head: Sha, base: Sha) -> Sha:
    return await scene.forge.merge(pull, expecting=head, base=base, message="feat: x")  # type: ignore[arg-type]


async def test_a_token_that_is_not_accepted_is_our_fault_with_the_fix(scene: Scene) -> None:
    forge = scene.again(auth=PersonalToken("expired"))
    for call in (forge.main, forge.proposals):
        with pytest.raises(Misconfigured, match="make a new token") as caught:
            await call()
        assert "expired" not in str(caught.value)


async def test_an_app_that_is_not_installed_is_our_fault(scene: Scene) -> None:
    forge = scene.again(auth=AppKey(101, private_key(), 77))
    with pytest.raises(Misconfigured, match="not installed"):
        await forge.main()


async def test_a_repository_that_is_not_there_is_our_fault(scene: Scene) -> None:
    scene.place.fault("GET", f"/repos/{scene.place.house.name}$", 404)
    with pytest.raises(Misconfigured, match="GITHUB_REPOSITORY"):
        await scene.forge.main()


async def test_without_the_permission_nothing_is_opened_and_no_branch_is_left_behind(scene: Scene) -> None:
    head = await scene.commit({"c.txt": "c\n"})
    await scene.forge.publish(scene.clone, BRANCH, head, expecting=None)
    scene.place.hub.front.forbidden.add(("POST", "/pulls$"))
    with pytest.raises(Denied, match="pull_requests=write"):
        await scene.forge.open(BRANCH, "feat: x", "body", IDEA)
    assert await scene.forge.branch(BRANCH) is None
    assert await scene.forge.proposals() == []


async def test_labels_that_were_never_put_on_are_known_and_people_may_take_them_off(scene: Scene) -> None:
    head = await scene.commit({"c.txt": "c\n"})
    await scene.forge.publish(scene.clone, BRANCH, head, expecting=None)
    scene.place.fault("POST", "/labels$", 500)
    with pytest.raises(Unavailable):
        await scene.forge.open(BRANCH, "feat: x", "body", IDEA, labels=("megawatts", "author/x"))
    forge = scene.again()
    (known,) = await forge.proposals()
    assert known.labels == {"megawatts", "author/x"}
    await forge.edit(known.pull, add=sorted(known.labels))
    assert {row["name"] for row in scene.place.pull(known.pull)["labels"]} == known.labels
    scene.place.do("ada", "DELETE", f"/issues/{known.pull}/labels/megawatts")
    (known,) = await scene.again().proposals()
    assert known.labels == {"author/x"}


async def test_without_the_permission_to_merge_nothing_merges(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base = await scene.forge.main()
    scene.place.hub.front.forbidden.add(("PUT", "/merge$"))
    with pytest.raises(Denied, match="contents=write"):
        await _merge(scene, pull, head, base)
    assert await scene.forge.main() == base


async def test_a_renamed_base_branch_stops_us_and_nothing_is_merged_elsewhere(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base = await scene.forge.main()
    scene.push("trunk", base)
    scene.place.house.default = "trunk"
    scene.push("main", None)
    for call in (scene.forge.main(), scene.forge.proposals(), _merge(scene, pull, head, base)):
        with pytest.raises((Misconfigured, Denied), match=r"trunk|elsewhere"):
            await call
    assert GitRepository(scene.place.house.git_dir).ref("refs/heads/trunk") == base


async def test_a_pull_request_pointed_at_another_branch_is_not_merged(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base = await scene.forge.main()
    scene.push("other", base)
    scene.place.do("ada", "PATCH", f"/pulls/{pull}", {"base": "other"})
    with pytest.raises(Denied, match="pointed it elsewhere"):
        await _merge(scene, pull, head, base)
    assert await scene.forge.proposals() == []


async def test_a_forced_push_voids_what_was_judged(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base = await scene.forge.main()
    await scene.forge.proposals()
    other = await scene.commit({"c.txt": "evil\n"})
    scene.push(BRANCH, other)
    with pytest.raises(Denied, match="void"):
        await _merge(scene, pull, head, base)
    assert (await scene.one()).head == other
    assert await scene.forge.main() == base


async def test_a_push_between_our_look_and_github_s_merge_is_refused_by_github(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base, other = await scene.forge.main(), await scene.commit({"c.txt": "evil\n"})
    scene.place.house.before_merge = lambda: scene.push(BRANCH, other)
    with pytest.raises(Denied, match="409"):
        await _merge(scene, pull, head, base)
    assert await scene.forge.main() == base


async def test_a_base_that_moves_at_the_moment_of_the_merge_is_told_and_the_merge_is_still_seen(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base, moved = await scene.forge.main(), await scene.commit({"d.txt": "d\n"})
    scene.place.house.before_merge = lambda: scene.push("main", moved)
    with pytest.raises(Denied, match="up to date"):
        await _merge(scene, pull, head, base)
    (seen,) = await scene.forge.proposals(everything=True)
    assert seen.merged_as == await scene.forge.main()


async def test_a_conflict_is_refused_and_named(scene: Scene) -> None:
    pull, head = await scene.opened({"a.txt": OLD.replace("line 5\n", "ours\n")})
    base = await scene.forge.main()
    await scene.main_moves({"a.txt": OLD.replace("line 5\n", "theirs\n")})
    moved = await scene.forge.main()
    for onto in (base, moved):
        with pytest.raises(Denied, match=r"up to date|validate against"):
            await _merge(scene, pull, head, onto)
    assert await scene.forge.main() == moved


async def test_a_deleted_branch_leaves_its_pull_request_unmerged(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base = await scene.forge.main()
    scene.push(BRANCH, None)
    scene.place.do("ada", "PATCH", f"/pulls/{pull}", {"state": "closed"})
    assert await scene.forge.branch(BRANCH) is None
    assert await scene.forge.proposals() == []
    (seen,) = await scene.forge.proposals(everything=True)
    assert (seen.closed, seen.head, seen.merged_as) == (True, head, None)
    with pytest.raises(Denied, match="closed"):
        await _merge(scene, pull, head, base)


async def test_a_revert_that_a_person_closed_is_not_opened_again(scene: Scene) -> None:
    _pull, merged = await scene.merged({"c.txt": "c\n"})
    revert = await scene.forge.revert(merged, "bad")
    scene.place.do("ada", "PATCH", f"/pulls/{revert}", {"state": "closed"})
    with pytest.raises(Denied, match="ada closed the revert"):
        await scene.forge.revert(merged, "bad")
    assert await scene.forge.proposals() == []


async def test_a_revert_that_we_closed_may_come_again(scene: Scene) -> None:
    _pull, merged = await scene.merged({"c.txt": "c\n"})
    revert = await scene.forge.revert(merged, "bad")
    await scene.forge.close(revert, "superseded")
    assert await scene.forge.revert(merged, "bad again") != revert
    assert (await scene.one()).reverts == merged


async def test_a_merge_whose_answer_is_lost_is_done_once(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base = await scene.forge.main()
    scene.place.fault("PUT", "/merge$", drop=True, after=True)
    with pytest.raises(Unavailable, match="no connection"):
        await _merge(scene, pull, head, base)
    made = await _merge(scene, pull, head, base)
    assert made == await scene.forge.main()
    assert [line for line in scene.place.asked("PUT") if line.endswith("/merge")] == scene.place.asked("PUT")[-1:]


async def test_a_pull_request_whose_answer_is_lost_is_opened_once(scene: Scene) -> None:
    head = await scene.commit({"c.txt": "c\n"})
    await scene.forge.publish(scene.clone, BRANCH, head, expecting=None)
    scene.place.fault("POST", "/pulls$", drop=True, after=True)
    with pytest.raises(Unavailable):
        await scene.forge.open(BRANCH, "feat: x", "body", IDEA)
    assert await scene.forge.branch(BRANCH) == head
    pull = await scene.again().open(BRANCH, "feat: x", "body", IDEA)
    assert (await scene.one()).pull == pull


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_in_trouble_is_later(scene: Scene, status: int) -> None:
    scene.place.fault("*", ".*", status, body="<html>")
    with pytest.raises(Unavailable, match=str(status)):
        await scene.forge.main()
    assert await scene.forge.main()


async def test_after_a_rate_limit_nothing_is_asked_until_its_time(scene: Scene) -> None:
    await scene.forge.main()
    scene.place.fault("GET", ".*", 403, body={"message": "secondary rate limit"}, headers={"retry-after": "3600"})
    with pytest.raises(Unavailable) as caught:
        await scene.forge.main()
    assert caught.value.retry_after == 3600.0
    before = len(scene.place.asked())
    for call in (scene.forge.main, scene.forge.proposals, scene.forge.main):
        with pytest.raises(Unavailable, match="wait") as caught:
            await call()
        assert 3500 < (caught.value.retry_after or 0) <= 3600
    assert len(scene.place.asked()) == before


async def test_what_people_merged_before_the_bot_came_is_not_its_to_watch(scene: Scene) -> None:
    base = await scene.forge.main()
    scene.push("theirs", await scene.commit({"t.txt": "t\n"}))
    early = scene.place.do("ada", "POST", "/pulls", {"title": "t", "head": "theirs", "base": "main"})["number"]
    scene.place.do("ada", "PUT", f"/pulls/{early}/merge", {})
    assert await scene.forge.main() != base
    assert await scene.forge.proposals(everything=True) == []
    watching = scene.place.forge(scene.clone, rules=Rules(fresh=0.0, all_merges=True))
    assert [one.pull for one in await watching.proposals(everything=True)] == [early], "but it is a watcher's"

    await scene.forge.dashboard("everything")
    scene.push("more", await scene.commit({"u.txt": "u\n"}))
    later = scene.place.do("ada", "POST", "/pulls", {"title": "t", "head": "more", "base": "main"})["number"]
    scene.place.do("ada", "PUT", f"/pulls/{later}/merge", {})

    (seen,) = await scene.again().proposals(everything=True)
    assert (seen.pull, seen.by_engine) == (later, False)


async def test_a_branch_of_ours_that_a_person_opened_is_theirs(scene: Scene) -> None:
    head = await scene.commit({"c.txt": "c\n"})
    await scene.forge.publish(scene.clone, LATER, head, expecting=None)
    scene.place.do("eve", "POST", "/pulls", {"title": "t", "head": LATER, "base": "main"})
    with pytest.raises(Denied, match="eve opened"):
        await scene.forge.open(LATER, "feat: x", "body", IDEA)
    assert await scene.forge.branch(LATER) == head
    assert not (await scene.one()).by_engine


async def test_a_person_s_pull_request_that_appears_while_we_open_keeps_its_branch(scene: Scene) -> None:
    head = await scene.commit({"c.txt": "c\n"})
    await scene.forge.publish(scene.clone, BRANCH, head, expecting=None)
    scene.place.fault("GET", "/pulls$", 200, body=[])
    scene.place.do("eve", "POST", "/pulls", {"title": "t", "head": BRANCH, "base": "main"})
    with pytest.raises(Denied, match="eve opened"):
        await scene.forge.open(BRANCH, "feat: x", "body", IDEA)
    assert await scene.forge.branch(BRANCH) == head


async def test_a_branch_that_github_opens_nothing_for_is_taken_away(scene: Scene) -> None:
    head = await scene.commit({"c.txt": "c\n"})
    await scene.forge.publish(scene.clone, BRANCH, head, expecting=None)
    scene.place.fault(
        "POST", "/pulls$", 422, body={"message": "Validation Failed", "errors": ["drafts are not for you"]}
    )
    with pytest.raises(Denied, match="drafts are not for you"):
        await scene.forge.open(BRANCH, "feat: x", "body", IDEA, draft=True)
    assert await scene.forge.branch(BRANCH) is None
