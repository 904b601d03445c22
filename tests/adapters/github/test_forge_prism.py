"""Every kind of request that the forge makes, held against GitHub's own description of its API."""

from collections.abc import Iterator

import pytest

from bot.adapters.github import dashboard
from bot.core.verdict import Status, Verdict
from tests.adapters.github.scene import BRANCH, IDEA, Scene
from tests.servers.absent import absent
from tests.servers.aimock.peer import Missing
from tests.servers.github import programs, witness
from tests.servers.github.hosted import Rules
from tests.servers.github.peer import GitHub
from tests.servers.github.witness import Witness

pytestmark = pytest.mark.integration  # it starts servers and runs git

GATE = Verdict("gate", Status.PASS, "yes", (Verdict("tests", Status.PASS, "green"),))


@pytest.fixture(scope="module")
def watched(hub: GitHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    try:
        description = programs.cut(tmp_path_factory.mktemp("prism"), witness.PATHS)
        with programs.prism(description, hub.url) as prism, witness.standing(prism, hub.url) as found:
            yield found
    except Missing as error:
        absent(error)


async def _whole_life(scene: Scene, watched: Witness) -> None:
    forge = scene.again(api_url=watched.url)
    scene.place.house.rules = Rules(checks={"tests": None})
    head = await scene.commit({"c.txt": "c\n"})
    await forge.dashboard("everything")
    await forge.publish(scene.clone, BRANCH, head, expecting=None)
    pull = await forge.open(BRANCH, "feat: x", "body", IDEA, ["kind/test"])
    await forge.report(head, "megawatts/gate", GATE)
    await forge.report(head, "megawatts/consent", Verdict("consent", Status.PENDING, "waits"))
    await forge.request_owners(pull, head, ["@ada"])
    for _ in range(2):
        await forge.comment(pull, f"evidence {_}", marker="gate")
        await forge.edit(pull, body="new", add=[f"tier/{_}"])
        await forge.dashboard(f"everything {_}\n- [ ] `{IDEA.id}` #{pull} x")
    scene.place.check("tests", head, "success")
    assert (await forge.checks(head) or GATE).passed
    assert await scene.again(api_url=watched.url).reported(head, "megawatts/gate") == GATE
    assert await forge.reviews(pull) == []
    assert await forge.remarks(pull) == []
    (issue,) = [row for row in scene.place.do("ada", "GET", "/issues") if row["title"] == dashboard.TITLE]
    body = {"body": issue["body"].replace("[ ]", "[x]")}
    scene.place.do("ada", "PATCH", f"/issues/{issue['number']}", body)
    assert await forge.ticked() == [IDEA.id]
    scene.place.house.rules = Rules()
    merged = await forge.merge(pull, expecting=head, base=await forge.main(), message="feat: x (#1)\n\nwhy")
    await forge.tag("v0.1.1", merged, "healthy")
    for text in ("one", "two"):
        await forge.release("v0.1.1", text)
    revert = await forge.revert(merged, "bad")
    await forge.close(revert, "not that one")
    assert await forge.revert(merged, "bad") != revert


async def test_no_request_is_one_that_github_s_description_does_not_allow(scene: Scene, watched: Witness) -> None:
    await _whole_life(scene, watched)
    await _as_a_person(scene, watched)
    assert watched.problems == []
    kinds = {f"{verb} {path.replace(scene.place.house.name, 'R')}" for verb, path in watched.passed}
    assert len(kinds) > 30, sorted(kinds)


async def _as_a_person(scene: Scene, watched: Witness) -> None:
    head = await scene.commit({"d.txt": "d\n"})
    forge = scene.again(api_url=watched.url, auth=scene.place.token())
    await forge.publish(scene.clone, "megawatts/aaaaaaaaaaaa", head, expecting=None)
    await forge.report(head, "megawatts/gate", GATE)
    assert await scene.again(api_url=watched.url, auth=scene.place.token()).reported(head, "megawatts/gate") == GATE


async def test_the_witness_would_speak_up(watched: Witness, scene: Scene) -> None:
    forge, before = scene.again(api_url=watched.url), len(watched.problems)
    path = forge.desk.path
    forge.desk.api.attempt("POST", f"{path}/check-runs", {"name": "x", "head_sha": "1" * 40, "status": 7}, (422,))
    assert len(watched.problems) > before
    del watched.problems[before:]
