"""The merge queue on GitHub's peer: what was judged is merged by it, anything else is dropped with a sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.inverse import prove_inverse
from bot.adapters.git.repository import GitRepository
from bot.adapters.github.forge import GitHubForge
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.switch import FileSwitch
from bot.app.poll_book import PollBook
from bot.core.case import Merge
from bot.core.change import Idea, Kind, Origin, Patch
from bot.core.errors import Denied, Unavailable
from bot.core.ids import ProposalId, PullNumber, Sha
from bot.core.merge_queue import MergeGroup
from bot.core.verdict import Status, Verdict
from bot.improve.act import act
from bot.improve.context import CONSENT, GATE
from bot.improve.look import View, look
from bot.improve.merge_queue import tend
from bot.policy import charter as charters
from bot.policy.lifecycle import decide
from bot.votes.service import Votes
from tests.adapters.github.scene import BRANCH, P, Scene
from tests.improve.conftest import CHARTER
from tests.policy.builders import NOW
from tests.servers.github.front import SECOND
from tests.servers.github.hosted import Rules

pytestmark = pytest.mark.integration  # it starts servers and runs git

QUEUE = Rules(checks={GATE: None, CONSENT: None}, queue=True)
CONSENTED = Verdict("decision", Status.PASS, "green stages suffice")


@dataclass
class Line:
    """One validated proposal in the queue, and the loop's part that answers the queue."""

    scene: Scene
    forge: GitHubForge
    ctx: Any
    pull: PullNumber
    head: Sha
    base: Sha
    told: list[tuple[str, Any]] = field(default_factory=list)

    async def look(self) -> View:
        found = tuple(await self.forge.proposals(everything=True))
        return View(await self.forge.main(), charters.parse(CHARTER), found, {})

    async def round(self) -> None:
        await tend(self.ctx, await self.look())

    def said(self, head: Sha) -> dict[str, str]:
        rows: Sequence[dict[str, Any]] = self.scene.place.house.statuses.get(head, [])
        return {row["context"]: row["state"] for row in reversed(rows)}

    async def enqueue(self) -> None:
        await self.look()
        with pytest.raises(Unavailable, match="queue"):
            await self.forge.merge(self.pull, expecting=self.head, base=self.base, message="m")

    async def group(self) -> MergeGroup:
        await self.look()
        (found,) = await self.forge.merge_groups()
        return found

    def events(self) -> list[str]:
        return [f"{facts['status']}: {facts['because']}" for name, facts in self.told if name == "merge_group"]


@pytest.fixture
async def line(scene: Scene, tmp_path: Path) -> Line:
    records = SqliteRecords(tmp_path / "records.db")
    forge, told = scene.lasting(), list[tuple[str, Any]]()
    base = await forge.main()
    head = await scene.commit({"notes/c.md": "c\n"})
    await forge.publish(scene.clone, BRANCH, head, expecting=None)
    idea = Idea(ProposalId(BRANCH[-12:]), "t", "w", Kind.DOCS, Origin.ANALYST, "x")
    pull = await forge.open(BRANCH, "docs: x", "body", idea)
    facts = {"base": base, "head": head, "tree": scene.clone.tree(head)}
    stages = (Verdict("scope", Status.PASS, "ok"),)
    await forge.report(head, GATE, Verdict("gate", Status.PASS, "1 of 1 pass", stages, facts=dict(facts)))
    await forge.report(head, CONSENT, CONSENTED)
    scene.place.house.rules = QUEUE
    ctx = SimpleNamespace(
        forge=forge, repo=scene.clone, records=records, audit=FileAuditLog(tmp_path / "audit.jsonl"),
        switch=FileSwitch(tmp_path / "stop.json"), polls=PollBook(Votes(records)), clock=lambda: NOW,
        say=lambda event, facts: told.append((event, facts)), crash_point=lambda _name: None,
        inverse=partial(prove_inverse, scene.clone),
    )  # fmt: skip
    return Line(scene, forge, ctx, pull, head, base, told)


async def test_what_was_judged_is_merged_by_the_queue(line: Line) -> None:
    await line.enqueue()
    group = await line.group()
    assert (group.pull, group.onto) == (line.pull, line.base)
    assert line.scene.place.turn() == "waits", "nobody else posts them"

    await line.round()
    await line.round()

    assert line.said(group.head) == {GATE: "success", CONSENT: "success"}
    creators = {row["creator"]["login"] for row in line.scene.place.house.statuses[group.head]}
    assert creators == {"megawatts[bot]"}
    assert len(line.events()) == 1, "once, however often it is looked at"
    assert line.scene.place.turn() == "merged"
    (seen,) = await line.forge.proposals(everything=True)
    assert seen.merged_as == group.head == await line.forge.main()
    assert await line.forge.merge_groups() == []
    (entry,) = line.ctx.audit.entries()
    assert (entry.act, entry.subject, entry.facts["group"]) == ("merge group", f"#{line.pull}", group.head)


async def test_a_group_on_another_base_is_dropped_and_nothing_is_merged(line: Line) -> None:
    moved = await line.scene.commit({"z.txt": "z\n"})
    await line.look()
    house = line.scene.place.house
    line.scene.push("main", moved)
    house.queue.append(line.pull)
    line.scene.place.do("ada", "GET", "/pulls")  # the peer hears of the push
    house.group(line.pull)

    await line.round()

    (why,) = line.events()
    assert why.startswith("fail: it is made of")
    assert line.scene.place.turn() == "dropped"
    assert await line.forge.main() == moved
    assert (await line.forge.proposals())[0].pull == line.pull


