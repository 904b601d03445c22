"""The command line as a user meets it: help, examples, the README's table."""

import re
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from bot.app.commands import COMMANDS, GROUPS, build
from bot.app.references.commands import leaves

APP = build([])
ROOT: Any = get_command(APP)
LEAVES = {path: leaf for name, one in ROOT.commands.items() for path, leaf in leaves(name, one)}


def test_every_command_of_the_table_is_on_the_command_line_and_the_reverse() -> None:
    assert set(ROOT.commands) == set(COMMANDS)


def test_every_command_is_in_one_group_of_the_help() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(COMMANDS)


@pytest.mark.parametrize("path", LEAVES)
def test_help_ends_well_and_has_an_example(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:  # the runner of the tests below makes all commands anew each time
        ROOT.main([*path.split(), "--help"], prog_name="megawatts")
    assert ended.value.code == 0
    words = " ".join(capsys.readouterr().out.split())
    assert f"Example: megawatts {path}" in words
    assert len(str(LEAVES[path].help).strip()) > len("Example: ")


@pytest.mark.parametrize("path", LEAVES)
def test_every_option_says_what_it_does(path: str) -> None:
    assert [one.name for one in LEAVES[path].params if not getattr(one, "help", None)] == []


def test_the_whole_help_names_every_command_and_no_modules() -> None:
    text = CliRunner().invoke(APP, ["--help"]).output
    assert all(re.search(rf"^  {name} ", text, re.MULTILINE) for name in COMMANDS)
    assert "module" not in text
    assert "megawatts demo" in text


def test_only_the_module_that_is_asked_for_is_loaded() -> None:
    some: Any = get_command(build(["judge", "--help"]))
    assert {COMMANDS[name] for name in getattr(some, "commands", {"judge": some})} == {"judge_cmd"}


def test_the_readme_names_every_command_and_no_other(texts: dict[str, str]) -> None:
    table = texts["README.md"].split("## Commands")[1].split("\n\nEvery command")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    named = {words.removeprefix("megawatts ").split()[0] for row in rows for words in re.findall(r"`([^`]+)`", row)}
    assert named == set(COMMANDS)
