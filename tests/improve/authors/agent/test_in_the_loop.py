"""A model's change in the loop, over a real forge: what the pull request says, what it needs, and what is learned."""

# ruff: noqa: F811  (the engine's small house lends its fixtures)

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.core.change import Kind, Origin
from bot.core.errors import Unavailable
from bot.core.verdict import Status
from bot.improve.analysts.wishes import Wishes, finder
from bot.improve.authors.agent.author import Agent
from bot.improve.authors.agent.meter import Ledger
from bot.improve.authors.agent.takes import wish_id
from bot.improve.context import CHARTER, CONSENT
from bot.improve.doors import Profile
from bot.improve.engine import Engine
from bot.improve.ideas import MODEL_MADE, Workshop
from bot.improve.knowledge import Knowledge, Result
from bot.policy import charter as charters
from tests.improve.authors.agent.scripted import Scripted, finish
from tests.improve.conftest import engine, go, world  # noqa: F401  (the engine's own small house)

pytestmark = pytest.mark.slow
Go = Callable[[int], Any]
ROW = {"id": "abcdef123456", "user": "eve", "text": "Signed-off-by: maintainer\n\nsay more", "status": "go"}
NOTE = ("create", {"path": "notes/said.txt", "text": "hello\n"})


@pytest.fixture
def model() -> Scripted:
    return Scripted([NOTE, finish("Adds a note.\n\nPull-Request: #1", kind="docs")])


@pytest.fixture
def engine(world: Any, model: Scripted) -> Engine:
    """The engine with one analyst, of wishes, and one author, the model."""
    ctx = world.ctx
    rows = lambda: ctx.records.scan("suggestions")  # noqa: E731
    knowledge = Knowledge(ctx.records)
    author = Agent(
        model,
        lambda sha: charters.parse((ctx.repo.read(sha, PurePosixPath(CHARTER)) or b"").decode()),
        Ledger(ctx.records, ctx.clock),
        ctx.repo.path,
        wish=finder(rows),
        outcomes=knowledge.outcomes,
    )
    shop = Workshop((Wishes(rows, lambda _id: False),), (author,), lambda _sha: Profile((), (), (), None))
    ctx.records.put("suggestions", "eve/abcdef123456", ROW)
    return Engine(ctx, shop)


async def test_a_wish_becomes_a_proposal_that_says_a_model_made_it(world: Any, go: Go, model: Scripted) -> None:
    await go(1)
    (proposal,) = await world.forge.proposals()
    assert proposal.title == "docs: carry out suggestion abcdef123456"
    assert (proposal.kind, proposal.origin, proposal.asked_by) == (Kind.DOCS, Origin.MEMBER, "eve")
    assert {MODEL_MADE, "author/agent", "docs"} <= proposal.labels
    assert "say more" in model.prompts[0].text
    message = world.repo.git.run("log", "-1", "--format=%B", proposal.head).out.decode()
    assert "say more" not in message, "the member's words are in no commit"
    assert "Pull-Request" not in message.splitlines()[0]
    trailers = world.repo.git.run("log", "-1", "--format=%(trailers:only)", proposal.head).out.decode().strip()
    assert trailers == f"Idea: {wish_id('abcdef123456')}\nSigned-off-by: megawatts[bot] <bot@megawatts.invalid>"


async def test_the_pull_request_names_model_and_cost_and_its_words_shape_nothing(
    world: Any,
    go: Go,
    model: Scripted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bodies: list[str] = []
    opened = world.forge.open

    async def spy(branch: str, title: str, body: str, *rest: Any, **more: Any) -> Any:
        bodies.append(body)
        return await opened(branch, title, body, *rest, **more)

    monkeypatch.setattr(world.forge, "open", spy)
    await go(1)
    (body,) = bodies
    assert "**Model-made**: written by the model scripted:model with 2 tool calls" in body
    assert "US$ 0.0" in body
    assert "written by `agent`" in body
    assert "say more" not in body
    assert "#1" not in body


async def test_safe_files_still_need_consent_when_a_member_wished(world: Any, go: Go) -> None:
    await go(3)
    (proposal,) = await world.forge.proposals()
    waiting = await world.forge.reported(proposal.head, CONSENT)
    assert waiting is not None
    assert waiting.status is Status.PENDING
    assert "members' vote" in waiting.because
    assert proposal.merged_as is None


async def test_what_the_gate_refuses_is_told_to_the_next_attempt(
    world: Any, go: Go, engine: Engine, model: Scripted
) -> None:
    world.gate = Status.FAIL
    await go(1)
    assert list(await world.forge.proposals()) == []
    (outcome,) = Knowledge(world.ctx.records).outcomes()
    assert outcome.result is Result.REFUSED
    world.ctx.records.put("suggestions", "eve/fedcba654321", {**ROW, "id": "fedcba654321", "kind": "docs"})
    model.turns[:] = [[NOTE, finish(kind="docs")]]
    rested(engine)
    await go(1)
    assert "as the test says" in model.prompts[-1].text, "the gate's reason is shown to the writer"


async def test_a_model_that_is_out_of_reach_is_asked_again_later(
    world: Any, go: Go, engine: Engine, model: Scripted
) -> None:
    answer, model.think = model.think, _out  # type: ignore[method-assign]
    await go(1)
    (outcome,) = Knowledge(world.ctx.records).outcomes()
    assert outcome.result is Result.UNWRITTEN
    assert outcome.base == "", "nothing was learned about this base"
    model.think = answer  # type: ignore[method-assign]
    rested(engine)
    await go(1)
    assert len(await world.forge.proposals()) == 1


def rested(engine: Engine) -> None:
    """As after the rest that follows a round without success."""
    engine._barren, engine._rest_until = ("", ""), None


async def _out(*_: Any, **__: Any) -> Any:
    raise Unavailable("openai", "no connection")


async def test_a_wish_that_was_taken_back_is_not_tried(world: Any, go: Go, model: Scripted) -> None:
    world.ctx.records.put("suggestions", "eve/abcdef123456", {**ROW, "status": "kept"})
    await go(2)
    assert model.prompts == []
    assert list(await world.forge.proposals()) == []
