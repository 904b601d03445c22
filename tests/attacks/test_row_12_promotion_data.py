"""Who holds the promoter's key tries to bring bots data that nobody merged, or code as data."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status
from bot.improve.data_promotions import as_values, bundle
from bot.policy.data_bundle import Bundle
from bot.policy.hot_path import FILES
from bot.policy.promotion import Data, data_of, with_data, written
from tests.improve.conftest import engine, go, world
from tests.improve.promoting import DIGEST, OTHER, PRODUCTION, STAGING, VALUES, Stage

pytestmark = pytest.mark.integration  # they run git

__all__ = ["engine", "go", "world"]  # fixtures of the loop's own house

CHAT = "bot/chat"
JOKE = f"{CHAT}/intents/joke.toml"
BLOCK = '  data:\n    enabled: true\n    revision: ""\n    sha256: ""\n    content: ""\n'


class Ground:
    """Staging runs an image of `code`, open to data; `news` is merged, and changes data alone."""

    def __init__(self, stage: Stage, code: Sha, news: Sha) -> None:
        self.stage, self.code, self.news = stage, code, news

    @classmethod
    async def begin(cls, world: Any) -> "Ground":
        stage = await Stage.begin(world)
        files = dict.fromkeys([*(f"{CHAT}/{path}" for path in FILES), JOKE], b"a = 1\n")
        code = await stage.on_main(files)
        text = written(VALUES.replace("  settings", f"{BLOCK}  settings"), DIGEST, code)
        await stage.on_main({STAGING: text.encode(), PRODUCTION: text.encode()})
        return cls(stage, code, await stage.on_main({JOKE: b"b = 2\n"}))

    async def values(self) -> str:
        repo = self.stage.world.repo
        await self.stage.world.forge.fetch(repo)
        return str(repo.read(await self.stage.world.forge.main(), PurePosixPath(STAGING)).decode())

    def data(self, revision: Sha) -> Data:
        return as_values(bundle(self.stage.world.repo, self.code, revision))

    async def opened(self, data: Data, path: str = STAGING, change: Callable[[str], str] = str) -> PullNumber:
        return await self.stage.opened({path: change(with_data(await self.values(), data)).encode()})

    async def forged(self, revision: Sha, **files: str) -> PullNumber:
        """Sealed with the hash of the lie."""
        names = {PurePosixPath("intents/joke.toml"): "b = 2\n", **{PurePosixPath(n): t for n, t in files.items()}}
        lie = Bundle(self.code, revision, {**dict.fromkeys(FILES, "a = 1\n"), **names})
        await self.values()
        return await self.opened(as_values(lie))


Attack = Callable[[Ground], Awaitable[PullNumber]]


async def other_texts(ground: Ground) -> PullNumber:
    return await ground.forged(ground.news, **{"intents/joke.toml": "evil = 1\n"})


async def a_file_more(ground: Ground) -> PullNumber:
    return await ground.forged(ground.news, **{"intents/evil.toml": "evil = 1\n"})


async def code_as_data(ground: Ground) -> PullNumber:
    return await ground.forged(ground.news, **{"intents/evil.py": "import os\n"})


async def a_way_out(ground: Ground) -> PullNumber:
    return await ground.forged(ground.news, **{"../app/bot_process.py": "import os\n"})


async def of_a_branch(ground: Ground) -> PullNumber:
    await ground.values()
    own = ground.stage.commit(await ground.stage.world.forge.main(), {JOKE: b"evil = 1\n"})
    ground.stage.push("promoters-own", own)
    return await ground.opened(ground.data(own))


async def past_code(ground: Ground) -> PullNumber:
    """Its commit brings code that no image has."""
    later = await ground.stage.on_main({"bot/x.py": b"x = 1\n", JOKE: b"d = 4\n"})
    return await ground.forged(later, **{"intents/joke.toml": "d = 4\n"})


async def a_step_back(ground: Ground) -> PullNumber:
    newer = await ground.stage.on_main({JOKE: b"c = 3\n"})
    await ground.values()
    text = with_data(await ground.values(), ground.data(newer))
    await ground.stage.on_main({STAGING: text.encode()})
    return await ground.opened(ground.data(ground.news))


async def with_an_image(ground: Ground) -> PullNumber:
    await ground.values()
    return await ground.opened(ground.data(ground.news), change=lambda text: text.replace(DIGEST, OTHER))


async def into_production(ground: Ground) -> PullNumber:
    await ground.values()
    return await ground.opened(ground.data(ground.news), PRODUCTION)


async def another_hash(ground: Ground) -> PullNumber:
    await ground.values()
    return await ground.opened(replace(ground.data(ground.news), sha256="e" * 64))


async def opened_by_itself(ground: Ground) -> PullNumber:
    """Values that people closed."""
    await ground.stage.on_main({STAGING: (await ground.values()).replace("enabled: true", "enabled: false").encode()})
    text = (await ground.values()).replace("enabled: false", "enabled: true")
    return await ground.stage.opened({STAGING: with_data(text, ground.data(ground.news)).encode()})


ATTACKS: dict[Attack, str] = {
    other_texts: "data",
    a_file_more: "data",
    code_as_data: "data",
    a_way_out: "data",
    of_a_branch: "image",
    with_an_image: "promotion",
    into_production: "environment",
    another_hash: "data",
    a_step_back: "direction",
    past_code: "data",
    opened_by_itself: "promotion",
}
"""What refuses each; it may be more."""


@pytest.fixture
async def ground(world: Any) -> Ground:
    return await Ground.begin(world)


async def test_nothing_of_it_is_proven_and_each_for_its_own_reason(ground: Ground) -> None:
    for attack, reason in ATTACKS.items():
        pull = await attack(ground)
        proof = await ground.stage.proof(pull)
        assert proof is not None, attack.__name__
        assert reason in {child.name for child in proof.children if child.status is Status.FAIL}, attack.__name__
        await ground.stage.world.forge.close(pull, "seen")


async def test_the_loop_merges_honest_data_by_itself_and_asks_the_owners_for_the_rest(
    ground: Ground, go: Callable[[int], Any]
) -> None:
    evil = await other_texts(ground)
    await go(2)
    assert (await ground.stage.one(evil)).merged_as is None
    assert [facts["pull"] for facts in ground.stage.world.saw("asked")] == [evil]
    await ground.stage.world.forge.close(evil, "seen")
    honest = await ground.opened(ground.data(ground.news))
    await go(2)
    assert (await ground.stage.one(honest)).merged_as is not None
    found = data_of(await ground.values())
    assert found is not None
    assert found.revision == ground.news
    assert len(ground.stage.world.saw("asked")) == 1, "nobody is asked for what git shows"
