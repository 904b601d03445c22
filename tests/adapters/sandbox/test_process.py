"""Starting, reading and ending one process, without a sandbox around it."""

import asyncio
import logging
import os
from pathlib import Path

import pytest

from bot.adapters.sandbox.process import Launch, memory_file, supervise
from bot.adapters.sandbox.unconfined import Unconfined
from bot.core.sandbox import Limits


def shell(script, **more):
    return Launch(["/bin/sh", "-c", script], {"PATH": "/usr/bin:/bin"}, Path("/"), **more)


async def test_it_keeps_both_streams_apart_and_the_code():
    done = await supervise(shell("echo out; echo err >&2; exit 3"), Limits())
    assert (done.out, done.err, done.code, done.ok) == (b"out\n", b"err\n", 3, False)


async def test_large_input_and_output_do_not_block_each_other():
    data = bytes(1 << 20)
    done = await supervise(shell("cat", stdin=data), Limits())
    assert done.out == data


async def test_output_over_the_limit_is_cut_even_if_the_program_ends_well():
    done = await supervise(shell("head -c 3000 /dev/zero; exit 0"), Limits(output_kb=2))
    assert (len(done.out), done.limit, done.ok) == (2048, "output", False)


async def test_time_ends_the_group():
    done = await supervise(shell("sleep 60 & sleep 60"), Limits(seconds=0.05))
    assert (done.timed_out, done.limit, done.code) == (True, "seconds", None)


@pytest.mark.parametrize(("code", "limit"), [(128 + 24, "cpu"), (128 + 25, "file"), (1, "")])
async def test_the_kernels_signals_name_the_limit(code, limit):
    assert (await supervise(shell(f"exit {code}"), Limits())).limit == limit


@pytest.mark.slow
async def test_what_the_watch_finds_ends_the_run():
    done = await supervise(shell("sleep 60", watch=lambda: "memory"), Limits())
    assert (done.limit, done.ok) == ("memory", False)


async def test_a_limit_found_only_at_the_end_still_counts():
    done = await supervise(shell("exit 0", watch=lambda: "processes"), Limits())
    assert (done.code, done.limit, done.ok) == (0, "processes", False)


async def test_cancelling_ends_it_and_waits_until_what_is_left_is_gone():
    steps = []

    async def ended():
        steps.append("ended")

    started = asyncio.Event()

    async def ready(_pid):
        started.set()

    task = asyncio.create_task(supervise(shell("sleep 60", started=ready, ended=ended), Limits()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == ["ended"]


async def test_an_error_while_arming_ends_the_program():
    async def fail(_pid):
        raise OSError("no group")

    with pytest.raises(OSError, match="no group"):
        await supervise(shell("sleep 60", started=fail), Limits())


async def test_a_missing_program_leaves_no_handles():
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(FileNotFoundError):
        await supervise(Launch(["/no/such"], {}, Path("/")), Limits())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_memory_file_starts_at_its_beginning():
    handle = memory_file(b"abc")
    assert os.read(handle, 10) == b"abc"
    os.close(handle)


async def test_the_unconfined_one_says_so_and_still_hides_the_environment(tmp_path, caplog, monkeypatch):
    monkeypatch.setenv("TOKEN", "honeytoken")
    with caplog.at_level(logging.WARNING):
        box = Unconfined(["because"])
        done = await box.run(["/usr/bin/env"], root=tmp_path, env={"A": "1"})
    assert b"A=1" in done.out
    assert b"honeytoken" not in done.out
    assert "because" in box.notes
    assert "all of your own rights" in caplog.text
