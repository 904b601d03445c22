"""Control groups of both versions, on folders that look like the kernel's."""

import os

import pytest

from bot.adapters.sandbox import cgroup
from bot.core.sandbox import Limits


def second(mount, *, enabled="cpu memory pids", own="/a/b"):
    folder = mount / own.strip("/")
    folder.mkdir(parents=True)
    (mount / "cgroup.controllers").write_text("cpu memory pids\n")
    (folder.parent / "cgroup.subtree_control").write_text(enabled)
    (folder.parent / "cgroup.procs").write_text("")
    table = mount / "table"
    table.write_text(f"0::{own}\n")
    return table


def test_version_two_is_found_at_the_nearest_parent_that_passes_controllers_on(tmp_path):
    place = cgroup.find_place(tmp_path, second(tmp_path))
    assert place == cgroup.Place(2, (("", tmp_path / "a"),))
    assert cgroup.lacking(place) == ()
    assert not list((tmp_path / "a").glob("megawatts-*"))


def test_version_two_without_memory_is_no_place(tmp_path):
    place = cgroup.find_place(tmp_path, second(tmp_path, enabled="cpu"))
    assert place is None
    assert len(cgroup.lacking(place)) == 3


def test_version_one_takes_what_it_can_and_says_what_is_missing(tmp_path):
    (tmp_path / "memory/own").mkdir(parents=True)
    table = tmp_path / "table"
    table.write_text("4:memory:/own\n8:pids:/\n")
    place = cgroup.find_place(tmp_path, table)
    assert place == cgroup.Place(1, (("memory", tmp_path / "memory/own"),))
    assert [note.split()[1] for note in cgroup.lacking(place)] == ["pids", "cpuacct"]


def test_no_table_no_place(tmp_path):
    assert cgroup.find_place(tmp_path, tmp_path / "none") is None


@pytest.fixture
def group(tmp_path):
    (tmp_path / "a").mkdir()
    return cgroup.Group(cgroup.Place(2, (("", tmp_path / "a"),)), Limits(memory_mb=64, processes=9, cpu_seconds=2))


def folder(group):
    return group.folders[""]


def test_bounds_are_written(group):
    assert (folder(group) / "memory.max").read_text() == str(64 << 20)
    assert (folder(group) / "pids.max").read_text() == "9"


def test_a_process_is_moved_in(group):
    group.add(123)
    assert (folder(group) / "cgroup.procs").read_text() == "123"


@pytest.mark.parametrize(
    ("file", "text", "limit"),
    [
        ("memory.events", "low 0\noom 3\noom_kill 0\n", ""),
        ("memory.events", "oom_kill 1\n", "memory"),
        ("pids.events", "max 0\n", ""),
        ("pids.events", "max 2\n", "processes"),
        ("cpu.stat", "usage_usec 1999999\n", ""),
        ("cpu.stat", "usage_usec 2000001\nuser_usec 1\n", "cpu"),
        ("cpu.stat", "nonsense", ""),
    ],
)
def test_the_limit_that_was_reached_is_named(group, file, text, limit):
    (folder(group) / file).write_text(text)
    assert group.reached() == limit


def test_version_one_reads_its_own_files(tmp_path):
    parents = [(name, tmp_path / name) for name in ("memory", "pids", "cpuacct")]
    for _, parent in parents:
        parent.mkdir()
    group = cgroup.Group(cgroup.Place(1, tuple(parents)), Limits(cpu_seconds=2))
    assert group.reached() == ""
    (group.folders["cpuacct"] / "cpuacct.usage").write_text(str(3 * 10**9))
    assert (group.cpu_seconds(), group.reached()) == (3.0, "cpu")
    (group.folders["memory"] / "memory.oom_control").write_text("oom_kill_disable 0\noom_kill 1\n")
    assert group.reached() == "memory"


def test_groups_of_killed_launchers_are_tidied_and_those_of_the_living_stay(tmp_path):
    table = second(tmp_path)
    for owner in (2**22 + 1, os.getpid()):
        (tmp_path / f"a/megawatts-{owner}-0").mkdir()
    cgroup.find_place(tmp_path, table)
    assert [p.name for p in (tmp_path / "a").glob("megawatts-*")] == [f"megawatts-{os.getpid()}-0"]