def _with_more(line: Line) -> Sha:
    """The same parents, and one file that nobody judged."""
    repo = GitRepository(line.scene.place.house.git_dir)
    more = repo.commit(Patch(line.head, {P("evil.txt"): b"x\n"}), "x", author="x")
    return commit_tree(repo.git, repo.tree(more), (line.base, line.head), "m", author="x")


def _squashed(line: Line) -> Sha:
    repo = GitRepository(line.scene.place.house.git_dir)
    return commit_tree(repo.git, repo.tree(line.head), (line.base,), "m", author="x")


@pytest.mark.parametrize("forged", [_with_more, _squashed])
async def test_a_commit_that_is_not_the_judged_one_is_dropped(line: Line, forged: Callable[[Line], Sha]) -> None:
    await line.enqueue()
    house = line.scene.place.house
    made = forged(line)
    house.git("update-ref", house.group_ref(line.pull, line.base), made)
    await line.round()
    assert line.said(made) == {GATE: "failure", CONSENT: "failure"}
    assert line.scene.place.turn() == "dropped"
    assert await line.forge.main() == line.base


async def test_a_refusal_after_it_was_queued_drops_it(line: Line) -> None:
    await line.enqueue()
    line.ctx.records.put("refusals", f"{line.pull}/ada", {
        "login": "maintainer", "head": line.head, "at": NOW.isoformat(), "reason": "not now", "by": "7",
    })  # fmt: skip
    group = await line.group()
    await line.round()
    assert line.said(group.head) == {GATE: "failure", CONSENT: "failure"}
    assert "not now" in line.events()[0]


async def test_while_everything_is_stopped_nothing_is_said(line: Line) -> None:
    await line.enqueue()
    group = await line.group()
    line.ctx.switch.stop("look first", "ada")
    await line.round()
    assert line.said(group.head) == {}
    assert line.scene.place.turn() == "waits"
    line.ctx.switch.resume("ada")
    await line.round()
    assert line.scene.place.turn() == "merged"


async def test_branches_of_other_names_are_nobody_s_and_without_a_queue_none_is_asked_for(line: Line) -> None:
    house, calls = line.scene.place.house, len(line.scene.place.asked())
    for name in ("main/pr-x-1", f"main/pr-9-{'1' * 39}", f"other/pr-{line.pull}-{line.base}"):
        house.git("update-ref", f"refs/heads/gh-readonly-queue/{name}", line.head)
    line.forge.desk.remote = SimpleNamespace()  # type: ignore[assignment]  # it would break
    assert await line.forge.merge_groups() == []
    assert len(line.scene.place.asked()) == calls
    line.forge.desk.remote = line.scene.forge.desk.remote
    await line.enqueue()
    assert (await line.group()).ref == house.group_ref(line.pull, line.base)


async def test_a_proved_revert_waits_in_no_line(line: Line) -> None:
    house = line.scene.place.house
    house.rules = Rules()
    merged = await line.forge.merge(line.pull, expecting=line.head, base=line.base, message="m")
    house.rules = Rules(owners=True, queue=True, bypass=frozenset({SECOND}))
    revert = await line.forge.revert(merged, "bad")
    (seen,) = await line.forge.proposals()
    for refusal in (Denied, Unavailable):  # it had none when it was asked, which is forgotten then
        with pytest.raises(refusal, match="queue"):
            await line.forge.merge(revert, expecting=seen.head, base=merged, message="m")
    house.queue.clear()
    forge = line.scene.again(reverts=line.scene.place.second())
    made = await forge.merge(revert, expecting=seen.head, base=merged, message="m")
    assert made == await forge.main()
    assert house.queue == []


async def test_what_waited_for_people_is_green_once_they_consented(line: Line) -> None:
    """The rules hold a merge until the gate's status is a success, which a stage that asks for people is not."""
    house, facts = (
        line.scene.place.house,
        {"base": line.base, "head": line.head, "tree": line.scene.clone.tree(line.head)},
    )
    stages = (Verdict("scope", Status.PASS, "ok"), Verdict("approval", Status.PENDING, "waits for a maintainer"))
    await line.forge.report(line.head, GATE, Verdict("gate", Status.PENDING, "approval", stages, facts=dict(facts)))
    house.rules = Rules(checks={GATE: None, CONSENT: None})
    with pytest.raises(Denied, match="megawatts/gate"):
        await line.forge.merge(line.pull, expecting=line.head, base=line.base, message="m")

    line.ctx.deployer = line.ctx.health = None
    charter = charters.parse(CHARTER)
    seen = await line.look()
    case = await look(line.ctx, seen, seen.proposals[0], NOW)
    step = decide(case, charter, NOW)
    assert isinstance(step, Merge)
    await act(step, case, charter, line.ctx)

    assert line.said(line.head) == {GATE: "success", CONSENT: "success"}
    (merged,) = await line.forge.proposals(everything=True)
    assert merged.merged_as == await line.forge.main()
    told = await line.forge.reported(line.head, GATE)
    assert told is not None
    assert [stage.status for stage in told.children] == [Status.PASS, Status.PENDING], "the evidence stays what it was"
