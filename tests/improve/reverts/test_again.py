"""What was taken back: noticed when a person did it, shunned in any layout, and brought again as a draft."""

from typing import Any

import pytest

from bot.core.change import Patch
from bot.core.errors import Denied
from bot.core.ids import ProposalId, Sha
from bot.core.verdict import Status, Verdict, worst
from bot.improve.context import GATE
from bot.improve.knowledge import Knowledge, Result
from bot.improve.reverts import shunned
from bot.policy.reland import LABEL, idea_of
from tests.improve.reverts.conftest import SICK, P, Scene

pytestmark = [pytest.mark.integration, pytest.mark.slow]
WELL = b"def half(n: int) -> float:\n    return n / 2\n"
BAD = b"def half(n: int) -> float:\n    return 2 / n\n"


async def bad_merge(scene: Scene, *differences: str) -> Any:
    """A merge that makes health bad, with what its gate saw."""
    await scene.by_hand({"app/half.py": WELL, "app/__init__.py": b""})
    bad = await scene.merge({"app/half.py": BAD})
    stage = Verdict("behaviour", Status.PENDING, "behaves otherwise", facts={"differences": list(differences)})
    await scene.forge.report(bad.head, GATE, worst("gate", (stage,)))
    scene.sick = lambda sha: scene.repo.read(sha, P("app/half.py")) == BAD
    return bad


async def test_after_a_healthy_revert_it_comes_again_as_a_draft_with_a_test(scene: Scene) -> None:
    bad = await bad_merge(scene, "app.half.half(0) raises ZeroDivisionError: division by zero; was returns 0.0")
    await scene.rest()
    (draft,) = await scene.forge.proposals()
    assert draft.draft
    assert draft.idea == idea_of(bad.merged_as)
    assert LABEL in draft.labels
    await scene.forge.fetch(scene.repo)
    assert scene.repo.read(draft.head, P("app/half.py")) == BAD
    test = scene.repo.read(draft.head, P(f"tests/reverts/test_{bad.merged_as[:12]}.py"))
    assert test is not None
    assert b"('app.half', 'half', (0,), {}, 0.0)" in test
    page = await scene.forge.page(draft.pull)
    assert "fails with this change" in page["body"]
    assert "messages" in page["body"], "what was seen stands in it"
    before = await scene.forge.main()
    await scene.rounds(4)
    assert await scene.forge.main() == before, "a draft is never merged"
    assert not [asked for asked in scene.asked if asked.head == draft.head]
    assert len(await scene.forge.proposals()) == 1


async def test_without_a_replayable_input_the_draft_says_what_is_missing(scene: Scene) -> None:
    bad = await bad_merge(scene, "app.half.half(<object>) raises X; was returns <thing>", "no call at all")
    await scene.rest()
    (draft,) = await scene.forge.proposals()
    assert {str(p) for p in draft.paths} == {"app/half.py"}
    assert "No input was captured" in (await scene.forge.page(draft.pull))["body"]
    assert bad.pull != draft.pull


async def test_an_input_that_does_not_show_it_is_no_test(scene: Scene) -> None:
    await bad_merge(scene, "app.half.half(2) raises ZeroDivisionError; was returns 1.0")
    await scene.rest()
    (draft,) = await scene.forge.proposals()
    assert {str(p) for p in draft.paths} == {"app/half.py"}
    assert "do not show the failure again" in (await scene.forge.page(draft.pull))["body"]


@pytest.mark.parametrize("point", ["reland.before_push", "reland.pushed", "reland.opened"])
async def test_killed_on_the_way_it_is_one_draft(scene: Scene, point: str) -> None:
    await bad_merge(scene)
    await scene.killed_at(point)
    await scene.rounds(2)
    (draft,) = await scene.forge.proposals()
    known = Knowledge(scene.ctx.records).of(ProposalId(str(draft.idea)))
    assert known is not None
    assert (known.author, known.rule, known.result) == ("re-land", draft.kind.value, Result.OPEN), "as without a kill"
    assert len(await scene.forge.proposals()) == 1
    subjects = [e.subject for e in scene.ctx.audit.entries() if e.act == "propose"]
    assert len(subjects) == len(set(subjects)), subjects


