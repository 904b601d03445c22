"""The watcher over a real forge and an application that it did not merge: what it says, does, and never does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.inverse import prove_inverse
from bot.adapters.git.notes import Notes
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.switch import FileSwitch
from bot.core.change import Patch
from bot.core.errors import Denied, Unavailable
from bot.core.health import Reading, Rollout
from bot.core.ids import PullNumber, Sha, Tree
from bot.improve.watcher.doors import Doors
from bot.improve.watcher.watcher import Watcher
from bot.policy.watching import Mode, Settings, Trust, parse
from bot.sdk.testing import DictRecords

pytestmark = pytest.mark.integration  # they run git
P = PurePosixPath
SETTINGS = parse("""
application = "shop"
repository = "org/shop"
[health]
warm_up = "0s"
deadline = "10m"
interval = "1s"
reverts_per_day = 2
[[health.rules]]
name = "errors"
kind = "rate"
minimum = 2
""")


@dataclass
class Shop:
    """An application that people merge and Argo CD deploys; a test says which revisions are bad."""

    forge: LocalForge
    repo: GitRepository
    folder: Path
    time: datetime = datetime(2026, 6, 1, 12, tzinfo=UTC)
    running: Sha | None = None
    since: datetime = datetime(2026, 6, 1, 12, tzinfo=UTC)
    bad: set[str] = field(default_factory=set)
    """Trees that err: a revert's tree is that of before."""
    failing: set[Sha] = field(default_factory=set)
    held: Sha | None = None
    """What runs whatever the base branch says."""
    away: bool = False
    events: list[tuple[str, Any]] = field(default_factory=list)
    records: DictRecords = field(default_factory=DictRecords)
    crash: Callable[[str], None] = lambda _name: None

    async def rollout(self, sha: Sha) -> Rollout:
        main = self.held or await self.forge.main()
        if main not in self.failing and self.running != main:
            self.running, self.since = main, self.time
        running = self.running
        assert running is not None
        failed = "image cannot be pulled" if sha in self.failing else ""
        return Rollout(sha, running, self.repo.is_ancestor(sha, running), True, self.since, failed=failed)

    async def read(self, revision: Sha) -> Sequence[Reading]:
        if self.away:
            raise Unavailable("prometheus")
        wrong = 5.0 if self.repo.tree(revision) in self.bad else 0.0
        return (Reading("errors", revision, self.time, wrong, 10.0),)

    def watcher(self, mode: Mode = Mode.SHADOW, **changes: Any) -> Watcher:
        doors = Doors(
            forge=self.forge, repo=self.repo, deployer=self, health=self, records=self.records,  # type: ignore[arg-type]
            audit=FileAuditLog(self.folder / "audit.jsonl"), switch=FileSwitch(self.folder / "stop.json"),
            inverse=lambda merged, head, base: prove_inverse(self.repo, merged, head, base),
            reverts=Notes(self.repo).reverts, clock=lambda: self.time,
            say=lambda event, facts: self.events.append((event, facts)), crash_point=self.crash,
        )  # fmt: skip
        settings: Settings = replace(SETTINGS, mode=mode, trust=Trust(0), **changes)
        return Watcher(doors, settings)

    async def merge(
        self, name: str, *, text: str = "x\n", bad: bool = False, by: str = "ada"
    ) -> tuple[PullNumber, Sha]:
        """A person's pull request, merged by a person."""
        main = await self.forge.main()
        head = self.repo.commit(Patch(main, {P(name): text.encode()}), f"feat: {name}", author=by)
        await self.forge.publish(self.repo, f"{by}/{name}-{head[:6]}", head, expecting=None)
        pull = await self.forge.open_as(by, f"{by}/{name}-{head[:6]}", f"feat: {name}", "")
        merged = await self.forge.merge(pull, expecting=head, base=main, message=f"feat: {name}")
        await self.forge.fetch(self.repo)
        if bad:
            self.bad.add(self.repo.tree(merged))
        return pull, merged

    async def looks(self, watcher: Watcher, count: int) -> None:
        for _ in range(count):
            await watcher.look()
            self.time += timedelta(seconds=1)

    async def until(self, watcher: Watcher, event: str, count: int = 1) -> None:
        """Look until something has happened so often."""
        for _ in range(60):
            if len(self.saw(event)) >= count:
                return
            await self.looks(watcher, 1)
        raise AssertionError(f"{event} did not happen {count} times: {self.events}")

    def saw(self, event: str) -> list[Any]:
        return [facts for name, facts in self.events if name == event]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    source = GitRepository.begin(tmp_path / "source.git")
    root = commit_tree(source.git, Tree(source.git.run("mktree").line), (), "root", author="ada")
    source.branch("main", source.commit(Patch(root, {P("a"): b"a\n"}), "first", author="ada"))
    made: list[Shop] = []
    forge = LocalForge.create(tmp_path / "forge", tmp_path / "source.git", clock=lambda: made[0].time)
    made.append(Shop(forge, GitRepository.mirror(tmp_path / "forge" / "repo.git", tmp_path / "clone.git"), tmp_path))
    return made[0]


