"""Long-term memory: are facts found by questions in other words and languages, and how long does it take?"""

import asyncio
import json
import math
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import _memory_facts as facts
from benchmarks._report import write
from bot.adapters.store.records import SqliteRecords
from bot.adapters.vectors.embedded import EmbeddedVectors, LocalEmbedder
from bot.adapters.vectors.process import WorkerProcess
from bot.chat.recall.consents import CONSENT, Consents
from bot.chat.recall.extract import Told
from bot.chat.recall.index import owner, spoken
from bot.chat.recall.service import MOST, LongTerm
from bot.chat.recall.store import FACTS, FactStore, Kept
from bot.chat.recall.words import hashed, tag
from bot.core.chat import Scope
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.core.memory import Fact
from bot.core.stores import Embedder, Hit, Point, Vectors
from bot.sdk.testing import DictRecords

SIZES = (1_000, 10_000, 100_000)
EACH = 200
"""Facts of one member, where they are spread."""
QUESTIONS = 200
WARM = 5
"""Questions of each run that only warm up."""
TARGET = 50.0
NOW = datetime(2026, 6, 1, tzinfo=UTC)
GUILD, HALL, SHADE = GuildId("guild"), ChannelId("hall"), "bench"


class Ready:
    """Embeddings made beforehand, so that the search is measured apart."""

    name, size = "ready", 384

    def __init__(self, made: Mapping[str, tuple[float, ...]]) -> None:
        self._made = made

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Sequence[tuple[float, ...]]:  # noqa: ARG002
        """What was made before."""
        return [self._made[text] for text in texts]

    async def close(self) -> None:
        """Nothing to do."""


class MeaningOnly:
    """The same store without its search by words."""

    def __init__(self, inner: Vectors) -> None:
        self._inner = inner

    async def search(
        self, vector: Sequence[float], text: str, where: Mapping[str, str], most: int = 10
    ) -> Sequence[Hit]:
        """By vector, or nothing."""
        return await self._inner.search(vector, text[:0], where, most) if len(vector) else []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@dataclass(frozen=True, slots=True)
class World:
    """One size: rows, vectors, and questions with their answers."""

    records: SqliteRecords
    vectors: EmbeddedVectors
    cases: list[tuple[Scope, str, str]]
    points: list[Point]


def main(argv: list[str]) -> None:
    """Measure, print, write to docs/benchmarks.md. Arguments: sizes (default 1000 10000 100000)."""
    body = asyncio.run(measure([int(one) for one in argv] or list(SIZES)))
    print(body)
    write("memory", body)


