"""Who holds the promoter's key, or its name, tries to merge more than an image: nothing of it merges without owners."""

from collections.abc import Awaitable, Callable
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.adapters.git.commits import commit_tree
from bot.core.ids import PullNumber
from bot.core.verdict import Status
from tests.improve.conftest import engine, go, world
from tests.improve.promoting import DIGEST, PRODUCTION, STAGING, Stage

pytestmark = pytest.mark.integration  # they run git

__all__ = ["engine", "go", "world"]  # fixtures of the loop's own house

Attack = Callable[[Stage], Awaitable[PullNumber]]


@pytest.fixture
async def stage(world: Any) -> Stage:
    return await Stage.begin(world)


async def extra_file(stage: Stage) -> PullNumber:
    return await stage.opened({STAGING: (await stage.values(stage.start)).encode(), "notes/x.txt": b"x\n"})


async def extra_environment(stage: Stage) -> PullNumber:
    both = {path: (await stage.values(stage.start, path=path)).encode() for path in (STAGING, PRODUCTION)}
    return await stage.opened(both)


async def into_production(stage: Stage) -> PullNumber:
    return await stage.opened({PRODUCTION: (await stage.values(stage.start, path=PRODUCTION)).encode()})


async def other_key(stage: Stage) -> PullNumber:
    text = (await stage.values(stage.start)).replace("ghcr.io/o/b", "ghcr.io/eve/b")
    return await stage.opened({STAGING: text.encode()})


async def key_more(stage: Stage) -> PullNumber:
    return await stage.opened({STAGING: (await stage.values(stage.start) + "privileged: true\n").encode()})


async def tag_for_digest(stage: Stage) -> PullNumber:
    return await stage.opened({STAGING: (await stage.values(stage.start)).replace(DIGEST, "latest").encode()})


async def short_digest(stage: Stage) -> PullNumber:
    return await stage.opened({STAGING: (await stage.values(stage.start)).replace(DIGEST, DIGEST[:-1]).encode()})


async def key_twice(stage: Stage) -> PullNumber:
    text = (await stage.values(stage.start)).replace("    commit:", f'    digest: "{DIGEST}"\n    commit:')
    return await stage.opened({STAGING: text.encode()})


async def another_author(stage: Stage) -> PullNumber:
    return await stage.opened({STAGING: (await stage.values(stage.start)).encode()}, by="mallory")


async def app_without_brackets(stage: Stage) -> PullNumber:
    return await stage.opened({STAGING: (await stage.values(stage.start)).encode()}, by="promoter")


async def two_commits(stage: Stage) -> PullNumber:
    main = await stage.world.forge.main()
    await stage.world.forge.fetch(stage.world.repo)
    hidden = stage.commit(main, {"notes/secret.txt": b"x\n"})
    text = (await stage.values(stage.start)).encode()
    return await stage.opened({STAGING: text, "notes/secret.txt": None}, onto=hidden)


async def merge_commit(stage: Stage) -> PullNumber:
    main = await stage.world.forge.main()
    await stage.world.forge.fetch(stage.world.repo)
    repo = stage.world.repo
    aside = stage.commit(main, {"notes/secret.txt": b"x\n"})
    clean = stage.commit(main, {STAGING: (await stage.values(stage.start)).encode()})
    return await stage.opened_at(commit_tree(repo.git, repo.tree(clean), (main, aside), "merge", author="promoter"))


async def image_of_a_branch(stage: Stage) -> PullNumber:
    await stage.world.forge.fetch(stage.world.repo)
    own = stage.commit(await stage.world.forge.main(), {"notes/evil.txt": b"x\n"})
    stage.push("promoters-own", own)
    return await stage.opened({STAGING: (await stage.values(own)).encode()})


async def image_of_nothing(stage: Stage) -> PullNumber:
    return await stage.opened({STAGING: (await stage.values("0" * 40)).encode()})


async def a_step_back(stage: Stage) -> PullNumber:
    old = stage.start
    newer = await stage.on_main({"notes/b.txt": b"b\n"})
    await stage.on_main({STAGING: (await stage.values(newer)).encode()})
    return await stage.opened({STAGING: (await stage.values(old)).encode()})


