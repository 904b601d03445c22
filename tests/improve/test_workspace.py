"""A checkout holds one tree and nothing else, and runs programs through its sandbox."""

import sys
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import Sha, Tree
from bot.core.sandbox import Finished, Limits
from bot.improve.workspace import Checkout, overlay

SHA = Sha("a" * 40)


class FakeRepo:
    """Materialises a dictionary; a value that starts with `->` is a link."""

    def __init__(self, files):
        self.files = files

    def materialise(self, _sha, into, _shelf=None):
        for path, text in self.files.items():
            target = into / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if text.startswith("->"):
                target.symlink_to(text[2:])
            else:
                target.write_text(text)
                target.chmod(0o600)

    def tree(self, _sha):
        return Tree("b" * 40)


class FakeSandbox:
    name = "fake"

    def __init__(self):
        self.calls = []

    async def run(self, argv, **more):
        self.calls.append((list(argv), more))
        return Finished(0, b"", b"", 0.0)


@pytest.fixture
def make(tmp_path):
    async def build(files, sandbox=None, python=Path("/usr/bin/python3")):
        return await Checkout.make(FakeRepo(files), SHA, tmp_path / "work", sandbox or FakeSandbox(), python)

    return build


async def test_it_knows_what_it_holds(make):
    work = await make({"a.py": "x = 1\n"})
    assert (work.sha, work.tree) == (SHA, "b" * 40)
    assert (work.path / "a.py").read_text() == "x = 1\n"


async def test_the_sandbox_user_can_read_all_of_it(make):
    work = await make({"d/a.py": "x"})
    assert (work.path / "d").stat().st_mode & 0o777 == 0o755
    assert (work.path / "d/a.py").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("target", ["/etc/passwd", "../secret", "d/../../secret", "door/../../x"])
async def test_links_out_of_the_tree_are_refused_by_name(make, target):
    with pytest.raises(Denied, match="sneaky"):
        await make({"d/a.py": "x", "sneaky": f"->{target}"})


async def test_links_within_the_tree_stay(make):
    work = await make({"d/a.py": "x", "same.py": "->d/a.py", "d/up": "->../same.py"})
    assert (work.path / "d/up").read_text() == "x"


async def test_a_git_folder_in_the_tree_is_refused(make):
    with pytest.raises(Denied, match=r"\.git"):
        await make({".git/config": "[remote]"})


async def test_a_folder_in_use_is_refused(make, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work/left").touch()
    with pytest.raises(Misconfigured, match="not empty"):
        await make({"a.py": "x"})


async def test_programs_run_in_the_tree_with_a_steady_environment(make, tmp_path):
    box = FakeSandbox()
    work = await make({"a.py": "x"}, box)
    limits = Limits(seconds=3)
    await work.run(["{python}", "-c", "x={python}"], writable=[tmp_path], env={"A": "1"}, stdin=b"in", limits=limits)
    (argv, more), *rest = box.calls
    assert not rest
    assert argv == ["/usr/bin/python3", "-c", "x=/usr/bin/python3"]
    assert (more["root"], more["writable"], more["stdin"], more["limits"]) == (work.path, [tmp_path], b"in", limits)
    assert more["env"].items() >= {"A": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}.items()


async def test_the_callers_environment_wins_over_the_steady_one(make):
    box = FakeSandbox()
    await (await make({}, box)).run(["x"], env={"PYTHONHASHSEED": "7"})
    assert box.calls[0][1]["env"]["PYTHONHASHSEED"] == "7"


async def test_a_virtual_environment_and_its_base_are_readable(make, tmp_path):
    base, venv = tmp_path / "base", tmp_path / "venv"
    (base / "bin").mkdir(parents=True)
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text(f"home = {base}/bin\nversion = 3.11\n")
    box = FakeSandbox()
    await (await make({}, box, venv / "bin/python")).run(["{python}"])
    assert set(box.calls[0][1]["readable"]) == {venv, base}


async def test_an_overlay_changes_the_copy_only(make, tmp_path):
    work = await make({"a.py": "old", "gone.py": "x", "kept.py": "k"})
    files = {PurePosixPath("a.py"): b"new", PurePosixPath("gone.py"): None, PurePosixPath("n/m.py"): b"made"}
    trial = await overlay(work, files, tmp_path / "trial")
    assert {p.relative_to(trial.path).as_posix(): p.read_text() for p in trial.path.rglob("*.py")} == {
        "a.py": "new",
        "kept.py": "k",
        "n/m.py": "made",
    }
    assert sorted(p.name for p in work.path.iterdir()) == ["a.py", "gone.py", "kept.py"]
    assert (work.path / "a.py").read_text() == "old"
    assert (trial.sha, trial.tree) == (work.sha, work.tree)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "d/../../x", "."])
async def test_an_overlay_stays_in_the_tree(make, tmp_path, path):
    with pytest.raises(Denied, match="not a path inside"):
        await overlay(await make({"a.py": "x"}), {PurePosixPath(path): b"x"}, tmp_path / "trial")


async def test_an_overlay_does_not_write_through_links(make, tmp_path):
    work = await make({"d/a.py": "old", "door": "->d", "same.py": "->d/a.py"})
    with pytest.raises(Denied, match="through the link door"):
        await overlay(work, {PurePosixPath("door/a.py"): b"new"}, tmp_path / "one")
    trial = await overlay(work, {PurePosixPath("same.py"): b"new"}, tmp_path / "two")
    assert (trial.path / "d/a.py").read_text() == "old"
    assert (trial.path / "same.py").read_text() == "new"


@pytest.mark.sandbox
async def test_tools_work_in_the_real_sandbox(make, tmp_path):
    """The test runner, asyncio, processes and their locks: what validation needs."""
    try:
        box = Bubblewrap()
    except (Misconfigured, Unavailable) as error:
        pytest.skip(f"no bubblewrap here: {error}")
    suite = """
import asyncio, multiprocessing, subprocess, sys

def double(n):
    return 2 * n

def test_processes():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(double, [1, 2]) == [2, 4]

def test_servers(tmp_path):
    async def main():
        server = await asyncio.start_server(lambda r, w: w.close(), "localhost", 0)
        await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(1)", stdout=-1)
        return (await process.communicate())[0]
    assert asyncio.run(main()) == b"1\\n"

def test_scratch(tmp_path):
    (tmp_path / "f").write_text("x")
"""
    work = await make({"test_it.py": suite}, box, Path(sys.executable))
    argv = ["{python}", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = await work.run(argv, env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, limits=Limits(seconds=60))
    assert done.ok, done.out.decode() + done.err.decode()
    assert b"3 passed" in done.out
    assert sorted(p.name for p in work.path.iterdir()) == ["test_it.py"]