async def measure(sizes: Sequence[int]) -> str:
    """All sizes and both layouts, as text."""
    worker = WorkerProcess()
    embedder = LocalEmbedder(WorkerProcess())
    members = [facts.member(number, EACH) for number in range(max(1, max(sizes) // EACH))]
    texts = sorted({said(one) for member in members for one in member.facts})
    print(f"embedding {len(texts)} distinct facts", file=sys.stderr)
    passages = dict(zip(texts, await embedder.embed(texts), strict=True))
    asked = sorted({case.question for case in facts.cases(members, 10**9)})
    took: list[float] = []
    queries = {}
    for question in asked:
        queries[question] = await timed(partial(embedder.embed, [question], query=True), took)
    rows = []
    for size in sizes:
        for alone in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                world = await build(Path(folder), worker, members, passages, size, alone=alone)
                rows += await table(world, embedder, {q: v[0] for q, v in queries.items()}, label(size, alone=alone))
                world.records.close()
                await worker.close()
    await embedder.close()
    p95 = {name_: times[-1] for name_, *times in rows}
    spread, single = (p95[f"{label(max(sizes), alone=alone)}, hybrid"] for alone in (False, True))
    said_ = ("met" if spread < TARGET else "not met", "met" if single < TARGET else "not met")
    return report(
        rows, took, len(texts), f"{said_[0]} over members; {said_[1]} for one member, whom a cap of {MOST} keeps"
    )


async def build(
    folder: Path,
    worker: WorkerProcess,
    members: list[facts.Member],
    passages: Mapping[str, tuple[float, ...]],
    size: int,
    *,
    alone: bool,
) -> World:
    """Rows and vectors. `alone`: one member holds all; the crowd beside the asked facts has real vectors, shaken."""
    count = max(1, size // EACH)
    some = members[:1] if alone else members[:count]
    kept: list[Kept] = []
    vectors: list[tuple[float, ...]] = []
    for number, one in enumerate(some):
        for place, told in enumerate(one.facts):
            kept.append(fact(number, place, told))
            vectors.append(passages[said(told)])
    if alone:
        for place, (told, vector) in enumerate(crowd(members[0], passages, size - len(kept)), start=len(kept)):
            kept.append(fact(0, place, told))
            vectors.append(vector)
    records = fill(folder / "records.db", kept)
    store = EmbeddedVectors(folder / "vectors", worker)
    points = [
        Point(one.fact.id, vector, hashed(f"{one.fact.text} {one.words}", SHADE), payload(one))
        for one, vector in zip(kept, vectors, strict=True)
    ]
    for at in range(0, len(points), 2000):
        await store.put(points[at : at + 2000])
    cases = [(scope(one.owner), one.question, name(one.owner, one.fact)) for one in facts.cases(some, QUESTIONS)]
    return World(records, store, cases, points)


def crowd(
    member: facts.Member, passages: Mapping[str, tuple[float, ...]], count: int
) -> list[tuple[Told, tuple[float, ...]]]:
    """Facts that answer no question: the fillers' vectors with a tenth of noise, and words of their own."""
    import numpy as np

    draw: Any = np.random.default_rng(3)
    fillers = [one for place, one in enumerate(member.facts) if place not in {at for at, _ in member.asked}]
    base = np.array([passages[said(one)] for one in fillers], dtype=np.float32)
    found = []
    for number in range(count):
        told = fillers[number % len(fillers)]
        noise = draw.standard_normal(base.shape[1]).astype(np.float32)
        shaken = base[number % len(fillers)] + 0.1 * noise / np.linalg.norm(noise)
        shaken /= np.linalg.norm(shaken)
        text = f"{told.text} {number}"
        one = Told(told.topic, text, told.value, told.importance, told.many, told.words)
        found.append((one, tuple(shaken.tolist())))
    return found


def fill(path: Path, kept: Sequence[Kept]) -> SqliteRecords:
    """The rows as `FactStore` writes them, in one transaction: each on its own would take an hour."""
    drawn = DictRecords()
    store = FactStore(drawn)
    for one in kept:
        store.put(one)
        store.indexed([one])
    for user in {one.fact.user for one in kept}:
        Consents(drawn).give(user, SHADE, NOW)
    records = SqliteRecords(path)
    with sqlite3.connect(path) as db:
        for table in (FACTS, CONSENT):
            rows = ((table, key, json.dumps(row)) for key, row in drawn.scan(table))
            db.executemany("INSERT INTO rows VALUES (?, ?, ?)", rows)
    db.close()
    return records


async def table(world: World, embedder: LocalEmbedder, queries: Mapping[str, Any], where: str) -> list[tuple[Any, ...]]:
    """One row per way: name, recall@5, p50 and p95 without embedding, p50 and p95 of the whole recall."""
    rows = []
    ways: tuple[tuple[str, Vectors, bool], ...] = (
        ("words", world.vectors, False),
        ("vectors", MeaningOnly(world.vectors), True),
        ("hybrid", world.vectors, True),
    )
    for way, vectors, meaning in ways:
        apart = await ask(world, vectors, Ready(queries) if meaning else None)
        whole = await ask(world, vectors, embedder) if meaning else apart
        rows.append((f"{where}, {way}", *apart, *whole[1:]))
    rows.append((f"{where}, numpy scan", *brute(world, queries)))
    return rows


async def ask(world: World, vectors: Vectors, embedder: Embedder | None) -> tuple[float, float, float]:
    """The share of questions whose fact was among the five; p50 and p95 in milliseconds."""
    memories = LongTerm(world.records, lambda: NOW, vectors=vectors, embedder=embedder, patience=10)
    took: list[float] = []
    right = 0
    for at, (where, question, answer) in enumerate(world.cases):
        found = await timed(partial(memories.recall, question, where, 5), took if at >= WARM else [])
        right += answer in {one.id for one in found}
        await asyncio.sleep(0.004)  # what is noted of a use is written behind the answer
    return (right / len(world.cases), *quantiles(took))


def brute(world: World, queries: Mapping[str, Any]) -> tuple[float, float, float, float, float]:
    """The baseline: all vectors in memory, one product, the member's own picked out."""
    import numpy as np

    matrix = np.array([one.vector for one in world.points], dtype=np.float32)
    owners = np.array([one.payload["owner"] for one in world.points])
    took, right = [], 0
    for where, question, answer in world.cases:
        mask, query = owner(SHADE, where.user, where.guild), np.array(queries[question], dtype=np.float32)
        began = time.perf_counter()
        scores = np.where(owners == mask, matrix @ query, -2)
        best = np.argpartition(-scores, min(5, len(scores) - 1))[:5]
        took.append((time.perf_counter() - began) * 1000)
        right += answer in {world.points[i].id for i in best}
    p50, p95 = quantiles(took)
    return right / len(world.cases), p50, p95, math.nan, math.nan


async def timed(work: Callable[[], Awaitable[Any]], took: list[float]) -> Any:
    """The result; its milliseconds are noted."""
    began = time.perf_counter()
    found = await work()
    took.append((time.perf_counter() - began) * 1000)
    return found


def report(rows: Sequence[tuple[Any, ...]], embedding: list[float], distinct: int, met: str) -> str:
    """The section of docs/benchmarks.md."""
    p50, p95 = quantiles(embedding)
    lines = [
        f"Statements in four languages ({distinct} distinct facts, made by the product's own patterns), {EACH} a",
        f"member, and {QUESTIONS} questions about them in other words, in English, German, French and Spanish.",
        "`one member`: a single member holds all, the rest of the facts being shaken copies. Rows are in SQLite,",
        "vectors in the embedded store; `whole` is all of `Memories.recall` in milliseconds, `search` the same with",
        f"the question embedded beforehand. Embedding alone: p50 {p50:.1f}, p95 {p95:.1f} ms.",
        f"Target: p95 of the whole < {TARGET:g} ms at the largest size: {met} from this.",
        f"Load of the machine at the end: {os.getloadavg()[0]:.1f}.",
        "",
        "| facts, way | recall@5 | search p50 | p95 | whole p50 | p95 |",
        "|---|---|---|---|---|---|",
    ]
    for name_, share, *times in rows:
        cells = " | ".join("" if math.isnan(one) else f"{one:.1f}" for one in times)
        lines.append(f"| {name_} | {share:.2f} | {cells} |")
    return "\n".join(lines)


def said(told: Told) -> str:
    """As the index embeds it."""
    return spoken(fact(0, 0, told).fact)


def quantiles(took: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    ordered = sorted(took)
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]


def label(size: int, *, alone: bool) -> str:
    return f"{size:,} facts, one member" if alone else f"{size:,} facts"


def name(number: int, place: int) -> str:
    return f"{number}-{place}"


def scope(number: int) -> Scope:
    return Scope(UserId(f"member{number}"), HALL, GUILD, audience="hall")


def payload(one: Kept) -> dict[str, str | int | float | bool]:
    return {"who": tag(SHADE, one.fact.user), "owner": owner(SHADE, one.fact.user, one.fact.guild)}


def fact(number: int, place: int, told: Told) -> Kept:
    at = NOW - timedelta(days=place % 60)
    one = Fact(
        name(number, place), scope(number).user, GUILD, told.text, told.topic, told.importance, at, HALL, MessageId("")
    )
    return Kept(one, told.value, told.words, many=told.many)
