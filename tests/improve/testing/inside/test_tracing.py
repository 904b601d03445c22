"""Whose files are measured, how they are loaded, and to which test their lines are booked."""

import os
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source, module_from_spec, spec_from_file_location
from pathlib import Path
from py_compile import compile as compile_beside
from types import ModuleType

import pytest

from bot.improve.testing.inside import tracing

Load = Callable[[str], ModuleType]
CODE = "def f(x):\n    if x:\n        return 1\n    return 0\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose product's imports are led to a tracer."""
    for name in ("source_to_code", "path_stats"):
        monkeypatch.setattr(SourceFileLoader, name, getattr(SourceFileLoader, name))
    monkeypatch.setattr(tracing, "_active", [])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in (
        "toy/a.py",
        "toy/test_a.py",
        "toy/conftest.py",
        "toy/tests/helper.py",
        "toys/b.py",
        "one.py",
        "two.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CODE)
    job = {"root": str(tmp_path), "coverage": ["toy", "one.py"], "tests": ["toy/tests"], "compiled": ""}
    tracing.install(job)
    return tmp_path


@pytest.fixture
def load(root: Path) -> Load:
    def loads(name: str) -> ModuleType:
        spec = spec_from_file_location("loaded", root / name)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return loads


def told(tracer: tracing.Tracer, tests: list[str]) -> dict[str, tuple[str, dict[str, str]]]:
    found = {}
    tracer.report(lambda row: found.update({row["file"]: (row["executed"], row["by"])}), tests)
    return found


def test_each_line_is_booked_to_the_test_that_ran_it(root: Path, load: Load) -> None:
    tracer = tracing.Tracer(str(root), measured=True)
    module = load("toy/a.py")
    for test, value in (("t::one", 1), ("t::two", 0)):
        tracer.switch(test)
        module.f(value)
        tracer.switch("")
    module.f(1)
    assert told(tracer, ["t::one", "t::never", "t::two"]) == {"toy/a.py": ("1-4", {"0": "2-3", "2": "2,4"})}


@pytest.mark.parametrize("name", ["toy/test_a.py", "toy/conftest.py", "toy/tests/helper.py", "toys/b.py", "two.py"])
def test_tests_and_other_files_are_left_as_they_are(root: Path, load: Load, name: str) -> None:
    tracer = tracing.Tracer(str(root), measured=True)
    load(name).f(1)
    assert told(tracer, []) == {}


def test_a_source_may_be_one_file(root: Path, load: Load) -> None:
    tracer = tracing.Tracer(str(root), measured=True)
    load("one.py")
    assert told(tracer, []) == {"one.py": ("1", {})}


def test_where_nothing_is_measured_code_is_compiled_as_ever(root: Path, load: Load) -> None:
    tracer = tracing.Tracer(str(root), measured=False)
    load("toy/a.py").f(1)
    assert told(tracer, []) == {}


def test_a_file_that_is_loaded_again_goes_on_where_it_was(root: Path, load: Load) -> None:
    tracer = tracing.Tracer(str(root), measured=True)
    load("toy/a.py").f(1)
    tracer.switch("t")
    load("toy/a.py").f(0)
    assert told(tracer, ["t"]) == {"toy/a.py": ("1-4", {"0": "1-2,4"})}


def test_bytecode_beside_a_source_is_neither_believed_nor_missed(root: Path, load: Load) -> None:
    path = root / "toy/a.py"
    seen = path.stat()
    path.write_text(CODE.replace("return 1", "return 7"))
    compile_beside(str(path), doraise=True)
    path.write_text(CODE)
    assert path.stat().st_size == seen.st_size
    stamp = Path(cache_from_source(str(path))).read_bytes()[8:12]
    os.utime(path, (int.from_bytes(stamp, "little"),) * 2)
    assert load("toy/a.py").f(1) == 7, "the forged bytecode is what Python would run"
    tracer = tracing.Tracer(str(root), measured=True)
    assert load("toy/a.py").f(1) == 1
    assert told(tracer, []) == {"toy/a.py": ("1-3", {})}
