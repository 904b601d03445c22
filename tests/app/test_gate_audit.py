"""A gate as every command opens it asks whom the settings name, and remembers what they said."""

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.app.gate_factory import Question, open_gate
from bot.app.road_settings import RoadSettings
from bot.core.change import Patch
from bot.core.errors import Misconfigured
from bot.core.ids import Sha, Tree
from bot.core.verdict import Status, Verdict
from bot.improve.gate import run_gate
from bot.improve.stages import all_stages
from tests.servers.advisories import World, serving

pytestmark = pytest.mark.integration  # it runs git
LOCK = PurePosixPath("requirements.txt")


class NoBox:
    """V-6 starts nothing here: the project has no import contracts."""

    name, notes = "none", ()

    async def run(self, argv: Any, **_: Any) -> Any:
        pytest.fail(f"{argv} was started")


def locked(version: str, digest: str) -> bytes:
    return f"jinja2=={version} --hash=sha256:{digest}\n".encode()


@pytest.fixture
def repo(tmp_path: Path) -> GitRepository:
    made = GitRepository.begin(tmp_path / "source.git")
    root = commit_tree(made.git, Tree(made.git.run("mktree").line), (), "root", author="someone")
    made.branch("main", root)
    return made


async def judged(repo: GitRepository, head: Sha, url: str, cache: Path) -> Verdict:
    settings = RoadSettings(osv_api_base=url, pypi_json_base=f"{url}/pypi")
    question = Question(repo, repo.resolve("main"), head)
    async with open_gate(question, NoBox(), cache=cache, settings=settings) as gate:
        whole = await run_gate(gate, all_stages(("dependencies",)), ("dependencies",))
    found = whole.find("dependencies")
    assert found is not None
    return found


async def test_a_gate_asks_whom_the_settings_name(repo: GitRepository, tmp_path: Path) -> None:
    world, base, cache = World(), repo.resolve("main"), tmp_path / "cache"
    async with serving(world) as url:
        heads = [
            repo.commit(Patch(base, {LOCK: locked(version, world.lists("jinja2", version))}), "x", author="T <t@x>")
            for version in ("3.1.6", "2.10")
        ]
        well, ill = [await judged(repo, head, url, cache) for head in heads]
        assert well.status is Status.PASS, well.because
        assert (ill.status, "GHSA-462w-v97r-4m45" in ill.because) == (Status.FAIL, True)
        count = len(world.asked)
        assert (await judged(repo, heads[0], url, cache)).status is Status.PASS
        assert len(world.asked) == count, "what was answered is kept beside the repository's caches"
    silent = await judged(repo, heads[0], "http://127.0.0.1:9", tmp_path / "elsewhere")
    assert (silent.status, "OSV is unavailable" in silent.because) == (Status.PENDING, True)


async def test_a_setting_that_is_wrong_opens_no_gate(repo: GitRepository, tmp_path: Path) -> None:
    question = Question(repo, repo.resolve("main"), repo.resolve("main"))
    for wrong in (RoadSettings(osv_api_base="osv"), RoadSettings(audit_severity="bad")):
        with pytest.raises(Misconfigured, match=r"OSV_API_BASE|AUDIT_SEVERITY"):
            async with open_gate(question, NoBox(), cache=tmp_path / "cache", settings=wrong):
                pytest.fail("it opened")
