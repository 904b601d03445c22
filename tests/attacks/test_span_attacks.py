"""What members and models write never leaves in a span, nor in a figure: looked for in the bytes that are sent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.adapters.otlp.loop import LoopTraces
from bot.adapters.otlp.turns import Turns
from bot.adapters.prometheus.loop import LoopMetrics
from bot.adapters.web.metrics import Metrics
from bot.app.telemetry import Process, open_exporter, telling
from bot.chat.service import ChatService
from bot.core.change import Finding, Idea, Patch, Refusal, Severity
from bot.core.ids import UserId
from bot.improve.doors import Profile, Workspace
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from tests.chat.doubles import kitchen, message
from tests.improve.conftest import Missing, Notes, World, world  # noqa: F401  (the engine's own small house)
from tests.servers.collector import collector

pytestmark = pytest.mark.integration  # the engine runs git, and spans are sent

SECRET = "ghp_needle7f3a9c51e2needle7f3a9c51e2needle"
NEEDLES = (SECRET, "needle", "haystack", "Quirinius")
TEXTS = (
    f"my token is {SECRET}, keep it",
    "haystack",
    "!haystack",
    "/haystack now",
    "hello Quirinius haystack",
    "<@123> haystack needle \x1b]0;needle\x07",
    "needle" * 300,
)


def carries(raw: Sequence[bytes]) -> set[str]:
    return {needle for needle in NEEDLES if any(needle.encode() in one for one in raw)}


async def test_a_conversation_leaves_no_word_of_it() -> None:
    figures = Metrics("0" * 40, "0")
    with collector() as peer:
        exporter = open_exporter(Process("bot", "0" * 40, "0", peer.url))
        assert exporter is not None
        turns = Turns(figures, exporter.send)
        house = kitchen(observer=turns, turn=turns.turn)
        for number, text in enumerate(TEXTS):
            await house.service.answer(message(text, user=UserId(f"Quirinius-{number}")))
        exporter.close()
        spans = peer.wait(len(TEXTS))
    roots = [span for span in spans if not span.parent_span_id]
    assert len(roots) == len(TEXTS), "one trace for each message"
    assert len(spans) > 3 * len(roots), "with its steps"
    assert carries([*peer.raw, figures.page()]) == set()


async def test_a_message_that_breaks_a_step_leaves_no_word_of_it() -> None:
    class Broken:
        name, about_answers = "understand", False

        async def __call__(self, turn: Any) -> None:
            raise ValueError(f"{turn.message.text} {SECRET}")

    with collector() as peer:
        exporter = open_exporter(Process("bot", "0" * 40, "0", peer.url))
        assert exporter is not None
        turns = Turns(Metrics("0" * 40, "0"), exporter.send)
        house = kitchen(observer=turns, turn=turns.turn)
        await ChatService(house.parts, [Broken()]).answer(message("haystack"))
        exporter.close()
        spans = peer.wait(1)
    (root,) = [span for span in spans if not span.parent_span_id]
    assert root.status.code == 2
    assert root.status.message == ""
    assert not root.events, "an exception's text would hold a member's words"
    assert carries(peer.raw) == set()


class Talkative(Notes):
    """An author whose every free text holds what must not leave."""

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        return [replace(one, title=f"haystack {SECRET}", why="Quirinius asked") for one in super().ideas(findings)]

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        return Patch(work.sha, {PurePosixPath(self.world.path): b"a note\n"}, f"needle {SECRET}")


class Pointed(Missing):
    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        found = await super().find(work, profile)
        return [Finding(f.rule, f.path, 1, 1, Severity.LOW, f"haystack {SECRET}", f.analyst) for f in found]


async def test_a_change_from_finding_to_revert_is_one_trace_over_restarts_and_leaves_no_word_of_it(
    world: World,  # noqa: F811
) -> None:
    world.bad = 5.0
    figures = LoopMetrics("0" * 40, "0", ("scope",))
    events = world.ctx.say
    with collector() as peer:
        exporter = open_exporter(Process("controller", "0" * 40, "0", peer.url))
        assert exporter is not None
        for _ in range(12):  # a controller that is started anew every five rounds
            traces = LoopTraces(world.ctx.records, exporter.send)
            world.ctx = replace(world.ctx, say=telling(events, figures.heard, traces.heard))
            shop = Workshop((Pointed(world),), (Talkative(world),), lambda _sha: Profile((), (), (), None))
            engine = Engine(world.ctx, shop)
            for _ in range(5):
                await engine.reconcile()
                await engine.settle_tasks()
                world.time += timedelta(seconds=1)
            if world.saw("healthy"):
                break
        exporter.close()
        spans = peer.wait(10)

    change, revert, *_later = await world.forge.proposals(everything=True)
    assert revert.reverts == change.merged_as
    assert revert.merged_as is not None
    (trace,) = {told["trace_id"] for told in world.saw("merged")}
    mine = [span for span in spans if span.trace_id.hex() == trace]
    names = {span.name for span in mine}
    assert {"find", "rank", "write", "gate", "propose", "merge", "deploy", "health", "revert", "change"} <= names
    roots = [span for span in mine if span.name == "change"]
    assert [bool(root.parent_span_id) for root in roots] == [False, True], "the revert's stands below the change's"
    assert roots[1].parent_span_id == roots[0].span_id
    below = {root.span_id for root in roots}
    assert all(span.parent_span_id in below for span in mine if span.parent_span_id)

    page = figures.page().decode()
    assert 'modifications_total{result="merged",type="docs"} 1.0' in page
    assert 'modifications_total{result="reverted",type="docs"} 1.0' in page
    assert 'modifications_total{result="healthy",type="revert"} 1.0' in page
    assert "megawatts_reverts_total 1.0" in page
    assert carries([*peer.raw, page.encode()]) == set()