async def test_in_the_shadow_it_says_what_it_would_do_and_does_nothing(shop: Shop) -> None:
    watcher = shop.watcher()
    await shop.looks(watcher, 4)
    assert shop.saw("concluded") == [], "what ran when it came is not judged"
    pull, merged = await shop.merge("b", bad=True)
    await shop.until(watcher, "concluded")
    await shop.looks(watcher, 2)
    (found,) = shop.saw("concluded")
    assert (found["sha"], found["pull"], found["would"]) == (merged, pull, "revert")
    assert await shop.forge.main() == merged
    assert await shop.forge.proposals() == [], "nothing was opened"
    (watch,) = watcher.book.all()
    assert watch.score == ""


async def test_a_healthy_change_is_left_alone_and_the_score_comes_with_time(shop: Shop) -> None:
    watcher = shop.watcher()
    await shop.looks(watcher, 4)
    await shop.merge("b")
    await shop.until(watcher, "concluded")
    assert [one["would"] for one in shop.saw("concluded")] == ["nothing"]
    assert shop.saw("scored") == []
    shop.time += timedelta(hours=25)
    await shop.looks(watcher, 1)
    assert [one["score"] for one in shop.saw("scored")] == ["right"]
    await shop.looks(watcher, 2)
    assert len(shop.saw("scored")) == 1
    assert watcher.book.tally().quiet_right == 1


async def test_people_s_own_revert_shows_that_the_alarm_was_right(shop: Shop) -> None:
    watcher = shop.watcher()
    await shop.looks(watcher, 4)
    _pull, merged = await shop.merge("a", text="worse\n", bad=True)
    await shop.until(watcher, "concluded")
    main = await shop.forge.main()
    words = f'Revert "feat: a"\n\nThis reverts commit {merged}.'
    back = shop.repo.commit(Patch(main, {P("a"): b"a\n"}), words, author="ada")
    inner = GitRepository(shop.forge.desk.folder / "repo.git")
    inner.fetch(shop.repo.path, f"+{back}:refs/heads/back")
    inner.branch("main", back, expecting=main)
    await shop.looks(watcher, 2)
    assert [(one["would"], one["score"]) for one in shop.saw("scored")] == [("revert", "right")]
    assert watcher.book.tally().precision == 1.0


async def test_an_alarm_over_what_people_keep_was_wrong_unless_they_repaired_it(shop: Shop) -> None:
    watcher = shop.watcher(score_after=timedelta(hours=1))
    await shop.looks(watcher, 4)
    await shop.merge("b", bad=True)
    await shop.until(watcher, "concluded")
    shop.time += timedelta(hours=2)
    await shop.looks(watcher, 1)
    assert [one["score"] for one in shop.saw("scored")] == ["wrong"]
    _pull, second = await shop.merge("d")
    shop.failing.add(second)
    await shop.until(watcher, "concluded", 2)
    await shop.looks(watcher, 2)
    assert len(shop.saw("scored")) == 1, "that what ran before goes on running shows nothing"
    await shop.merge("d", text="repaired\n")
    shop.time += timedelta(hours=2)
    await shop.looks(watcher, 1)
    assert {one["sha"]: one["score"] for one in shop.saw("scored")}[second] == "unclear"


async def test_a_rollback_by_people_counts_as_taken_back_and_is_not_judged_as_a_deploy(shop: Shop) -> None:
    watcher = shop.watcher()
    before = await shop.forge.main()
    await shop.looks(watcher, 4)
    await shop.merge("b", bad=True)
    await shop.until(watcher, "concluded")
    shop.held = before
    await shop.looks(watcher, 3)
    assert [one["score"] for one in shop.saw("scored")] == ["right"]
    assert len(shop.saw("watching")) == 1


