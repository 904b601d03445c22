"""What a look costs: a quiet round over fifty open proposals is few calls, and documents fit GitHub's schema."""

import re
from pathlib import Path

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.adapters.github import api, marks
from bot.adapters.github.forge import GitHubForge
from bot.core.change import Idea, Kind, Origin
from bot.core.ids import ProposalId, Sha
from bot.core.verdict import Status, Verdict
from tests.adapters.github.scene import Scene
from tests.servers.github.front import ME
from tests.servers.github.graph import graph
from tests.servers.github.hosted import Rules

pytestmark = pytest.mark.integration  # it starts servers and runs git

OPEN, MERGED = 50, 3
BOT = "token bot-megawatts"
GATE, HEALTH = "megawatts/gate", "megawatts/health"
QUERIES = Path(api.__file__).parent / "queries"


async def _fill(scene: Scene) -> None:
    """Fifty proposals with a verdict each, put there without asking GitHub two hundred times."""
    for number in range(MERGED):
        _pull, merged = await scene.merged({f"m{number}.txt": "m\n"}, f"megawatts/{number:012x}")
        if number:
            await scene.forge.report(merged, HEALTH, Verdict("health", Status.PASS, "healthy"))
    base, there = await scene.forge.main(), GitRepository(scene.place.house.git_dir)
    heads: dict[str, Sha] = {}
    for number in range(OPEN):
        branch = f"megawatts/{number + 100:012x}"
        heads[branch] = commit_tree(there.git, there.tree(base), (base,), f"{number}", author="x")
        there.branch(branch, heads[branch])
    await scene.forge.branch("main")  # the peer hears of the branches
    for branch, head in heads.items():
        _propose(scene, branch, head)


def _propose(scene: Scene, branch: str, head: Sha) -> None:
    front, house = scene.place.hub.front, scene.place.house
    idea = Idea(ProposalId(branch[-12:]), "t", "w", Kind.TEST, Origin.ANALYST, "x")
    body = {"title": "t", "head": branch, "base": "main", "body": marks.signed_body("b", marks.about_idea(idea))}
    assert front.ask("POST", f"/repos/{house.name}/pulls", BOT, body)[0] == 201
    block, seal = marks.written(Verdict("gate", Status.PASS, branch), head, GATE)
    status = {"context": GATE, "state": "success", "description": f"[{seal}]", "creator": {"login": "megawatts[bot]"}}
    house.statuses[head] = [status]
    run = {"name": GATE, "head_sha": head, "status": "completed", "conclusion": "success", "output": {"text": block}}
    house.apps[front.ask("POST", f"/repos/{house.name}/check-runs", BOT, run)[1]["id"]] = ME


async def _round(forge: GitHubForge, scene: Scene) -> tuple[int, int]:
    """What the engine asks in one round; how many proposals it saw, and how many of them had their gate's verdict."""
    await forge.fetch(scene.clone)
    await forge.main()
    seen = await forge.proposals(everything=True)
    for proposal in seen:
        if proposal.merged_as is not None:
            await forge.reported(proposal.merged_as, HEALTH)
    good = 0
    waiting = [p for p in seen if p.merged_as is None]
    for proposal in waiting:
        verdict = await forge.reported(proposal.head, GATE)
        good += verdict is not None and verdict.passed
        await forge.checks(proposal.head)
        await forge.reviews(proposal.pull)
        await forge.remarks(proposal.pull)
        assert await forge.asked_on(proposal.pull) is None
    return len(waiting), good


async def test_a_quiet_round_over_fifty_proposals_is_a_handful_of_calls(scene: Scene) -> None:
    await scene.forge.dashboard("everything")
    await _fill(scene)
    scene.place.house.rules = Rules(checks={"tests": None})
    forge = scene.lasting()
    assert await _round(forge, scene) == (OPEN, OPEN)
    first = forge.calls.made
    free = forge.calls.free

    assert await _round(forge, scene) == (OPEN, OPEN)

    calls = forge.calls.made - first
    assert calls <= 15
    assert forge.calls.free - free >= 1
    assert first <= OPEN + 20
    assert calls == 4, scene.place.asked()[-calls:]


@pytest.mark.usefixtures("hub")
def test_every_document_fits_github_s_schema_and_is_used() -> None:
    source = "\n".join(path.read_text() for path in QUERIES.parent.glob("*.py"))
    texts = {path.stem: path.read_text() for path in QUERIES.glob("*.graphql")}
    fragments = {name for name, text in texts.items() if "\nfragment " in text}
    assert (len(texts), fragments) == (8, {"pull"})
    for name in texts.keys() - fragments:
        assert graph().problems(api.document(name)) == []
        assert f'"{name}"' in source
    for name in fragments:
        assert sum(f'#import "{name}.graphql"' in text for text in texts.values()) > 1, "it is written once for several"
        assert graph().problems(texts["open"]), "without it the document is not whole"
    assert graph().problems("query { repository(owner: 1) { nothing } }")


def test_no_document_asks_for_more_than_github_allows() -> None:
    """Half a million nodes and a hundred a page. Source: docs.github.com/en/graphql/overview/rate-limits"""
    for path in QUERIES.glob("*.graphql"):
        sizes = [int(size) for size in re.findall(r"(?:first|last): (\d+)", api.document(path.stem))]
        assert all(size <= 100 for size in sizes)
        assert sum(sizes) * max(sizes, default=1) < 500_000
