import asyncio
from random import Random
from typing import Any

import aiohttp
import pytest

from bot.app import traffic as module
from bot.app.traffic import CALM, RUSH, Met, Sentences, Tally, Traffic


class Answer:
    def __init__(self, status: int, body: Any) -> None:
        self.status, self._body = status, body

    async def json(self) -> Any:
        return self._body

    async def __aenter__(self) -> "Answer":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


class Session:
    """Stands for a connection: gives what the test says, or breaks."""

    def __init__(self, says: Any) -> None:
        self.says, self.sent = says, []

    def post(self, url: str, json: dict[str, str]) -> Answer:
        self.sent.append((url, json))
        if isinstance(self.says, Exception):
            raise self.says
        return Answer(*self.says)

    async def __aenter__(self) -> "Session":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


GOOD = (200, {"outcome": "answered", "revision": "abc", "intent": "dice"})


async def write(
    monkeypatch: pytest.MonkeyPatch, says: Any, *, most: int = 40, seed: int = 1
) -> tuple[Traffic, Session]:
    """Let members write without waiting, until there are `most` messages."""
    session = Session(says)
    real = asyncio.sleep
    traffic = Traffic(
        "http://bot/", rate=2, seed=seed, watch=lambda _: traffic.stop() if traffic.tally.total >= most else None
    )
    monkeypatch.setattr(aiohttp, "ClientSession", lambda **_: session)
    monkeypatch.setattr(aiohttp, "TCPConnector", lambda **_: None)
    monkeypatch.setattr(module.asyncio, "sleep", lambda _seconds: real(0))
    await traffic.run()
    return traffic, session


async def test_members_write_and_what_they_met_is_counted_by_revision(monkeypatch) -> None:
    traffic, session = await write(monkeypatch, GOOD)
    assert traffic.tally.outcomes["abc"]["answered"] >= 40
    url, body = session.sent[0]
    assert url == "http://bot/chat"
    assert set(body) == {"user", "name", "channel", "text"}
    assert len({body["user"] for _, body in session.sent}) == traffic.members


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        ((429, {"outcome": "rejected", "revision": "abc"}), "rejected"),
        ((503, {"error": "busy"}), "busy"),
        ((500, {"error": "oops"}), "error"),
        ((200, ["odd"]), "error"),
        (aiohttp.ClientConnectionError(), "error"),
        (TimeoutError(), "error"),
    ],
)
async def test_whatever_the_bot_does_it_goes_on(monkeypatch, says: Any, outcome: str) -> None:
    traffic, _ = await write(monkeypatch, says)
    assert traffic.tally.total >= 40
    assert {word for counts in traffic.tally.outcomes.values() for word in counts} == {outcome}


async def test_the_same_seed_writes_the_same(monkeypatch) -> None:
    said = []
    for seed in (1, 1, 2):
        with monkeypatch.context() as patched:
            _, session = await write(patched, GOOD, seed=seed)
        said.append(
            {user: [b["text"] for _, b in session.sent if b["user"] == user][:3] for user in ("member-0", "member-1")}
        )
    assert said[0] == said[1]
    assert said[0] != said[2]


async def test_it_ends_after_its_time(monkeypatch) -> None:
    traffic = Traffic("http://127.0.0.1:1", rate=0.1)
    tally = await traffic.run(0.01)
    assert tally.total <= 1


def test_members_rest_long_enough_for_the_usual_limits() -> None:
    assert RUSH.pace * 60 < 20
    assert CALM.pace * 60 < 20
    assert Traffic("http://bot", rate=8).members * RUSH.pace == pytest.approx(8, rel=0.1)


def test_sentences_come_from_every_kind_and_several_languages() -> None:
    sentences, random = Sentences(), Random(1)
    said = {sentences.one(random) for _ in range(3000)}
    assert len(said) > 100
    assert {"!roll 2d6+3", "hallo", "bonjour", "hola", "lol"} <= said


def test_the_tally_in_numbers() -> None:
    tally = Tally()
    for i in range(100):
        tally.add(Met(i / 10, "answered", i / 1000, "abc"))
    tally.add(Met(3.2, "error", 10.0))
    found = tally.to_dict()
    assert found["abc"]["outcomes"] == {"answered": 100}
    assert found["abc"]["latency"] == {"p50": 0.05, "p95": 0.095, "p99": 0.099}
    assert found[""]["latency"]["p50"] == 0.0
    assert tally.by_second[3] == {"answered": 10, "error": 1}
