"""The base's code is compiled once and lent; what differs by a byte is compiled where it runs."""

import marshal
from pathlib import Path

import pytest

from bot.improve.testing import precompiled
from bot.improve.testing.baseline import baseline
from bot.improve.testing.inside.compiled import LINES, PLAIN, TEST, key
from bot.improve.testing.inside.probes import marked
from bot.improve.testing.precompiled import _keep, place, precompile
from bot.improve.testing.run import Ask, run_tests
from tests.improve.testing.toys import PROFILE, PlainWorkspace, write

CODE = "def f(x):\n    if x:\n        return 1\n    return 0\n"
TESTS = "from toy.a import f\n\n\ndef test_f():\n    assert f(3) == 1\n"
FILES = {"toy/__init__.py": "", "toy/a.py": CODE, "tests/test_f.py": TESTS, "tests/helper.py": "X = 1\n"}


@pytest.fixture(autouse=True)
def few_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompiled, "WORTH", 1)


async def ready(folder: Path, files: dict[str, str]) -> tuple[PlainWorkspace, Path]:
    work = PlainWorkspace(write(folder / "base", files))
    cache = folder / "cache"
    cache.mkdir()
    await precompile(work, PROFILE, cache)
    return work, await place(work, cache)


@pytest.mark.integration
async def test_each_file_is_compiled_as_it_will_be_imported_and_none_is_run(tmp_path: Path) -> None:
    bad = "import pathlib\npathlib.Path('ran').touch()\n"
    work, store = await ready(tmp_path, {**FILES, "toy/bad.py": bad, "toy/broken.py": "def (\n", "pytest.py": bad})
    kinds = [("toy/a.py", PLAIN), ("tests/helper.py", PLAIN), ("toy/bad.py", PLAIN), ("tests/test_f.py", TEST)]
    kinds += [("toy/a.py", LINES), ("toy/bad.py", LINES)]
    there = {path.name for path in store.iterdir()}
    assert there >= {key(kind, (work.path / name).read_bytes()) for name, kind in kinds}
    assert key(LINES, (work.path / "tests/helper.py").read_bytes()) not in there, "nobody asks which of its lines ran"
    assert key(PLAIN, b"def (\n") not in {path.name for path in store.iterdir()}
    assert "@pytest_ar" in marshal.loads((store / key(TEST, TESTS.encode())).read_bytes()).co_names
    assert not (work.path / "ran").exists()
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.name.startswith(".")] == []


@pytest.mark.integration
async def test_lent_code_is_what_runs_and_a_changed_file_is_compiled_anew(tmp_path: Path) -> None:
    work, store = await ready(tmp_path, FILES)
    (store / key(PLAIN, CODE.encode())).write_bytes(marshal.dumps(compile("def f(x): return 2", "", "exec")))
    (store / key(LINES, CODE.encode())).write_bytes(marshal.dumps(tuple(marked(b"def f(x): return 3", ""))))
    ask = {"scratch": tmp_path, "cache": tmp_path / "cache"}
    run = await run_tests(work, PROFILE, Ask(), **ask)
    assert "assert 3 == 1" in run.tests["tests/test_f.py::test_f"].text, "what is measured has code of its own"
    run = await run_tests(work, PROFILE, Ask(coverage=False), **ask)
    told = run.tests["tests/test_f.py::test_f"]
    assert told.outcome == "failed"
    assert "assert 2 == 1" in told.text, "the assertion tells its values"
    assert "tests/test_f.py:5: AssertionError" in told.text, "and the file has its own name"
    head = PlainWorkspace(write(tmp_path / "head", {**FILES, "toy/a.py": CODE + "\n"}))
    run = await run_tests(head, PROFILE, Ask(), **ask)
    assert run.tests["tests/test_f.py::test_f"].outcome == "passed"
    assert run.files["toy/a.py"].lines() >= {1, 2, 3}, "its lines are measured as ever"


@pytest.mark.integration
async def test_only_a_base_is_compiled_ahead(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    work = PlainWorkspace(write(tmp_path / "head", FILES))
    await run_tests(work, PROFILE, Ask(), scratch=tmp_path, cache=cache)
    assert not (await place(work, cache)).exists()
    run = await baseline(work, PROFILE, scratch=tmp_path, cache=cache)
    assert (await place(work, cache)).is_dir()
    assert run.tests["tests/test_f.py::test_f"].good
    runs = work.runs
    await precompile(work, PROFILE, cache)
    assert work.runs == runs, "what is there is not made again"


@pytest.mark.integration
async def test_damaged_code_is_compiled_again(tmp_path: Path) -> None:
    work, store = await ready(tmp_path, FILES)
    for path in store.iterdir():
        path.write_bytes(b"no code")
    run = await run_tests(work, PROFILE, Ask(), scratch=tmp_path, cache=tmp_path / "cache")
    assert run.tests["tests/test_f.py::test_f"].good


def test_only_plain_files_that_were_asked_for_are_taken_over(tmp_path: Path) -> None:
    scratch, store, secret = tmp_path / "scratch", tmp_path / "store", tmp_path / "secret"
    scratch.mkdir()
    secret.write_text("of ours")
    (scratch / "asked").write_bytes(b"code")
    (scratch / "not asked").write_bytes(b"code")
    (scratch / "link").symlink_to(secret)
    (scratch / "second name").hardlink_to(secret)
    (scratch / "folder").mkdir()
    _keep(scratch, store, dict.fromkeys(["asked", "link", "second name", "folder", "never made"]))
    assert [path.name for path in store.iterdir()] == ["asked"]
    assert secret.read_text() == "of ours"