async def test_it_proposes_with_evidence_and_never_merges(shop: Shop) -> None:
    watcher = shop.watcher(Mode.PROPOSE)
    await shop.looks(watcher, 4)
    _pull, merged = await shop.merge("b", bad=True)
    await shop.until(watcher, "concluded")
    await shop.looks(watcher, 3)
    (proposal,) = await shop.forge.proposals()
    assert proposal.reverts == merged
    assert {"megawatts", "revert"} <= proposal.labels
    assert "errors" in (await shop.forge.page(proposal.pull))["body"]
    assert await shop.forge.main() == merged
    assert len(shop.saw("revert")) == 1, "once, however often it looks"
    await shop.forge.close(proposal.pull, "we know better")
    await shop.looks(watcher, 2)
    assert shop.saw("revert_ended") == [{"pull": proposal.pull, "because": "closed"}]
    assert await shop.forge.proposals() == []


async def test_it_acts_by_the_exact_inverse_and_watches_that_health_comes_back(shop: Shop) -> None:
    watcher = shop.watcher(Mode.ACT)
    await shop.looks(watcher, 4)
    good = shop.repo.tree(await shop.forge.main())
    await shop.merge("b", bad=True)
    await shop.until(watcher, "merged")
    await shop.forge.fetch(shop.repo)
    assert shop.repo.tree(await shop.forge.main()) == good
    assert len(shop.saw("merged")) == 1
    assert watcher.book.tally().alarms == 0, "its own revert proves nothing"
    await shop.until(watcher, "scored")
    assert [one["would"] for one in shop.saw("concluded")] == ["revert", "nothing"]
    assert [(one["would"], one["score"]) for one in shop.saw("scored")] == [("revert", "right")]
    assert len(await shop.forge.proposals(everything=True)) == 2


async def test_still_bad_after_the_revert_calls_a_person_and_nothing_more_is_taken_back(shop: Shop) -> None:
    watcher = shop.watcher(Mode.ACT)
    await shop.looks(watcher, 4)
    good = shop.repo.tree(await shop.forge.main())
    await shop.merge("b", bad=True)
    await shop.until(watcher, "merged")
    shop.bad.add(good)
    await shop.until(watcher, "concluded", 2)
    await shop.looks(watcher, 3)
    assert len(shop.saw("merged")) == 1
    assert [one["would"] for one in shop.saw("concluded")] == ["revert", "person"]
    assert "nothing is reverted twice" in shop.saw("concluded")[1]["because"]
    assert len([p for p in await shop.forge.proposals(everything=True) if p.reverts]) == 1


async def test_acting_is_earned_in_the_modes_before_it(shop: Shop) -> None:
    watcher = shop.watcher(Mode.ACT)
    watcher._settings = replace(watcher._settings, trust=Trust(1))
    await shop.looks(watcher, 4)
    _pull, merged = await shop.merge("b", bad=True)
    await shop.until(watcher, "concluded")
    await shop.looks(watcher, 3)
    assert await shop.forge.main() == merged
    assert len(await shop.forge.proposals()) == 1
    assert "only proposes until then" in shop.saw("concluded")[0]["because"]


async def test_two_changes_at_once_are_a_person_s(shop: Shop) -> None:
    watcher = shop.watcher(Mode.ACT)
    await shop.looks(watcher, 4)
    await shop.merge("b")
    await shop.merge("c", bad=True)
    await shop.until(watcher, "concluded")
    (found,) = shop.saw("concluded")
    assert found["would"] == "person"
    assert "several changes" in found["because"]
    assert [p for p in await shop.forge.proposals(everything=True) if p.reverts] == []


async def test_what_was_pushed_without_a_pull_request_is_a_person_s(shop: Shop) -> None:
    watcher = shop.watcher(Mode.ACT)
    await shop.looks(watcher, 4)
    main = await shop.forge.main()
    pushed = shop.repo.commit(Patch(main, {P("b"): b"b\n"}), "push", author="ada")
    inner = GitRepository(shop.forge.desk.folder / "repo.git")
    inner.fetch(shop.repo.path, f"+{pushed}:refs/heads/pushed")
    inner.branch("main", pushed, expecting=main)
    shop.bad.add(shop.repo.tree(pushed))
    await shop.until(watcher, "page")
    assert await shop.forge.main() == pushed
    assert [watch.would for watch in watcher.book.all()] == ["person"]
    assert "not a merge of this forge" in shop.saw("page")[0]["because"]


async def test_a_change_that_cannot_start_is_taken_back(shop: Shop) -> None:
    watcher = shop.watcher(Mode.PROPOSE)
    await shop.looks(watcher, 2)
    _pull, merged = await shop.merge("b")
    shop.failing.add(merged)
    await shop.looks(watcher, 3)
    assert [p.reverts for p in await shop.forge.proposals()] == [merged]
    assert "could not" in shop.saw("concluded")[0]["because"]
    assert len(shop.saw("concluded")) == 1


