"""The part of the lock that an image is made from."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app.lock_subset import main, subset
from bot.core.errors import Misconfigured

ROOT = Path(__file__).parents[2]
HASHES = "".join(f" \\\n    --hash=sha256:{digit * 64}" for digit in "0a")
LOCK = "".join(
    f"{pin}{HASHES}\n" for pin in ("aiohttp==3.14.5", "discord-py==2.7.1 ; sys_platform != 'x'", "yarl==1.22.0")
)


def wanted(*names: str) -> str:
    return subset(LOCK, names)


def names_of(lock: str) -> set[str]:
    return {line.split("==")[0].lower() for line in lock.splitlines() if "==" in line and not line.startswith(" ")}


def test_a_part_of_the_lock_is_its_own_lines_in_its_own_order() -> None:
    found = wanted("# words", "", "yarl", "aiohttp==3.14.5", "    --hash=sha256:00")
    assert found.startswith("aiohttp==")
    assert "yarl==" in found
    assert set(found.splitlines()) <= set(LOCK.splitlines())
    assert found.count("--hash=sha256:") == 4
    assert names_of(found) == {"aiohttp", "yarl"}
    assert wanted("Discord.PY") == wanted("discord_py") == wanted("discord-py")


@pytest.mark.parametrize(("name", "says"), [
    ("nothing-of-that-name", "not in the lock"),
    ("aiohttp==0.0.1", "the lock has 3.14.5"),
    ("!!", "is no requirement"),
    ("", "no requirement was named"),
    ("# only words", "no requirement was named"),
])  # fmt: skip
def test_what_the_lock_does_not_hold_is_refused(name: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        wanted(name)


def test_an_entry_without_a_hash_is_refused() -> None:
    with pytest.raises(Misconfigured, match="b has no hash"):
        subset("a==1 \\\n    --hash=sha256:00\nb==2\n", ["a", "b"])


def test_an_entry_that_stands_twice_by_marker_keeps_both() -> None:
    first = "a==1 ; python_version < '3.12' \\\n    --hash=sha256:00\n"
    twice = first + first.replace("1 ;", "2 ;").replace("<", ">=")
    assert subset(twice, ["a"]) == twice


def test_the_program_prints_the_part_or_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock, names = tmp_path / "lock", tmp_path / "names"
    lock.write_text("a==1 \\\n    --hash=sha256:00\n")
    names.write_text("a\n")
    assert main([str(lock), str(names)]) == 0
    assert capsys.readouterr().out == lock.read_text()
    names.write_text("b\n")
    assert main([str(lock), str(names)]) == main([str(tmp_path / "gone"), str(names)]) == main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 3
    assert "b is not in the lock" in captured.err


def test_the_builder_can_run_it_before_anything_is_installed() -> None:
    """Only the standard library: the stage that asks has no package yet."""
    code = (
        "import sys, bot.app.lock_subset; print({m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names)"
    )
    found = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(ast.literal_eval(found.stdout)) - {"__main__"} == {"bot"}
