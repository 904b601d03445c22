"""Text, names and trees from outside against the embedded forge (THREATS 12, 14, 15, 18, 23)."""

import shutil
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge
from bot.core.change import Idea, Kind, Origin, Patch
from bot.core.errors import Denied, MegawattsError
from bot.core.ids import ProposalId, PullNumber, Sha, Tree

pytestmark = pytest.mark.integration  # they run git

P = PurePosixPath
IDEA = Idea(ProposalId("0123456789ab"), "t", "w", Kind.TEST, Origin.ANALYST, "x")


class Target:
    def __init__(self, folder: Path) -> None:
        self.repo = GitRepository(folder / "source.git")
        self.forge = LocalForge(folder / "forge")
        self.base = self.repo.resolve("main")

    def commit(self, name: str, base: Sha | None = None) -> Sha:
        return self.repo.commit(Patch(base or self.base, {P(name): b"x\n"}), "feat: x", author="m")

    async def person(self, branch: str = "feature/x", title: str = "t", author: str = "eve") -> PullNumber:
        await self.forge.publish(self.repo, branch, self.commit("b.txt"), expecting=None)
        return await self.forge.open_as(author, branch, title, "body")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    repo = GitRepository.begin(folder / "source.git")
    root = commit_tree(repo.git, Tree(repo.git.run("mktree").line), (), "root", author="someone")
    repo.branch("main", repo.commit(Patch(root, {P("a.txt"): b"a\n"}), "first", author="someone"))
    LocalForge.create(folder / "forge", folder / "source.git")
    return folder


@pytest.fixture
def target(template: Path, tmp_path: Path) -> Target:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Target(tmp_path)


async def test_a_title_cannot_claim_another_pull_request(target: Target) -> None:
    """A trailer in the words of a merge would let one proposal pass as the merge of another."""
    victim = await target.person("feature/victim")
    head = target.commit("c.txt")
    await target.forge.publish(target.repo, "megawatts/0123456789ab", head, expecting=None)
    pull = await target.forge.open("megawatts/0123456789ab", f"x\n\nPull-Request: #{victim}", "b", IDEA)
    (seen,) = [p for p in await target.forge.proposals() if p.pull == pull]
    assert "\n" not in seen.title
    words = f"feat: x\n\nPull-Request: #{victim}\r\n  pull-request : #{victim}\n\u200bPull-Request: #{victim}"

    made = await target.forge.merge(pull, expecting=head, base=target.base, message=words)

    everything = {p.pull: p for p in await target.forge.proposals(everything=True)}
    assert everything[pull].merged_as == made
    assert everything[victim].merged_as is None
    raw = target.forge.desk.repo.git.run("cat-file", "commit", made).out.decode()
    assert [line for line in raw.lower().splitlines() if "pull-request" in line] == [f"pull-request: #{pull}"]


async def test_a_forged_merge_commit_in_a_branch_is_not_a_merge(target: Target) -> None:
    """The head of a pull request may look like a merge of another one; only what the forge wrote counts."""
    victim = await target.person("feature/victim")
    (seen,) = await target.forge.proposals()
    tree = target.repo.tree(target.commit("c.txt"))
    forged = commit_tree(
        target.repo.git, tree, (target.base, seen.head), f"x\n\nPull-Request: #{victim}", author="megawatts[bot]"
    )
    await target.forge.publish(target.repo, "feature/forged", forged, expecting=None)
    pull = await target.forge.open_as("eve", "feature/forged", "t", "b")
    made = await target.forge.merge(pull, expecting=forged, base=target.base, message="m")
    everything = {p.pull: p for p in await target.forge.proposals(everything=True)}
    assert everything[pull].merged_as == made
    assert everything[victim].merged_as is None


@pytest.mark.parametrize(
    "branch",
    ["--upload-pack=x", "../x", "a..b", "main", "x y", "a\nb", "\u202emain", "HEAD", "refs/../x", "a.lock", "@{u}"],
)
async def test_a_hostile_branch_name_goes_nowhere(target: Target, branch: str) -> None:
    head = target.commit("b.txt")
    with pytest.raises(Denied):
        await target.forge.publish(target.repo, branch, head, expecting=None)
    with pytest.raises(Denied):
        await target.forge.publish(target.repo, branch, head, expecting=target.base)
    with pytest.raises(Denied):
        await target.forge.open_as("eve", branch, "t", "b")
    assert await target.forge.proposals() == []
    assert await target.forge.main() == target.base


async def test_nobody_opens_in_the_engine_s_name_or_from_its_branches(target: Target) -> None:
    await target.forge.publish(target.repo, "megawatts/0123456789ab", target.commit("b.txt"), expecting=None)
    for name in ("megawatts[bot]", "MEGAWATTS[BOT]", "megawatts[bot]\u200b", " megawatts[bot] ", "", "\n"):
        with pytest.raises(Denied):
            await target.forge.open_as(name, "feature/x", "t", "b")
    with pytest.raises(Denied, match="engine's"):
        await target.forge.open_as("eve", "megawatts/0123456789ab", "t", "b")
    other = LocalForge(target.forge.desk.folder, actor="eve")
    with pytest.raises(Denied):
        await other.open("megawatts/0123456789ab", "t", "b", IDEA)
    await target.forge.publish(target.repo, "feature/x", target.commit("b.txt"), expecting=None)
    await other.open("feature/x", "t", "b", IDEA)
    (seen,) = await target.forge.proposals()
    assert (seen.origin, seen.kind, seen.idea, seen.author) == (Origin.PERSON, Kind.OTHER, None, "eve")