async def test_a_security_fix_is_not_taken_back_without_a_person(shop: Shop) -> None:
    watcher = shop.watcher(Mode.ACT)
    await shop.looks(watcher, 2)
    pull, merged = await shop.merge("b")
    await shop.forge.edit(pull, add=["security"])
    shop.failing.add(merged)
    await shop.looks(watcher, 3)
    assert [one["would"] for one in shop.saw("concluded")] == ["person"]
    assert "security" in shop.saw("concluded")[0]["because"]
    assert [p for p in await shop.forge.proposals(everything=True) if p.reverts] == []


async def test_the_budget_of_a_day_bounds_alarms(shop: Shop) -> None:
    watcher = shop.watcher(health=replace(SETTINGS.health, reverts_per_day=1))
    await shop.looks(watcher, 4)
    await shop.merge("b", bad=True)
    await shop.until(watcher, "concluded")
    _pull, second = await shop.merge("c")
    shop.failing.add(second)
    await shop.until(watcher, "concluded", 2)
    assert [one["would"] for one in shop.saw("concluded")] == ["revert", "person"]
    assert "of a day are spent" in shop.saw("concluded")[1]["because"]


async def test_no_answer_concludes_nothing_and_a_stop_holds_everything(shop: Shop) -> None:
    watcher = shop.watcher(Mode.ACT)
    await shop.looks(watcher, 4)
    await shop.merge("b", bad=True)
    shop.away = True
    await shop.looks(watcher, 10)
    assert shop.saw("concluded") == []
    assert shop.saw("held")
    shop.away = False
    FileSwitch(shop.folder / "stop.json").stop("look first", "ada")
    await shop.looks(watcher, 10)
    assert shop.saw("concluded") == []
    assert await shop.forge.proposals() == []


async def test_kills_at_every_point_end_in_one_revert(shop: Shop) -> None:
    killed: list[str] = []

    def crash(name: str) -> None:
        if name not in killed:
            killed.append(name)
            raise Denied("killed here")

    shop.crash = crash
    await shop.looks(shop.watcher(Mode.ACT), 4)
    good = shop.repo.tree(await shop.forge.main())
    await shop.merge("b", bad=True)
    for _ in range(30):
        watcher = shop.watcher(Mode.ACT)  # nothing is remembered
        await shop.looks(watcher, 1)
        if shop.saw("revert_ended"):
            break
    assert killed == ["watch.opened", "watch.audited", "watch.ours", "watch.merged"]
    await shop.forge.fetch(shop.repo)
    assert shop.repo.tree(await shop.forge.main()) == good
    assert len([p for p in await shop.forge.proposals(everything=True) if p.reverts]) == 1
    assert all(watch.settled and watch.ours for watch in watcher.book.all() if watch.revert)


async def test_how_an_earlier_revision_was_is_no_fault_of_this_one(shop: Shop) -> None:
    watcher = shop.watcher()
    await shop.looks(watcher, 4)
    await shop.merge("b", bad=True)
    await shop.until(watcher, "concluded")
    _pull, same = await shop.merge("c", bad=True)
    await shop.until(watcher, "concluded", 2)
    assert [one["would"] for one in shop.saw("concluded") if one["sha"] == same] == ["nothing"]


VALUES = "deploy/environments/production/bot.yaml"


def values(commit: Sha, size: int = 1) -> str:
    return f'bot:\n  replicas: {size}\n  image:\n    digest: "sha256:{commit}{"0" * 24}"\n    commit: "{commit}"\n'


@pytest.mark.parametrize(("size", "would"), [(1, "revert"), (2, "person")])
async def test_promotions_between_two_merges_are_no_changes_of_their_own(shop: Shop, size: int, would: str) -> None:
    """What runs is the commit of an image; the commits that put it into production lie between."""
    _pull, first = await shop.merge(VALUES, text=values(Sha("0" * 40)))
    shop.held = first
    watcher = shop.watcher()
    await shop.looks(watcher, 2)
    await shop.merge(VALUES, text=values(first, size), by="promoter")
    _pull, bad = await shop.merge("shop.py", bad=True)
    shop.held = bad
    await shop.until(watcher, "concluded")
    (found,) = shop.saw("concluded")
    assert found["would"] == would
    assert ("several changes" in found["because"]) is (size == 2), "more than an image went live with it"
