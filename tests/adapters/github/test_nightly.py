"""What Actions posts on a commit is read with its time; what anybody else posts under that name is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.github.nightly import AUTOMATION, FRESH, Nightly
from bot.core.errors import Denied, Unavailable
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.improve.nightly import Measures
from tests.adapters.github.scene import Scene

pytestmark = pytest.mark.integration  # it starts servers and runs git

CONTEXT = "megawatts/red-team"
AT = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)
ACTIONS = {"login": AUTOMATION, "id": 41898282, "type": "Bot"}


def post(scene: Scene, sha: Sha, state: str = "success", **changed: Any) -> None:
    """A status as GitHub keeps it; the peer knows no workflow runs, so that it is put there."""
    at = (changed.pop("at", AT)).isoformat().replace("+00:00", "Z")
    row = {
        "id": 1, "node_id": "x", "url": "https://x.invalid", "avatar_url": None, "target_url": None,
        "created_at": at, "updated_at": at, "state": state, "context": CONTEXT, "description": "so it is",
        "creator": ACTIONS, **changed,
    }  # fmt: skip
    scene.place.house.statuses.setdefault(sha, []).insert(0, row)


async def asked(scene: Scene, sha: Sha | None = None, nightly: Nightly | None = None) -> Verdict | None:
    where = sha or await scene.forge.main()
    return (nightly or Nightly(scene.forge.desk)).measured(where, CONTEXT)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("success", Status.PASS),
        ("failure", Status.FAIL),
        ("error", Status.ERROR),
        ("pending", Status.PENDING),
        ("what", Status.ERROR),
    ],
)
async def test_a_state_is_a_status_with_its_time_and_reason(scene: Scene, state: str, status: Status) -> None:
    post(scene, await scene.forge.main(), state)
    found = await asked(scene)
    assert found == Verdict("red-team", status, "so it is", facts={"at": AT.isoformat()})


async def test_nothing_posted_is_nothing_known(scene: Scene) -> None:
    assert await asked(scene) is None
    assert await asked(scene, Sha("f" * 40)) is None


@pytest.mark.parametrize(
    "creator",
    [
        {"login": "eve", "id": 7, "type": "User"},
        {"login": "megawatts[bot]", "id": 8, "type": "Bot"},
        {"login": "github-actions", "id": 9, "type": "User"},
        {"login": AUTOMATION, "id": 9, "type": "User"},
        {"login": "GitHub-Actions[bot]", "id": 9, "type": "Bot"},
        {},
        None,
    ],
)
async def test_who_is_not_actions_is_not_heard(scene: Scene, creator: dict[str, Any] | None) -> None:
    main = await scene.forge.main()
    post(scene, main, creator=creator)
    assert await asked(scene) is None
    post(scene, main, "failure", at=AT - timedelta(hours=1))
    post(scene, main, creator=creator)
    found = await asked(scene)
    assert found is not None
    assert found.status is Status.FAIL, "and does not stand before it"


async def test_the_engine_posting_it_by_the_api_is_not_heard_either(scene: Scene) -> None:
    await scene.forge.report(await scene.forge.main(), CONTEXT, Verdict("red-team", Status.PASS, "I say so"))
    assert await asked(scene) is None


async def test_the_loop_asks_the_forge_for_it_and_not_for_the_engines_own_word(scene: Scene) -> None:
    main = await scene.forge.main()
    assert isinstance(scene.forge, Measures)
    await scene.forge.report(main, CONTEXT, Verdict("red-team", Status.PASS, "I say so"))
    assert await scene.forge.measured(main, CONTEXT) is None
    post(scene, main, "failure")
    found = await scene.again().measured(main, CONTEXT)
    assert found is not None
    assert found.status is Status.FAIL


async def test_another_context_is_another_matter(scene: Scene) -> None:
    post(scene, await scene.forge.main(), context="megawatts/red-team-2")
    assert await asked(scene) is None


async def test_the_last_one_counts_whatever_the_order(scene: Scene) -> None:
    main = await scene.forge.main()
    post(scene, main, "failure", id=5, at=AT + timedelta(hours=1))
    post(scene, main, "success", id=4)
    found = await asked(scene)
    assert found is not None
    assert found.status is Status.FAIL


async def test_a_description_is_one_plain_line(scene: Scene) -> None:
    post(scene, await scene.forge.main(), description="a\n::error::b\x1b[31m")
    found = await asked(scene)
    assert found is not None
    assert "\n" not in found.because
    assert "\x1b" not in found.because
    post(scene, await scene.forge.main(), description=None, at=AT + timedelta(hours=1))
    found = await asked(scene)
    assert found is not None
    assert found.because == "no reason given"


async def test_it_is_asked_once_in_five_minutes(scene: Scene) -> None:
    now = [0.0]
    forge = scene.again(elapsed=lambda: now[0])
    main, nightly = await forge.main(), Nightly(forge.desk)
    assert await asked(scene, main, nightly) is None
    post(scene, main)
    scene.place.hub.front.asked.clear()
    now[0] = FRESH - 1
    assert await asked(scene, main, nightly) is None
    assert scene.place.asked() == []
    now[0] = FRESH
    found = await asked(scene, main, nightly)
    assert found is not None
    assert found.passed
    assert len(scene.place.asked()) == 1


@pytest.mark.parametrize("error", [Denied("gone"), Unavailable("GitHub", "away")])
async def test_a_refusal_is_no_measurement_and_a_forge_that_is_away_ends_the_look(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    main, nightly = await scene.forge.main(), Nightly(scene.forge.desk)
    post(scene, main)

    def refused(*_path: str) -> list[Any]:
        raise error

    with monkeypatch.context() as away:
        away.setattr(scene.forge.desk.api, "pages", refused)
        if isinstance(error, Denied):
            assert nightly.measured(main, CONTEXT) is None
            return
        with pytest.raises(Unavailable):
            nightly.measured(main, CONTEXT)
    found = nightly.measured(main, CONTEXT)
    assert found is not None, "and it is not remembered as none"