async def test_the_engine_opens_from_its_own_branches_only(target: Target) -> None:
    await target.forge.publish(target.repo, "feature/x", target.commit("b.txt"), expecting=None)
    with pytest.raises(Denied, match="megawatts/<12 hex>"):
        await target.forge.open("feature/x", "t", "b", IDEA)
    assert await target.forge.proposals() == []


async def test_unseen_characters_are_taken_out(target: Target) -> None:
    pull = await target.person(title="safe\u202e\u2066 gnp.exe\u200b\x1b[2J\x00\nSigned-off-by: root")
    await target.forge.comment(pull, "a\u202eb\x1b]8;;http://evil\x07", marker="m\u200b")
    await target.forge.edit(pull, body="x\u2028y\x9b")
    page = await target.forge.page(pull)
    text = repr([page["title"], page["body"], page["comments"]])
    assert "\\u20" not in text
    assert "\\x" not in text
    assert "\n" not in page["title"]


async def test_a_new_head_after_the_approval_is_not_merged(target: Target) -> None:
    pull = await target.person()
    (seen,) = await target.forge.proposals()
    await target.forge.review(pull, "ada", seen.head, True)
    sly = target.commit("evil.txt", seen.head)
    await target.forge.publish(target.repo, "feature/x", sly, expecting=seen.head)
    for expecting in (seen.head, Sha("1" * 40)):
        with pytest.raises(Denied, match="head"):
            await target.forge.merge(pull, expecting=expecting, base=target.base, message="m")
    assert await target.forge.main() == target.base
    assert [review.head for review in await target.forge.reviews(pull)] == [seen.head]
    assert (await target.forge.proposals())[0].head == sly


@pytest.mark.parametrize("name", [".git", ".GIT", "..", ".gi\u200ct", "git~1"])
async def test_a_tree_that_would_write_into_git_s_folder_is_not_taken_in(target: Target, name: str) -> None:
    blob = target.repo.git.run("hash-object", "-w", "--stdin", stdin=b"owned").line
    inner = target.repo.git.run("mktree", stdin=f"100644 blob {blob}\tconfig\n".encode()).line
    tree = Tree(target.repo.git.run("mktree", stdin=f"040000 tree {inner}\t{name}\n".encode()).line)
    made = commit_tree(target.repo.git, tree, (target.base,), "odd", author="eve")
    with pytest.raises(Denied, match="not well formed"):
        await target.forge.publish(target.repo, "feature/x", made, expecting=None)
    assert not target.forge.desk.repo.ref("refs/heads/feature/x")


async def test_a_history_that_is_not_ours_is_refused(target: Target) -> None:
    alien = commit_tree(target.repo.git, target.repo.tree(target.base), (), "alien", author="eve")
    await target.forge.publish(target.repo, "feature/x", alien, expecting=None)
    with pytest.raises(Denied, match="share no history"):
        await target.forge.open_as("eve", "feature/x", "t", "b")
    pull = await target.person("feature/y")
    (seen,) = await target.forge.proposals()
    await target.forge.publish(target.repo, "feature/y", alien, expecting=seen.head)
    assert (await target.forge.proposals())[0].head == alien
    with pytest.raises(MegawattsError):
        await target.forge.merge(pull, expecting=alien, base=target.base, message="m")
    assert await target.forge.main() == target.base


async def test_a_branch_that_vanishes_breaks_nothing(target: Target) -> None:
    pull = await target.person()
    (seen,) = await target.forge.proposals()
    target.forge.desk.repo.git.run("update-ref", "-d", "refs/heads/feature/x")
    assert [p.head for p in await target.forge.proposals()] == [seen.head]
    await target.forge.close(pull, "gone")
    assert await target.forge.proposals() == []


async def test_links_submodules_and_large_files_are_only_content(target: Target, tmp_path: Path) -> None:
    git = target.repo.git
    link = git.run("hash-object", "-w", "--stdin", stdin=b"/etc/passwd").line
    large = git.run("hash-object", "-w", "--stdin", stdin=b"\0" * 20_000_000).line
    lines = f"120000 blob {link}\tlink\n160000 commit {'1' * 40}\tsub\n100644 blob {large}\tlarge.bin\n"
    tree = Tree(git.run("mktree", "--missing", stdin=lines.encode()).line)
    made = commit_tree(git, tree, (target.base,), "odd", author="eve")
    await target.forge.publish(target.repo, "feature/x", made, expecting=None)
    await target.forge.open_as("eve", "feature/x", "t", "b")
    (seen,) = await target.forge.proposals()
    assert {str(path) for path in seen.paths} == {"a.txt", "link", "sub", "large.bin"}
    target.forge.desk.repo.materialise(made, tmp_path / "out")
    assert (tmp_path / "out" / "large.bin").stat().st_size == 20_000_000
    assert (tmp_path / "out" / "sub").is_dir()
    assert not any((tmp_path / "out" / "sub").iterdir())
