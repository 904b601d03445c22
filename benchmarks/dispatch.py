"""Messages a second from the gateway's frame to "not addressed to me", beside bare discord.py; and to the answer."""

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks._report import ROOT, write

N, ROUNDS = 20_000, 20
ADDRESSED, TOGETHER = 4_000, 16
TAIL = 0.08
"""Seconds after a round in which what was overheard last is remembered: the cost is its own contender's."""
RATIO, PER_SECOND, P95, MEGABYTES = 0.7, 1_000, 20.0, 100.0
TALK = "so I said to him, this is just people talking about lunch and the weather"


@dataclass
class Contender:
    """One client that is fed; processor seconds by round."""

    name: str
    socket: Any
    spent: list[float] = field(default_factory=list)


async def feed(contender: Contender, frames: list[str]) -> None:
    """One round: after every frame the loop turns once, as it does between two frames of a socket."""
    began = time.process_time()
    receive = contender.socket.received_message
    for frame in frames:
        await receive(frame)
        await asyncio.sleep(0)
    await asyncio.sleep(TAIL)
    contender.spent.append(time.process_time() - began)


async def ours(listener: Any) -> Any:
    """The adapter around a pipeline, with settings of guilds as in the product."""
    from benchmarks._dispatch_frames import connected
    from bot.adapters.discord.gateway import Gateway, Options
    from bot.chat.guild_book import RecordsGuildBook
    from bot.sdk.testing import DictRecords

    records = DictRecords()
    book = RecordsGuildBook(records, None, time.monotonic)
    specs = listener_specs()
    gateway = Gateway(listener, book, records, specs, options=Options(), seen=lambda **_: None)
    await gateway.client._async_setup_hook()
    socket = connected(gateway.client)
    gateway._connected()
    return gateway, socket


def listener_specs() -> Any:
    """Every tool there is: the prefix is looked up among them."""
    import bot.extensions
    from bot.sdk import discover

    return [one.spec for one in discover(bot.extensions)]


def pipeline() -> Any:
    """The product's pipeline, offline, with records in memory and settings of guilds."""
    from bot.app.bot_wiring import World, assemble
    from bot.chat.guild_book import RecordsGuildBook
    from bot.sdk.host import Doors
    from bot.sdk.testing import DictRecords

    records = DictRecords()
    doors = Doors(book=RecordsGuildBook(records, None, time.monotonic))
    return assemble(World(records=records, rate_limits=False, clock=lambda: datetime.now(UTC), doors=doors)).service


class Deaf:
    """A pipeline that remembers nothing and answers at once: what is left is the adapter."""

    async def overhear(self, message: Any) -> None:
        """Nothing is kept."""

    async def answer(self, _message: Any, _sink: Any) -> Any:
        """Always the same."""
        from bot.core.chat import Answer, Outcome

        return Answer("a" * 32, "Hello there.", "greeting", Outcome.ANSWERED)


async def contenders() -> list[Contender]:
    """Bare discord.py, commands.Bot, the adapter alone, the adapter with the pipeline."""
    import discord
    from discord.ext import commands

    from benchmarks._dispatch_frames import connected

    intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)

    class Bare(discord.Client):
        async def on_message(self, message: discord.Message) -> None:
            """One listener."""

    bare, bot = Bare(intents=intents), commands.Bot("!", intents=intents)
    for client in (bare, bot):
        await client._async_setup_hook()
    return [
        Contender("bare discord.py, one listener", connected(bare)),
        Contender("commands.Bot", connected(bot)),
        Contender("Megawatts, adapter", (await ours(Deaf()))[1]),
        Contender("Megawatts, adapter and memory of what is overheard", (await ours(pipeline()))[1]),
    ]


async def unaddressed() -> list[Contender]:
    """All of them in turns, in an order that rotates."""
    from benchmarks._dispatch_frames import frames

    all_of_them = await contenders()
    each = N // ROUNDS
    for one in all_of_them:
        await feed(one, frames(each, TALK, 1 << 40))
        one.spent.clear()
    gc.collect()
    gc.freeze()  # what belongs to one of them must not cost the others
    for number in range(ROUNDS):
        sent = frames(each, TALK, (number + 2) << 40)
        for turn in range(len(all_of_them)):
            await feed(all_of_them[(number + turn) % len(all_of_them)], sent)
    return all_of_them


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers a second of processor time, and milliseconds of one alone."""

    per_second: float
    median: float
    p95: float
    adapter: float = 0.0
    """Answers a second with a pipeline that costs nothing."""


async def addressed(listener: Any) -> Answered:
    """Mentions through a pipeline to the request that would go to Discord, which answers at once."""
    from benchmarks._dispatch_frames import CHANNEL, ME, _message, frames

    gateway, socket = await ours(listener)
    done = asyncio.Semaphore(0)

    async def request(_route: Any, **_rest: Any) -> Any:
        done.release()
        return {**_message(1, 1, "Hello."), "channel_id": str(CHANNEL)}

    gateway.client.http.request = request
    sent = frames(ADDRESSED, f"<@{ME}> hello there", 1 << 50)
    for frame in sent[:200]:
        await socket.received_message(frame)
        await done.acquire()
    took = [await _one(socket, frame, done) for frame in sent[200 : ADDRESSED // 2]]
    began = time.process_time()
    rest = sent[ADDRESSED // 2 :]
    for at in range(0, len(rest), TOGETHER):
        for frame in rest[at : at + TOGETHER]:
            await socket.received_message(frame)
        for _ in rest[at : at + TOGETHER]:
            await done.acquire()
    spent = time.process_time() - began
    took.sort()
    return Answered(len(rest) / spent, took[len(took) // 2], took[int(len(took) * 0.95)])


async def _one(socket: Any, frame: str, done: asyncio.Semaphore) -> float:
    began = time.perf_counter()
    await socket.received_message(frame)
    await done.acquire()
    return (time.perf_counter() - began) * 1000


def resident() -> float:
    """Megabytes of this process."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


