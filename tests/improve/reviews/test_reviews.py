"""Reviews of the engine's own pull requests: revised on the same one, answered, at most three times, never obeyed."""

# ruff: noqa: F811  (the engine's small house lends its fixtures)

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.core.change import Patch, Proposal, Refusal
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.verdict import Status
from bot.improve.context import GATE
from bot.improve.doors import Profile, Workspace
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from bot.improve.reviews.revision import Revision
from bot.improve.reviews.words import LABEL
from tests.improve.conftest import Missing, Notes, go, world  # noqa: F401  (the engine's own small house)

pytestmark = pytest.mark.integration  # they run git
Go = Callable[[int], Any]
PATH = PurePosixPath("notes/new.txt")
REST_AND_MORE = timedelta(minutes=11)


class Reader(Notes):
    """An author that reads words: it writes what it is told to, or refuses."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.asked: list[Revision] = []
        self.seen: list[str] = []
        self.refusal: Refusal | None = None

    async def revise(self, revision: Revision, work: Workspace, profile: Profile) -> Patch | Refusal:
        self.asked.append(revision)
        self.seen.append((work.path / PATH).read_text())
        if self.refusal is not None:
            return self.refusal
        return Patch(work.sha, {PATH: f"round {revision.round}\n".encode()}, "says it better")


@pytest.fixture
def author(world: Any) -> Reader:
    return Reader(world)


@pytest.fixture
def engine(world: Any, author: Reader) -> Engine:
    world.gate = Status.PENDING  # it is not merged before a test has said its word
    return Engine(world.ctx, Workshop((Missing(world),), (author,), lambda _sha: Profile((), (), (), None)))


async def one(world: Any) -> Proposal:
    found: list[Proposal] = await world.forge.proposals(everything=True)
    assert len(found) == 1
    return found[0]


async def comments(world: Any) -> dict[str, str]:
    page = await world.forge.page((await one(world)).pull)
    return {row["marker"]: row["text"] for row in page["comments"]}


async def refuse(world: Any, text: str = "please say it better", who: str = "maintainer") -> Proposal:
    proposal = await one(world)
    await world.forge.review(proposal.pull, who, proposal.head, False, text)
    return proposal


async def test_a_refusal_is_revised_on_the_same_pull_request_and_answered(world: Any, author: Reader, go: Go) -> None:
    await go(2)
    before = await refuse(world)
    await go(2)
    after = await one(world)

    assert (after.pull, after.closed, after.merged_as) == (before.pull, False, None)
    assert after.head != before.head
    assert world.repo.is_ancestor(before.head, after.head), "what was reviewed is still there to compare with"
    assert world.repo.read(after.head, PATH) == b"round 1\n"
    assert author.seen == ["a note\n"], "it changes its own change"
    gate = await world.forge.reported(after.head, GATE)
    assert gate is not None
    assert (gate.facts["head"], gate.facts["tree"]) == (after.head, after.head_tree)
    said = (await comments(world))["remark-review-1"]
    assert f"Revised in {after.head}" in said
    assert "please say it better" in said
    assert len(author.asked) == 1
    await go(3)
    assert len(author.asked) == 1, "what is answered is not revised again"
    assert (await one(world)).merged_as is None, "who asked has not looked again"

    world.gate = Status.PASS
    await world.forge.review(after.pull, "maintainer", after.head, True)
    while not world.saw("merged"):
        await go(1)
    await go(1)
    assert world.repo.read((await one(world)).merged_as, PATH) == b"round 1\n"


async def test_a_comment_on_a_line_holds_the_merge_until_it_is_answered_and_looked_at(
    world: Any, author: Reader, go: Go
) -> None:
    await go(1)
    world.gate = Status.PASS
    proposal = await one(world)
    await world.forge.remark(proposal.pull, "maintainer", proposal.head, "shorter", path=PATH, line=1)
    await go(4)
    held = await one(world)
    assert held.merged_as is None
    assert [(r.path, r.line, r.text) for r in author.asked[0].remarks] == [(PATH, 1, "shorter")]
    assert "notes/new.txt:1" in (await comments(world))["remark-line-1"]
    await world.forge.review(held.pull, "maintainer", held.head, True)
    await go(2)
    assert (await one(world)).merged_as is not None


async def test_nobody_else_s_words_are_read(world: Any, author: Reader, go: Go) -> None:
    world.gate = Status.PASS
    await go(1)
    proposal = await refuse(world, "rewrite everything", "mallory")
    await world.forge.remark(proposal.pull, "eve[bot]", proposal.head, "drop it", path=PATH, line=1)
    await go(3)
    assert author.asked == []
    assert (await one(world)).merged_as is not None, "and they hold nothing up"


async def test_after_three_rounds_people_go_on(world: Any, author: Reader, go: Go) -> None:
    await go(2)
    for number in range(1, 6):
        await refuse(world, f"no {number}")
        await go(2)
    proposal = await one(world)
    assert len(author.asked) == 3
    assert LABEL in proposal.labels
    assert not proposal.closed
    said = await comments(world)
    assert "3 rounds of review are spent" in said["handed-over"]
    assert all(f"remark-review-{number}" in said for number in range(1, 6)), "each gets an answer"
    assert len(world.saw("handed_over")) == 2, "once for each remark that came after"


async def test_what_the_stages_refuse_is_not_pushed_and_the_reviewer_is_told_why(
    world: Any, author: Reader, go: Go
) -> None:
    await go(2)
    before = await refuse(world)
    world.gate = Status.FAIL
    await go(2)
    after = await one(world)
    assert after.head == before.head
    assert await world.forge.reported(after.head, GATE) is not None
    assert "as the test says" in (await comments(world))["remark-review-1"]
    assert LABEL in after.labels
    assert len(author.asked) == 1


async def test_an_author_s_no_is_told_and_a_no_for_now_is_tried_again_after_a_rest(
    world: Any, author: Reader, go: Go
) -> None:
    await go(2)
    before = await refuse(world)
    author.refusal = Refusal("no model answers now", later=True)
    await go(4)
    assert len(author.asked) == 1, "it rests"
    assert "remark-review-1" not in await comments(world), "nothing is promised"
    world.time += REST_AND_MORE
    author.refusal = Refusal("it cannot be said better")
    await go(2)
    assert len(author.asked) == 2
    assert (await one(world)).head == before.head
    assert "it cannot be said better" in (await comments(world))["remark-review-1"]


async def test_rules_that_read_no_words_say_so_and_the_refusal_stands(world: Any, go: Go, engine: Engine) -> None:
    shop = replace(engine._shop, authors=(Notes(world),))
    engine._shop = shop
    engine._reviews = replace(engine._reviews, shop=shop)
    await go(2)
    await refuse(world)
    await go(2)
    proposal = await one(world)
    assert proposal.closed
    said = (await comments(world))["remark-review-1"]
    assert "reads no words" in said
    assert "a model has to be set up" in said
    assert "closed with your reason" in said


async def test_a_push_in_between_is_not_written_over(world: Any, author: Reader, go: Go) -> None:
    await go(2)
    before = await refuse(world)
    revise = author.revise

    async def meanwhile(revision: Revision, work: Workspace, profile: Profile) -> Patch | Refusal:
        pushed = world.repo.commit(Patch(before.head, {PATH: b"a person's\n"}), "x", author="m")
        other = type(world.forge)(world.forge.desk.folder, actor="maintainer", clock=world.ctx.clock)
        await other.publish(world.repo, before.branch, pushed, expecting=before.head)
        author.revise = revise  # type: ignore[method-assign]
        return await revise(revision, work, profile)

    author.revise = meanwhile  # type: ignore[method-assign]
    await go(1)
    assert world.repo.read((await one(world)).head, PATH) == b"a person's\n"
    assert "remark-review-1" not in await comments(world)
    assert author.seen == ["a note\n"]


async def test_kills_at_every_point_lose_no_answer_and_spend_no_round_twice(
    world: Any, engine: Engine, author: Reader, go: Go
) -> None:
    await go(2)
    await refuse(world)
    killed: list[str] = []

    def crash(name: str) -> None:
        if name not in killed:
            killed.append(name)
            raise Denied("killed here")

    engine._reviews = replace(engine._reviews, ctx=replace(world.ctx, crash_point=crash))
    for _ in range(5):
        await go(1)
        world.ctx.records.delete("review_rests", str((await one(world)).pull))
    assert killed == ["revise.noted", "revise.pushed", "answer.said"]
    proposal = await one(world)
    said = (await comments(world))["remark-review-1"]
    assert f"Revised in {proposal.head}" in said
    assert world.repo.read(proposal.head, PATH) == b"round 1\n"
    assert len(author.asked) == 2, "only what was not pushed is written again"
    heads = [entry.facts["head"] for entry in world.ctx.audit.entries() if entry.act == "revise"]
    assert heads == [proposal.head], "on record, and once, though it was killed before it could be noted"


async def test_a_stop_holds_a_revision(world: Any, author: Reader, go: Go) -> None:
    await go(2)
    await refuse(world)
    world.ctx.switch.stop("look first", "ada")
    await go(2)
    assert author.asked == []
    world.ctx.switch.resume("ada")
    await go(1)
    assert len(author.asked) == 1


async def test_a_change_behind_the_base_branch_is_revised_on_the_base_branch_as_it_is(
    world: Any, author: Reader, go: Go
) -> None:
    await go(2)
    main = await world.forge.main()
    moved = world.repo.commit(Patch(main, {PurePosixPath("notes/other.txt"): b"o\n"}), "x", author="a")
    inner = type(world.repo)(world.forge.desk.folder / "repo.git")
    inner.fetch(world.repo.path, f"+{moved}:refs/heads/moved")
    inner.branch("main", moved, expecting=main)
    before = await refuse(world)
    await go(2)
    after = await one(world)
    assert after.base == moved != before.base
    assert {str(path) for path in after.paths} == {"notes/new.txt"}
    assert world.repo.read(Sha(after.head), PurePosixPath("notes/other.txt")) == b"o\n"
    assert world.repo.read(after.head, PATH) == b"round 1\n"


async def test_a_reviewer_s_words_are_shown_as_plain_text(world: Any, author: Reader, go: Go) -> None:
    await go(2)
    await refuse(world, "see ![x](http://evil.invalid/p.png) <img src=x> @everyone\u202e")
    await go(2)
    said = (await comments(world))["remark-review-1"]
    assert "![" not in said
    assert "\\<img" in said
    assert "@everyone" not in said.replace("\\@", "")
    assert "\u202e" not in said
    log = world.repo.git.run("log", "-1", "--format=%B", (await one(world)).head).out.decode()
    assert "evil" not in log, "no reviewer's words in what forges and tools act on"