async def a_link(stage: Stage) -> PullNumber:
    await stage.world.forge.fetch(stage.world.repo)
    head = stage.raw(await stage.world.forge.main(), "../production/bot.yaml", "120000")
    return await stage.opened_at(head)


async def an_executable(stage: Stage) -> PullNumber:
    text = await stage.values(stage.start)
    return await stage.opened_at(stage.raw(await stage.world.forge.main(), text, "100755"))


async def deleted(stage: Stage) -> PullNumber:
    return await stage.opened({STAGING: None})


async def no_text(stage: Stage) -> PullNumber:
    return await stage.opened({STAGING: (await stage.values(stage.start)).encode() + b"\xff"})


async def too_large(stage: Stage) -> PullNumber:
    return await stage.opened({STAGING: (await stage.values(stage.start)).encode() + b"# x\n" * 70_000})


async def the_charter_too(stage: Stage) -> PullNumber:
    await stage.world.forge.fetch(stage.world.repo)
    path = PurePosixPath(".github/charter.toml")
    text = stage.world.repo.read(await stage.world.forge.main(), path).replace(b'["staging"]', b'["staging", "live"]')
    return await stage.opened({STAGING: (await stage.values(stage.start)).encode(), str(path): text})


ATTACKS: dict[Attack, set[str]] = {
    extra_file: {"change", "values"},
    extra_environment: {"change", "environment"},
    into_production: {"environment"},
    other_key: {"promotion"},
    key_more: {"promotion"},
    tag_for_digest: {"promotion"},
    short_digest: {"promotion"},
    key_twice: {"promotion"},
    two_commits: {"commits"},
    merge_commit: {"commits"},
    image_of_a_branch: {"image"},
    image_of_nothing: {"image"},
    a_link: {"change"},
    an_executable: {"change"},
    deleted: {"change"},
    no_text: {"promotion"},
    too_large: {"promotion"},
    the_charter_too: {"change", "values"},
    a_step_back: {"direction"},
}
"""What refuses each; it may be more."""


async def test_nothing_of_it_is_proven_and_each_for_its_own_reason(stage: Stage) -> None:
    for attack, reasons in ATTACKS.items():
        pull = await attack(stage)
        proof = await stage.proof(pull)
        assert proof is not None, attack.__name__
        assert proof.status is Status.FAIL, attack.__name__
        failed = {child.name for child in proof.children if child.status is Status.FAIL}
        assert reasons <= failed, (attack.__name__, failed)
        await stage.world.forge.close(pull, "seen")


@pytest.mark.parametrize("attack", [another_author, app_without_brackets], ids=lambda attack: attack.__name__)
async def test_who_only_looks_like_the_promoter_proves_nothing(stage: Stage, attack: Attack) -> None:
    assert await stage.proof(await attack(stage)) is None


async def test_the_loop_merges_none_of_it_and_asks_the_owners(stage: Stage, go: Callable[[int], Any]) -> None:
    pulls = [await attack(stage) for attack in (extra_file, another_author, two_commits)]
    before = await stage.world.forge.main()
    await go(2)
    assert await stage.world.forge.main() == before
    assert [(await stage.one(pull)).merged_as for pull in pulls] == [None] * 3
    assert [facts["pull"] for facts in stage.world.saw("asked")] == pulls


async def test_what_was_proven_is_not_what_was_pushed_after_it(stage: Stage) -> None:
    pull = await stage.promoted()
    proven = await stage.proof(pull)
    assert proven is not None
    assert proven.passed
    head = (await stage.one(pull)).head
    await stage.world.forge.fetch(stage.world.repo)
    stage.push(f"promote/{stage.count}", stage.commit(head, {"notes/x.txt": b"x\n"}))
    after = await stage.proof(pull)
    assert after is not None
    assert after.status is Status.FAIL


async def test_the_charter_of_the_base_says_whether_there_is_a_lane(stage: Stage) -> None:
    path = ".github/charter.toml"
    whole = stage.world.repo.read(stage.start, PurePosixPath(path))
    await stage.on_main({path: whole.split(b"[promotion]")[0]})
    text = (await stage.values(stage.start)).encode()
    assert await stage.proof(await stage.opened({STAGING: text, path: whole})) is None
    assert await stage.proof(await stage.promoted()) is None
