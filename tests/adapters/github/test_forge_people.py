"""What people do on a forge: they review, forge, edit and tick. None of it is believed further than GitHub vouches."""

from pathlib import Path

import pytest

from bot.adapters.git.inverse import prove_inverse
from bot.adapters.github import marks
from bot.adapters.github.dashboard import LABEL
from bot.core.change import Claim, Kind, Origin
from bot.core.errors import Denied, Unavailable
from bot.core.verdict import Status, Verdict
from tests.adapters.github.scene import BRANCH, IDEA, OLD, P, Scene
from tests.servers.github.front import SECOND
from tests.servers.github.hosted import Rules

pytestmark = pytest.mark.integration  # it starts servers and runs git

GATE, CONSENT = "megawatts/gate", "megawatts/consent"
YES, NO = Verdict("gate", Status.PASS, "yes"), Verdict("gate", Status.FAIL, "no")


async def test_reviews_are_people_s_last_word_for_their_head(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    scene.place.review("ada", pull, "APPROVE", "good")
    dismissed = scene.place.review("grace", pull, "APPROVE")
    scene.place.review("eve", pull, "REQUEST_CHANGES", "name it better")
    scene.place.do("ada", "PUT", f"/pulls/{pull}/reviews/{dismissed}/dismissals", {"message": "no"})
    forge = scene.lasting()
    await forge.proposals()
    for found in (await forge.reviews(pull), await scene.forge.reviews(pull)):
        assert [(a.reviewer, a.approves, a.head, a.reason) for a in found] == [
            ("ada", True, head, "good"),
            ("eve", False, head, "name it better"),
        ]


async def test_a_review_that_is_dismissed_after_the_look_stops_the_merge(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    approval = scene.place.review("ada", pull, "APPROVE")
    forge, base = scene.lasting(), await scene.forge.main()
    await forge.proposals()
    assert len(await forge.reviews(pull)) == 1
    scene.place.do("ada", "PUT", f"/pulls/{pull}/reviews/{approval}/dismissals", {"message": "no"})
    with pytest.raises(Unavailable, match="reviews"):
        await forge.merge(pull, expecting=head, base=base, message="m")
    assert await forge.main() == base
    assert await forge.reviews(pull) == []


async def test_what_reviewers_ask_for_is_told_until_it_is_resolved(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    scene.place.review("eve", pull, "REQUEST_CHANGES", "add a test")
    first = scene.place.remark("ada", pull, head, ("c.txt", 1), "why?")
    second = scene.place.remark("ada", pull, head, ("c.txt", 2), "and this?")
    scene.place.house.resolved.add(second)

    found = await scene.forge.remarks(pull)

    assert [(r.reviewer, r.text, r.path, r.line, r.requests_changes) for r in found] == [
        ("eve", "add a test", None, 0, True),
        ("ada", "why?", P("c.txt"), 1, False),
    ]
    assert {r.head for r in found} == {head}
    assert f"comment-{first}" in {r.id for r in found}
    scene.push(BRANCH, await scene.commit({"c.txt": "d\n"}))
    assert [r.text for r in await scene.forge.remarks(pull)] == ["add a test"]


async def test_a_person_who_writes_our_block_is_a_person(scene: Scene) -> None:
    scene.push("theirs", await scene.commit({"t.txt": "t\n"}))
    body = marks.signed_body("innocent", marks.about_idea(IDEA))
    scene.place.do("eve", "POST", "/pulls", {"title": "t", "head": "theirs", "base": "main", "body": body})
    scene.push("revert/0123456789ab", await scene.commit({"u.txt": "u\n"}))
    scene.place.do("eve", "POST", "/pulls", {"title": "t", "head": "revert/0123456789ab", "base": "main", "body": body})
    for seen in await scene.forge.proposals():
        assert (seen.origin, seen.kind, seen.idea, seen.reverts) == (Origin.PERSON, Kind.OTHER, None, None)
        assert (seen.asked_by, seen.claim, seen.by_engine) == (None, Claim.NONE, False)


async def test_a_body_that_a_person_edited_is_believed_in_nothing_that_helps_it(scene: Scene) -> None:
    pull, _head = await scene.opened({"c.txt": "c\n"})
    text = scene.place.pull(pull)["body"].replace('"test"', '"docs"').replace('"member"', '"analyst"')
    scene.place.do("eve", "PATCH", f"/pulls/{pull}", {"body": text})
    seen = await scene.one()
    assert (seen.kind, seen.origin, seen.idea, seen.claim) == (Kind.OTHER, Origin.MEMBER, IDEA.id, Claim.NONE)
    assert seen.by_engine


async def test_a_revert_whose_body_a_person_edited_is_still_that_revert(scene: Scene) -> None:
    _pull, merged = await scene.merged({"c.txt": "c\n"})
    revert = await scene.forge.revert(merged, "bad")
    scene.place.do("eve", "PATCH", f"/pulls/{revert}", {"body": "nothing to see"})
    seen = await scene.one()
    assert (seen.pull, seen.reverts, seen.origin) == (revert, merged, Origin.REVERT)
    assert await scene.again().revert(merged, "bad") == revert


async def test_our_own_edit_keeps_what_the_pull_request_says_of_itself(scene: Scene) -> None:
    pull, _head = await scene.opened({"c.txt": "c\n"})
    before = await scene.one()
    await scene.forge.edit(pull, body='new words <!-- megawatts:proposal {"kind":"docs"} -->', add=["tier/1"])
    after = await scene.one()
    assert (after.kind, after.origin, after.asked_by, after.idea) == (before.kind, before.origin, "7", before.idea)
    assert "new words" in scene.place.pull(pull)["body"]


async def test_a_verdict_in_our_context_that_another_posted_is_not_ours(scene: Scene) -> None:
    _pull, head = await scene.opened({"c.txt": "c\n"})
    block, seal = marks.written(YES, head, GATE)
    body = {"context": GATE, "state": "success", "description": marks.description(YES, seal)}
    scene.place.do("eve", "POST", f"/statuses/{head}", body)
    scene.place.do("eve", "POST", f"/commits/{head}/comments", {"body": block})
    scene.place.do("", "POST", "/check-runs", {"name": GATE, "head_sha": head, "output": {"text": block}}, app=999)
    for forge in (scene.forge, scene.again(), scene.again(auth=scene.place.token())):
        assert await forge.reported(head, GATE) is None

    await scene.forge.report(head, GATE, NO)
    scene.place.do("eve", "POST", f"/statuses/{head}", body)
    forge = scene.lasting()
    await forge.proposals()
    assert await forge.reported(head, GATE) == NO


async def test_evidence_that_was_altered_makes_no_verdict(scene: Scene) -> None:
    _pull, head = await scene.opened({"c.txt": "c\n"})
    forge = scene.again(auth=scene.place.token())
    await forge.report(head, GATE, NO)
    assert await scene.again(auth=scene.place.token()).reported(head, GATE) == NO
    (row,) = scene.place.house.said_on[head]
    row["body"] = row["body"].replace('"fail"', '"pass"')
    assert await scene.again(auth=scene.place.token()).reported(head, GATE) is None
    assert scene.place.asked("POST")[-2:][0].endswith(f"/commits/{head}/comments")


async def test_a_verdict_said_twice_is_posted_once(scene: Scene) -> None:
    _pull, head = await scene.opened({"c.txt": "c\n"})
    await scene.forge.report(head, GATE, YES)
    before = len(scene.place.asked("POST"))
    await scene.forge.report(head, GATE, YES)
    assert len(scene.place.asked("POST")) == before
    statuses = scene.place.house.statuses[head]
    assert [(s["context"], s["state"], s["creator"]["login"]) for s in statuses] == [
        (GATE, "success", "megawatts[bot]")
    ]


async def test_checks_of_trusted_apps_alone_count_and_a_missing_one_is_pending(scene: Scene) -> None:
    _pull, head = await scene.opened({"c.txt": "c\n"})
    scene.place.house.rules = Rules(checks={"tests": None})
    await scene.forge.report(head, GATE, YES)
    scene.place.check("tests", head, "success", app=999)
    for forge in (scene.again(), scene.lasting()):
        await forge.proposals()
        found = await forge.checks(head)
        assert found is not None
        assert found.status is Status.PENDING
    scene.place.check("tests", head, "failure")
    scene.place.check("tests", head, "success")
    for forge in (scene.again(), scene.lasting()):
        await forge.proposals()
        found = await forge.checks(head)
        assert found is not None
        assert found.passed


async def test_a_merge_that_the_branch_s_rules_forbid_is_refused(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base = await scene.forge.main()
    scene.place.house.rules = Rules(checks={GATE: None}, owners=True)
    with pytest.raises(Denied, match="megawatts/gate"):
        await scene.forge.merge(pull, expecting=head, base=base, message="m")
    await scene.forge.report(head, GATE, YES)
    with pytest.raises(Denied, match="code owner"):
        await scene.forge.merge(pull, expecting=head, base=base, message="m")
    scene.place.review("ada", pull, "APPROVE")
    assert await scene.forge.merge(pull, expecting=head, base=base, message="m") == await scene.forge.main()


async def test_the_second_app_merges_an_exact_revert_without_waiting_for_owners(scene: Scene) -> None:
    _pull, merged = await scene.merged({"c.txt": "c\n"})
    scene.place.house.rules = Rules(owners=True, bypass=frozenset({SECOND}))
    revert = await scene.forge.revert(merged, "bad")
    seen, base = await scene.one(), await scene.forge.main()
    with pytest.raises(Denied, match="code owner"):
        await scene.forge.merge(revert, expecting=seen.head, base=base, message="m")
    forge = scene.again(reverts=scene.place.second())
    made = await forge.merge(revert, expecting=seen.head, base=base, message="m")
    await forge.fetch(scene.clone)
    assert prove_inverse(scene.clone, merged, made, base).passed


async def test_the_second_app_merges_nothing_else(scene: Scene) -> None:
    _pull, merged = await scene.merged({"a.txt": OLD.replace("line 5\n", "bad\n"), "c.txt": "c\n"})
    scene.place.house.rules = Rules(owners=True, bypass=frozenset({SECOND}))
    forge, base = scene.again(reverts=scene.place.second()), await scene.forge.main()
    idea, head = await scene.opened({"d.txt": "d\n"}, "megawatts/aaaaaaaaaaaa")
    part = await forge.revert(merged, "bad", only=frozenset({P("c.txt")}))
    whole = await forge.revert(merged, "bad")
    more = await scene.commit({"a.txt": OLD, "c.txt": None, "z.txt": "more\n"})
    scene.push(f"revert/{merged[:12]}", more)
    scene.push("revert/aaaaaaaaaaaa", more)
    body = marks.signed_body("", marks.About(Kind.REVERT, Origin.REVERT, reverts=merged))
    request = {"title": "t", "head": "revert/aaaaaaaaaaaa", "base": "main", "body": body}
    theirs = scene.place.do("eve", "POST", "/pulls", request)["number"]

    heads = {p.pull: p.head for p in await forge.proposals()}
    assert heads[idea] == head
    assert heads[whole] == more
    for pull in (idea, part, whole, theirs):
        with pytest.raises(Denied, match="code owner"):
            await forge.merge(pull, expecting=heads[pull], base=base, message="m")
    assert await forge.main() == base


async def test_a_merge_queue_takes_it_once_and_what_it_merged_is_seen(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base, house = await scene.forge.main(), scene.place.house
    house.rules = Rules(queue=True)
    for forge in (scene.again(), scene.again(), scene.lasting()):
        await forge.proposals()
        with pytest.raises(Unavailable, match="queue"):
            await forge.merge(pull, expecting=head, base=base, message="m")
    assert house.queue == [pull]
    made = house.put_together("main", base, head, "by the queue")
    assert made is not None
    house.ended(pull, made)
    assert await scene.again().merge(pull, expecting=head, base=base, message="m") == made
    assert scene.place.asked("PUT") == []


async def test_a_merge_that_waits_is_left_to_github_where_that_is_set(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    base, house = await scene.forge.main(), scene.place.house
    house.rules = Rules(checks={"tests": None})
    with pytest.raises(Denied, match="expected"):
        await scene.forge.merge(pull, expecting=head, base=base, message="m")
    assert house.auto == {}
    with pytest.raises(Unavailable, match="auto-merge"):
        await scene.lasting(auto_merge=True).merge(pull, expecting=head, base=base, message="m")
    assert house.auto == {pull: head}
    assert await scene.forge.main() == base


async def test_a_draft_is_not_merged(scene: Scene) -> None:
    head = await scene.commit({"c.txt": "c\n"})
    await scene.forge.publish(scene.clone, BRANCH, head, expecting=None)
    pull = await scene.forge.open(BRANCH, "feat: x", "body", IDEA, draft=True)
    with pytest.raises(Denied, match="draft"):
        await scene.forge.merge(pull, expecting=head, base=await scene.forge.main(), message="m")


async def test_owners_are_asked_and_whom_github_does_not_know_is_named(scene: Scene) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    await scene.forge.request_owners(pull, head, ["@ada", "@nobody", "@acme/core", "mail@x.invalid"])
    assert {row["login"] for row in scene.place.pull(pull)["requested_reviewers"]} == {"ada"}
    (text,) = scene.place.comments(pull)
    assert all(name in text for name in ("nobody", "core", "mail@x.invalid"))
    assert "@" not in text.replace("mail@x", "")
    assert await scene.again().asked_on(pull) == head
    scene.push(BRANCH, await scene.commit({"c.txt": "d\n"}))
    assert await scene.again().asked_on(pull) is None


async def test_a_comment_is_replaced_and_a_person_s_with_its_mark_is_left_alone(scene: Scene) -> None:
    pull, _head = await scene.opened({"c.txt": "c\n"})
    scene.place.do("eve", "POST", f"/issues/{pull}/comments", {"body": f"mine {marks.mark('gate')}"})
    await scene.forge.comment(pull, "first", marker="gate")
    await scene.again().comment(pull, "second", marker="gate")
    await scene.again().comment(pull, "other", marker="closed")
    texts = [text.split("\n")[0].split(" <")[0] for text in scene.place.comments(pull)]
    assert texts == ["mine", "second", "other"]


async def test_the_dashboard_is_one_issue_and_boxes_count_from_those_who_may_write(scene: Scene) -> None:
    pull, _head = await scene.opened({"c.txt": "c\n"})
    await scene.forge.close(pull, "no")
    await scene.forge.proposals(everything=True)
    text = f"# All\n- [ ] `{IDEA.id}` #{pull} feat: x\n- [ ] `ffffffffffff` #99 none"
    await scene.forge.dashboard(text)
    await scene.again().dashboard(text)
    (issue,) = scene.place.do("ada", "GET", f"/issues?labels={LABEL}")
    ticked = issue["body"].replace(f"[ ] `{IDEA.id}`", f"[x] `{IDEA.id}`")
    assert await scene.forge.ticked() == []

    scene.place.do("eve", "PATCH", f"/issues/{issue['number']}", {"body": ticked})
    assert await scene.forge.ticked() == []
    scene.place.do("ada", "PATCH", f"/issues/{issue['number']}", {"body": ticked})
    await scene.forge.dashboard(text + "\nmore")
    assert await scene.forge.ticked() == [IDEA.id]
    assert await scene.forge.ticked() == []
    await scene.forge.dashboard(text + "\neven more")
    assert "[x]" not in scene.place.do("ada", "GET", f"/issues/{issue['number']}")["body"]


async def test_a_release_carries_its_text_and_may_be_written_again(scene: Scene) -> None:
    _pull, merged = await scene.merged({"c.txt": "c\n"})
    await scene.forge.tag("v0.1.1", merged, "healthy")
    for text in ("what changed", "what changed", "what really changed"):
        await scene.forge.release("v0.1.1", text)
    (found,) = scene.place.do("ada", "GET", "/releases")
    assert (found["tag_name"], found["body"]) == ("v0.1.1", "what really changed")


async def test_a_restart_forgets_nothing_that_matters(scene: Scene, tmp_path: Path) -> None:
    pull, head = await scene.opened({"c.txt": "c\n"})
    await scene.forge.report(head, GATE, YES)
    await scene.forge.report(head, CONSENT, Verdict("consent", Status.PENDING, "waits"))
    await scene.forge.request_owners(pull, head, ["@ada"])
    before = await scene.one()
    forge = scene.lasting()
    assert await forge.proposals() == [before]
    assert await forge.reported(head, GATE) == YES
    assert (await forge.reported(head, CONSENT) or NO).status is Status.PENDING
    assert await forge.asked_on(pull) == head
    assert not list(tmp_path.rglob("*ghs_*"))