async def memory() -> None:
    """In a process of its own: before discord.py, with it, with a thousand guilds in its cache; one line of JSON."""
    from bot.app import bot_process

    service, start = pipeline(), resident()
    from benchmarks._dispatch_frames import connected
    from bot.adapters.discord.gateway import Gateway, Options
    from bot.chat.guild_book import RecordsGuildBook
    from bot.sdk.testing import DictRecords

    records = DictRecords()
    book = RecordsGuildBook(records, None, time.monotonic)
    options = Options(members=True)
    gateway = Gateway(service, book, records, listener_specs(), options=options, seen=lambda **_: None)
    await gateway.client._async_setup_hook()
    imported = resident()
    connected(gateway.client, [(5000 + number) << 22 for number in range(1000)])
    people = sum(len(one.members) for one in gateway.client.guilds)
    row = {"start": start, "imported": imported, "full": resident(), "guilds": len(gateway.client.guilds)}
    print(json.dumps({**row, "members": people, "module": bot_process.__name__}))


def measured(argument: str) -> Any:
    """Run a part in a process of its own."""
    argv = [sys.executable, "-m", "benchmarks", "dispatch", argument]
    return json.loads(
        subprocess.run(argv, cwd=ROOT, capture_output=True, check=True, text=True).stdout.splitlines()[-1]
    )


def spread(values: list[float]) -> str:
    """Median, and the middle half."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def body(all_of_them: list[Contender], answered: Answered, room: dict[str, Any]) -> str:
    """The section of the page."""
    bare, each = all_of_them[0], N // ROUNDS
    rows = []
    for one in all_of_them:
        rate = each / statistics.median(one.spent)
        ratios = [there / here for there, here in zip(bare.spent, one.spent, strict=True)]
        rows.append(f"| {one.name} | {rate:,.0f} | {spread(ratios)} |")
    alone, whole = (
        statistics.median(a / b for a, b in zip(bare.spent, one.spent, strict=True)) for one in all_of_them[2:]
    )
    parsed, heard, kept = (statistics.median(all_of_them[number].spent) / each * 1e6 for number in (0, 2, 3))
    remembered = kept - heard
    more = room["full"] - room["imported"]
    met: Callable[[bool], str] = lambda well: "met" if well else "not met"  # noqa: E731
    return "\n".join(
        [
            f"N = {N:,} messages that are not for the bot, as JSON frames through discord.py's parser, in {ROUNDS}",
            f"rounds by turns; processor time of one core, load {os.getloadavg()[0]:.1f}.",
            "Ratio to bare discord.py by round: median (middle half).",
            f'Target >= {RATIO}: up to "not addressed to me" {met(alone >= RATIO)} ({alone:.2f}); where what was',
            "overheard is then remembered as well (redacted, put into window and summary, its temper taken)",
            f"{met(whole >= RATIO)} ({whole:.2f}): that costs {remembered:.0f} µs a line beside the {parsed:.0f} µs in",
            "which discord.py parses it, and is done in batches behind. Where a server keeps nothing and moderation is",
            "off, it is left out. The adapter makes no task for such a message and keeps no cache of messages, which",
            "is why it can be above 1.",
            "",
            "| | messages a second | ratio |",
            "|---|---|---|",
            *rows,
            "",
            "Addressed messages with the offline responder, to the request that would go to Discord:",
            f"{answered.per_second:,.0f} a second of one core, {answered.adapter:,.0f} if the pipeline cost nothing",
            f"(target >= {PER_SECOND:,}: {met(answered.per_second >= PER_SECOND)}); one alone takes",
            f"{answered.median:.2f} ms, p95 {answered.p95:.2f} ms (target < {P95:g} ms: {met(answered.p95 < P95)}).",
            "",
            f"Memory: the pipeline {room['start']:.0f} MB, with discord.py {room['imported']:.0f} MB, with",
            f"{room['guilds']:,} guilds and {room['members']:,} members in the cache (Server Members intent on)",
            f"{room['full']:.0f} MB: {more:.0f} MB more (target < {MEGABYTES:g} MB: {met(more < MEGABYTES)}).",
        ]
    )


def main(argv: list[str]) -> None:
    """Measure, print, write to docs/benchmarks.md. `--memory` and `--addressed` are parts that run on their own."""
    warnings.simplefilter("ignore", DeprecationWarning)
    if argv == ["--memory"]:
        asyncio.run(memory())
        return
    if argv == ["--addressed"]:
        found, alone = asyncio.run(addressed(pipeline())), asyncio.run(addressed(Deaf()))
        print(json.dumps([found.per_second, found.median, found.p95, alone.per_second]))
        return
    all_of_them = asyncio.run(unaddressed())
    text = body(all_of_them, Answered(*measured("--addressed")), measured("--memory"))
    print(text)
    if argv != ["--dry"]:
        write("dispatch", text)
