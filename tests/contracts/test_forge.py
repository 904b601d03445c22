"""What any forge behind the house's door must do: every call may be repeated, and nothing moves by surprise."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.inverse import prove_inverse
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge
from bot.core.change import Claim, Idea, Kind, Origin, Patch
from bot.core.errors import Denied
from bot.core.ids import ProposalId, PullNumber, Sha, Tree, UserId
from bot.core.ports import Forge
from bot.core.verdict import Status, Verdict
from tests.servers.absent import absent
from tests.servers.aimock.peer import Missing
from tests.servers.github import peer as peers
from tests.servers.github.peer import GitHub

pytestmark = pytest.mark.integration  # they run git

P = PurePosixPath
OLD = "".join(f"line {number}\n" for number in range(1, 21))
IDEA = Idea(
    ProposalId("0123456789ab"), "t", "w", Kind.TEST, Origin.MEMBER, "x", asked_by=UserId("7"), claim=Claim.PRESERVING
)
BRANCH = "megawatts/0123456789ab"


@dataclass
class House:
    """A forge, and a clone of it in which changes are made."""

    forge: Forge
    clone: GitRepository

    async def commit(self, files: Mapping[str, str | None], base: Sha | None = None) -> Sha:
        await self.forge.fetch(self.clone)
        contents = {P(name): text if text is None else text.encode() for name, text in files.items()}
        return self.clone.commit(Patch(base or await self.forge.main(), contents), "feat: x", author="megawatts")

    async def opened(self, files: Mapping[str, str | None], branch: str = BRANCH) -> tuple[PullNumber, Sha]:
        head = await self.commit(files)
        await self.forge.publish(self.clone, branch, head, expecting=None)
        return await self.forge.open(branch, "feat: x", "body", IDEA, ["kind/test"]), head

    async def merged(self, files: Mapping[str, str | None], branch: str = BRANCH) -> tuple[PullNumber, Sha]:
        pull, head = await self.opened(files, branch)
        return pull, await self.forge.merge(pull, expecting=head, base=await self.forge.main(), message="feat: x")


def source(path: Path) -> Path:
    """A repository whose branch is not called main."""
    repo = GitRepository.begin(path)
    root = commit_tree(repo.git, Tree(repo.git.run("mktree").line), (), "root", author="someone")
    head = repo.commit(Patch(root, {P("a.txt"): OLD.encode(), P("b.txt"): b"b\n"}), "first", author="someone")
    repo.branch("trunk", head)
    repo.git.run("symbolic-ref", "HEAD", "refs/heads/trunk")
    return path


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    LocalForge.create(folder / "forge", source(folder / "source.git"))
    GitRepository.mirror(folder / "forge" / "repo.git", folder / "clone.git")
    return folder


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    try:
        with peers.running(tmp_path_factory.mktemp("github")) as found:
            yield found
    except Missing as error:
        absent(error)


def local(template: Path, into: Path, _hub: Callable[[], GitHub]) -> House:
    shutil.copytree(template, into, dirs_exist_ok=True)
    return House(LocalForge(into / "forge"), GitRepository(into / "clone.git"))


def github_app(template: Path, into: Path, hub: Callable[[], GitHub]) -> House:
    place = hub().repository(template / "clone.git")
    clone = GitRepository(Path(shutil.copytree(template / "clone.git", into / "clone.git")))
    return House(place.forge(clone), clone)


@pytest.fixture(params=[local, github_app], ids=lambda build: build.__name__)
def house(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> House:
    made: House = request.param(template, tmp_path, lambda: request.getfixturevalue("github"))
    return made


async def test_a_proposal_is_what_was_opened(house: House) -> None:
    pull, head = await house.opened({"a.txt": OLD + "more\n", "b.txt": None, "c.txt": "b\n"})

    (seen,) = await house.forge.proposals()

    assert (seen.pull, seen.branch, seen.head, seen.base) == (pull, BRANCH, head, await house.forge.main())
    assert seen.head_tree == house.clone.tree(head)
    assert {str(path) for path in seen.paths} == {"a.txt", "b.txt", "c.txt"}
    assert (seen.kind, seen.origin, seen.idea, seen.asked_by) == (Kind.TEST, Origin.MEMBER, IDEA.id, "7")
    assert (seen.claim, seen.labels, seen.by_engine) == (Claim.PRESERVING, {"kind/test"}, True)
    assert not seen.closed
    assert seen.merged_as is None


async def test_publishing_and_opening_may_be_repeated(house: House) -> None:
    pull, head = await house.opened({"c.txt": "c\n"})
    await house.forge.publish(house.clone, BRANCH, head, expecting=None)
    assert await house.forge.open(BRANCH, "again", "again", IDEA) == pull
    (seen,) = await house.forge.proposals()
    assert seen.title == "feat: x"


async def test_a_branch_is_not_written_over(house: House) -> None:
    _pull, head = await house.opened({"c.txt": "c\n"})
    other = await house.commit({"c.txt": "d\n"})
    for expecting in (None, other):
        with pytest.raises(Denied):
            await house.forge.publish(house.clone, BRANCH, other, expecting=expecting)
    assert (await house.forge.proposals())[0].head == head
    await house.forge.publish(house.clone, BRANCH, other, expecting=head)
    assert (await house.forge.proposals())[0].head == other


async def test_what_is_said_is_bound_to_its_commit(house: House) -> None:
    pull, head = await house.opened({"c.txt": "c\n"})
    other = await house.commit({"c.txt": "d\n"})
    verdict = Verdict("gate", Status.FAIL, "no", (Verdict("tests", Status.FAIL, "red", facts={"n": 3}),), 1.5)
    await house.forge.report(head, "megawatts/gate", Verdict("gate", Status.PASS, "yes"))
    await house.forge.report(head, "megawatts/gate", verdict)
    await house.forge.request_owners(pull, head, ["@ada"])

    assert await house.forge.reported(head, "megawatts/gate") == verdict
    assert await house.forge.reported(head, "megawatts/consent") is None
    assert await house.forge.reported(other, "megawatts/gate") is None
    assert await house.forge.checks(head) is None
    assert await house.forge.asked_on(pull) == head
    assert await house.forge.reviews(pull) == []


async def test_a_merge_has_the_judged_tree_and_happens_once(house: House) -> None:
    pull, head = await house.opened({"a.txt": None, "c.txt": "c\n"})
    base = await house.forge.main()

    made = await house.forge.merge(pull, expecting=head, base=base, message="feat: x (#1)")
    again = await house.forge.merge(pull, expecting=head, base=base, message="other words")

    assert again == made == await house.forge.main()
    await house.forge.fetch(house.clone)
    assert house.clone.tree(made) == house.clone.tree(head)
    assert [house.clone.resolve(f"{made}^{n}") for n in (1, 2)] == [base, head]
    assert await house.forge.proposals() == []
    (seen,) = await house.forge.proposals(everything=True)
    assert (seen.merged_as, seen.head, seen.base, seen.closed) == (made, head, base, False)
    assert seen.merged_at is not None


async def test_nothing_merges_but_the_head_and_base_that_were_judged(house: House) -> None:
    first, one = await house.opened({"c.txt": "c\n"})
    second, two = await house.opened({"d.txt": "d\n"}, "megawatts/aaaaaaaaaaaa")
    base = await house.forge.main()
    with pytest.raises(Denied, match="head"):
        await house.forge.merge(first, expecting=two, base=base, message="m")
    with pytest.raises(Denied):
        await house.forge.merge(PullNumber(99), expecting=one, base=base, message="m")
    assert await house.forge.main() == base

    made = await house.forge.merge(first, expecting=one, base=base, message="m")

    for stale in (base, made):
        with pytest.raises(Denied):
            await house.forge.merge(second, expecting=two, base=stale, message="m")
    assert await house.forge.main() == made


async def test_a_closed_proposal_stays_closed(house: House) -> None:
    pull, head = await house.opened({"c.txt": "c\n"})
    await house.forge.close(pull, "no")
    await house.forge.close(pull, "no again")
    with pytest.raises(Denied, match="closed"):
        await house.forge.merge(pull, expecting=head, base=await house.forge.main(), message="m")
    assert await house.forge.open(BRANCH, "once more", "b", IDEA) == pull
    assert await house.forge.proposals() == []
    (seen,) = await house.forge.proposals(everything=True)
    assert seen.closed


async def test_a_revert_is_an_exact_inverse_and_there_is_one(house: House) -> None:
    pull, merged = await house.merged({"a.txt": OLD.replace("line 5\n", "bad\n"), "c.txt": "c\n", "b.txt": None})
    await house.merged({"a.txt": OLD.replace("line 5\n", "bad\n") + "later\n"}, "megawatts/aaaaaaaaaaaa")

    first = await house.forge.revert(merged, "errors rose")
    assert await house.forge.revert(merged, "errors rose") == first

    (seen,) = await house.forge.proposals()
    assert (seen.pull, seen.kind, seen.origin, seen.reverts) == (first, Kind.REVERT, Origin.REVERT, merged)
    assert first != pull
    await house.forge.fetch(house.clone)
    assert prove_inverse(house.clone, merged, seen.head, await house.forge.main()).passed
    assert house.clone.read(seen.head, P("a.txt")) == (OLD + "later\n").encode()

    done = await house.forge.merge(first, expecting=seen.head, base=await house.forge.main(), message="revert")
    assert await house.forge.revert(merged, "again") == first
    with pytest.raises(Denied, match="revert"):
        await house.forge.revert(done, "undo the undo")
    assert await house.forge.proposals() == []


async def test_a_revert_follows_the_base_branch(house: House) -> None:
    _pull, merged = await house.merged({"c.txt": "c\n"})
    revert = await house.forge.revert(merged, "bad")
    (before,) = await house.forge.proposals()
    _other, moved = await house.merged({"d.txt": "d\n"}, "megawatts/aaaaaaaaaaaa")

    assert await house.forge.revert(merged, "bad") == revert

    (after,) = await house.forge.proposals()
    assert (after.pull, after.base) == (revert, moved)
    assert after.head != before.head
    await house.forge.fetch(house.clone)
    assert prove_inverse(house.clone, merged, after.head, moved).passed


async def test_a_revert_in_the_way_of_later_edits_is_a_person_s(house: House) -> None:
    _pull, merged = await house.merged({"a.txt": OLD.replace("line 5\n", "bad\n")})
    await house.merged({"a.txt": OLD.replace("line 5\n", "better\n")}, "megawatts/aaaaaaaaaaaa")
    with pytest.raises(Denied, match=r"a\.txt"):
        await house.forge.revert(merged, "bad")
    with pytest.raises(Denied):
        await house.forge.revert(await house.commit({"z": "z\n"}), "never merged")
    assert await house.forge.proposals() == []


async def test_a_tag_names_one_commit_for_good(house: House) -> None:
    base = await house.forge.main()
    _pull, merged = await house.merged({"c.txt": "c\n"})
    await house.forge.tag("v0.1.1", merged, "healthy")
    await house.forge.tag("v0.1.1", merged, "healthy")
    with pytest.raises(Denied, match="taken"):
        await house.forge.tag("v0.1.1", base, "other")
    assert await house.forge.tags() == {"v0.1.1": merged}


async def test_a_release_is_of_a_tag_and_may_be_written_again(house: House) -> None:
    _pull, merged = await house.merged({"c.txt": "c\n"})
    with pytest.raises(Denied, match="no tag"):
        await house.forge.release("v0.1.1", "too early")
    assert await house.forge.tags() == {}, "a release makes no tag"
    await house.forge.tag("v0.1.1", merged, "healthy")
    for text in ("first", "second", "second"):
        await house.forge.release("v0.1.1", text)
    assert await house.forge.tags() == {"v0.1.1": merged}


async def test_nothing_is_ticked_or_queued_by_itself(house: House) -> None:
    await house.opened({"c.txt": "c\n"})
    assert await house.forge.ticked() == []
    await house.forge.dashboard(f"- [ ] `{IDEA.id}` #1 x\n- [x] `aaaaaaaaaaaa` #2 y")
    assert list(await house.forge.ticked()) == ([] if house.forge.name == "local" else ["aaaaaaaaaaaa"])
    assert list(await house.forge.merge_groups()) == []


async def test_words_may_be_repeated(house: House) -> None:
    pull, _head = await house.opened({"c.txt": "c\n"})
    for _ in range(2):
        await house.forge.comment(pull, "evidence", marker="gate")
        await house.forge.edit(pull, body="new", add=["tier/1"])
        await house.forge.dashboard("everything")
    assert (await house.forge.proposals())[0].labels == {"kind/test", "tier/1"}


async def test_a_draft_is_seen_as_one(house: House) -> None:
    head = await house.commit({"c.txt": "c\n"})
    await house.forge.publish(house.clone, BRANCH, head, expecting=None)
    pull = await house.forge.open(BRANCH, "feat: x", "body", IDEA, draft=True)
    (seen,) = await house.forge.proposals()
    assert (seen.pull, seen.draft, seen.origin) == (pull, True, Origin.MEMBER)


async def test_a_part_of_a_merge_is_taken_back_and_the_rest_stays(house: House) -> None:
    _pull, merged = await house.merged({"a.txt": OLD.replace("line 5\n", "bad\n"), "c.txt": "c\n"})
    part = await house.forge.revert(merged, "bad", only=frozenset({P("a.txt")}))

    assert await house.forge.revert(merged, "bad", only=frozenset({P("a.txt")})) == part
    (seen,) = await house.forge.proposals()
    assert (seen.pull, seen.reverts, seen.reverts_only) == (part, merged, {P("a.txt")})
    assert seen.paths == {P("a.txt")}
    await house.forge.fetch(house.clone)
    assert house.clone.read(seen.head, P("a.txt")) == OLD.encode()
    assert house.clone.read(seen.head, P("c.txt")) == b"c\n"
    with pytest.raises(Denied, match=r"b\.txt"):
        await house.forge.revert(merged, "bad", only=frozenset({P("b.txt")}))