async def test_later_edits_leave_it_to_a_person(scene: Scene) -> None:
    bad = await bad_merge(scene)
    settle = scene.world.promote

    async def and_edit(sha: Sha) -> None:
        await settle(sha)
        await scene.by_hand({"app/half.py": WELL + b"\n\nLATER = 1\n"})

    scene.world.promote = and_edit
    await scene.rest()
    assert await scene.forge.proposals() == []
    comments = [c["text"] for c in (await scene.forge.page(bad.pull))["comments"] if c["marker"] == "re-land"]
    assert "app/half.py" in comments[0]


async def test_a_persons_change_is_a_persons_to_bring_again(scene: Scene) -> None:
    main = await scene.forge.main()
    await scene.forge.fetch(scene.repo)
    head = scene.repo.commit(Patch(main, {P("notes/p.py"): SICK}), "feat: mine", author="ada")
    await scene.forge.publish(scene.repo, "mine", head, expecting=None)
    pull = await scene.forge.open_as("ada", "mine", "feat: mine", "body")
    await scene.forge.merge(pull, expecting=head, base=main, message="feat: mine")
    await scene.rest()
    assert await scene.taken_back() == [pull]
    assert await scene.forge.proposals() == []
    comments = [c["text"] for c in (await scene.forge.page(pull))["comments"] if c["marker"] == "re-land"]
    assert "its author brings it again" in comments[0]


async def test_what_a_person_took_back_is_noticed(scene: Scene) -> None:
    bad = await scene.merge({"notes/b.py": SICK})
    await scene.by_hand({"notes/b.py": None, "notes/other.txt": b"x\n"})
    await scene.rest()
    assert await scene.reverts() == []
    verdict = await scene.health(bad)
    assert verdict is not None
    assert verdict.status is Status.FAIL
    assert "a person took it back" in verdict.because
    assert [e.subject for e in scene.ctx.audit.entries() if e.act == "noticed"] == [f"#{bad.pull}"]
    assert scene.ctx.records.scan("quarantine")
    assert not scene.pages()


async def test_a_revert_for_which_nothing_is_left_is_closed(scene: Scene) -> None:
    bad = await scene.merge({"notes/b.py": SICK})
    merge = scene.forge.merge

    async def late(pull: Any, **more: Any) -> Sha:
        if (await scene.of(pull)).reverts and SICK in (await scene.files()).values():
            await scene.by_hand({"notes/b.py": None})
        return Sha(await merge(pull, **more))

    scene.forge.merge = late
    await scene.rest()
    (revert,) = await scene.reverts()
    assert revert.closed
    assert "a person took it back" in str(await scene.health(bad))


async def test_half_taken_back_by_a_person_is_not_taken_back(scene: Scene) -> None:
    bad = await scene.merge({"notes/b.py": SICK, "notes/c.py": b"x = 1\n"})
    await scene.by_hand({"notes/c.py": None})
    await scene.rest()
    assert await scene.taken_back() == [bad.pull], "the rest of it is ours to take back"
    assert "notes/b.py" not in await scene.files()


async def test_an_edit_is_known_again_in_other_layout_until_a_person_releases_it(scene: Scene) -> None:
    bad = await bad_merge(scene)
    await scene.rest()
    main, records, repo = await scene.forge.main(), scene.ctx.records, scene.repo
    await scene.forge.fetch(repo)
    again = b"# said otherwise\ndef half(n: int) -> float:\n    return (2 /\n            n)\n"
    head = repo.commit(Patch(main, {P("app/half.py"): again}), "again", author="x")
    assert repo.patch_id(main, head) != repo.patch_id(bad.base, bad.head)
    assert (shunned.known(records, repo, main, head) or {})["pull"] == bad.pull
    other = repo.commit(Patch(main, {P("app/half.py"): again.replace(b"2 /", b"3 /")}), "other", author="x")
    assert shunned.known(records, repo, main, other) is None

    with pytest.raises(Denied, match="reason"):
        shunned.release(records, scene.ctx.audit, bad.pull, by="ada", reason=" ", at=scene.world.time)
    assert shunned.release(records, scene.ctx.audit, bad.pull, by="ada", reason="mended", at=scene.world.time) == 2
    assert shunned.known(records, repo, main, head) is None
    assert [e.reason for e in scene.ctx.audit.entries() if e.act == "release"] == ["mended"]
    shunned.shun(records, repo, bad, "read from the forge again")
    assert shunned.known(records, repo, main, head) is None, "a release is not forgotten"
    with pytest.raises(Denied, match="no edit"):
        shunned.release(records, scene.ctx.audit, bad.pull, by="ada", reason="again", at=scene.world.time)
