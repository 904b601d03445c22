"""The guides for members, admins and whoever runs the bot: what they name is there."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import bot.extensions
from bot.adapters.discord.prefix import Commands
from bot.app import settings
from bot.app.commands import COMMANDS, build
from bot.app.home import VARIABLE
from bot.app.references.commands import leaves
from bot.app.references.settings import WHAT
from bot.app.road_settings import road
from bot.extensions._steps import STEPS
from bot.policy.guild_settings import GRANTS, KEYS
from bot.policy.permission_names import spoken
from bot.sdk import ToolSpec, discover

GUIDES = (
    "members", "admins", "discord", "models", "stores",
    "github", "argocd", "actions", "monitoring", "reverts", "provenance", "watcher",
)  # fmt: skip
SPECS: tuple[ToolSpec, ...] = tuple(one.spec for one in discover(bot.extensions))
KNOWN = Commands(SPECS)
TERMINAL = frozenset({"up", "down", "fix", "history"})
"""Words of the terminal's own; tests/app/test_chat_cmd.py holds what they do."""
VARIABLES = frozenset({*settings.EVERY_NAME, VARIABLE, *WHAT})
MADE_BY_PEOPLE = frozenset({".github/provenance.keys"})
"""Files that a guide tells to make."""


def guide(texts: dict[str, str], name: str) -> str:
    return texts[f"docs/{name}.md"]


def code(text: str) -> Iterator[str]:
    """What stands between backquotes, and each line of a block."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    yield from (line.partition("#")[0].strip() for block in blocks for line in block.splitlines())
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def spoken_to_the_bot(text: str) -> set[str]:
    """Commands of members, without their sign; `/v1/traces` is none."""
    return {one[1:] for one in code(text) if re.match(r"[!/][a-z]", one) and "/" not in one.split()[0][1:]}


def unknown(said: str) -> str:
    """Why a command is none; '' if it is one."""
    words = said.split()
    group = [spec.command for spec in SPECS if spec.command.startswith(f"{words[0]} ")]
    short = {spec.say[1:].split()[0] for spec in SPECS if " ".join(spec.say[1:].split()[:2]) != spec.command}
    alone = words[0] in short or any(spec.command == words[0] for spec in SPECS)
    if not KNOWN.known(said) and words[0] not in TERMINAL:
        return f"{said}: there is no such command"
    if group and not alone and " ".join(words[:2]) not in group:
        return f"{said}: it is one of {', '.join(group)}"
    return ""


def taken(example: str) -> str:
    """Why the example of a tool is no command: its first word must begin one, not only be an example itself."""
    first = example.split(maxsplit=1)[0]
    roots = {spec.command.split()[-1] for spec in SPECS if spec.command} | {
        spec.command.split()[0] for spec in SPECS if spec.command
    }
    return "" if first in roots else f"{example}: there is no such command"


def routes(texts: dict[str, str]) -> set[str]:
    return set(re.findall(r"\| `(?:GET|POST) /(\w+)`", texts["docs/http.md"]))


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_of_the_bot_is_one(texts: dict[str, str], name: str) -> None:
    said = spoken_to_the_bot(guide(texts, name)) - routes(texts)
    assert [problem for one in sorted(said) if (problem := unknown(one))] == []


def test_a_command_that_is_none_is_seen() -> None:
    assert unknown("nonsense now")
    assert unknown("role praise @Ann"), "the group is there, the command is not"
    assert not unknown("role give @Ann @Helpers")
    assert spoken_to_the_bot("see `!nonsense now` and `/help`, not /this") == {"nonsense now", "help"}


def test_what_tools_give_as_examples_are_commands() -> None:
    assert [problem for spec in SPECS if spec.say[0] == "!" and (problem := taken(spec.say[1:]))] == []


def test_what_help_is_asked_for_is_there(texts: dict[str, str]) -> None:
    asked = {one.split()[1] for name in GUIDES for one in spoken_to_the_bot(guide(texts, name)) if one[:5] == "help "}
    there = {spec.group for spec in SPECS} | {word for spec in SPECS for word in (spec.name, *spec.command.split())}
    assert asked - {"COMMAND"} <= there
    assert asked


@pytest.fixture(scope="module")
def commands() -> dict[str, Any]:
    root: Any = get_command(build([]))
    return {path: leaf for name, one in root.commands.items() for path, leaf in leaves(name, one)}


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_line_is_one(texts: dict[str, str], name: str, commands: dict[str, Any]) -> None:
    for line in code(guide(texts, name)):
        found = re.match(r"(?:\S*/)?megawatts ([a-z-]+)(?: ([a-z-]+))?", line)
        if found is None or (not found[2] and any(path.startswith(f"{found[1]} ") for path in commands)):
            continue
        leaf = commands.get(f"{found[1]} {found[2]}") or commands.get(found[1])
        assert leaf is not None, f"{line}: one of {', '.join(COMMANDS)}"
        there = {option for one in leaf.params for option in one.opts}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", line)) <= there, line


def elsewhere(texts: dict[str, str]) -> set[str]:
    """What workflows are given, and what OpenTelemetry's library reads by itself."""
    flows = "".join(text for path, text in texts.items() if path.startswith(".github/workflows/"))
    found = find_spec("opentelemetry.sdk.environment_variables")
    assert found is not None
    assert found.origin is not None
    traces = re.findall(r"^(OTEL_\w+) =", Path(found.origin).read_text(encoding="utf-8"), re.MULTILINE)
    return {*re.findall(r"\b(?:vars|secrets)\.(\w+)", flows), *traces}


@pytest.mark.parametrize("name", GUIDES)
def test_every_setting_is_one_and_takes_what_is_shown(texts: dict[str, str], name: str) -> None:
    for one in code(guide(texts, name)):
        for variable, value in re.findall(r"\b([A-Z]{2,}(?:_[A-Z0-9]+)+)(?:=(\S+))?", one):
            assert variable in VARIABLES | elsewhere(texts), f"{one}: no setting"
            if value and value != "..." and variable in settings.EVERY_NAME:
                (settings.load({variable: value}), road({variable: value}))


def test_what_a_guild_may_set_is_told_whole(texts: dict[str, str]) -> None:
    table = guide(texts, "admins").split("\n## Settings")[1].split("\n## ")[0]
    rows = [row.split("|")[2] for row in table.split("| for |")[1].splitlines() if row.count("|") == 4]
    named = {key.partition(".")[0] for row in rows for key in re.findall(r"`([a-z_.A-Z]+)`", row)}
    assert named == {*KEYS, GRANTS} - {"paused"}, "paused is set by stop and resume"


def test_examples_of_guild_settings_are_taken(texts: dict[str, str]) -> None:
    said = [one.split(maxsplit=3) for name in GUIDES for one in spoken_to_the_bot(guide(texts, name))]
    examples = [one[2:] for one in said if one[:2] == ["settings", "set"]]
    assert len(examples) >= 5
    for key, value in examples:
        assert key.startswith(f"{GRANTS}.") or KEYS[key].read(re.sub(r"[#@]\w+", "123456789", value)) is not None


def test_the_steps_of_the_first_run_are_told_in_order(texts: dict[str, str]) -> None:
    rows = re.findall(r"^\| (\w+) \| .* \| `(\w+)` \|$", guide(texts, "admins"), re.MULTILINE)
    assert rows == [(one.name, one.key) for one in STEPS]


@pytest.mark.integration  # the invite link is made with discord.py
def test_the_permissions_that_the_link_asks_for_are_told(texts: dict[str, str]) -> None:
    from bot.adapters.discord.invite import needed

    table = guide(texts, "discord").split("| permission | what for |")[1].split("\n\n")[0]
    told = [row.split("|")[1].strip() for row in table.splitlines()[2:]]
    assert sorted(told) == sorted(spoken(frozenset({one})) for one in needed(SPECS))


def test_permissions_of_moderation_are_those_of_the_tools(texts: dict[str, str]) -> None:
    table = guide(texts, "admins").split("| you want to | write | permission |")[1].split("\n\n")[0]
    held = {spec.command: spec.permissions for spec in SPECS}
    rows = [row.strip("|").split("|") for row in table.splitlines()[2:]]
    assert len(rows) >= 10
    for _, examples, permission in rows:
        for one in spoken_to_the_bot(examples):
            words = one.split()
            needed = held.get(" ".join(words[:2])) or held.get(words[0], frozenset())
            assert not needed or permission.strip() in spoken(needed), one


@pytest.mark.parametrize("name", GUIDES)
def test_links_and_paths_resolve(root: Path, texts: dict[str, str], name: str) -> None:
    text = guide(texts, name)
    linked = {one for one in re.findall(r"\]\(([^)#]+)", text) if not one.startswith("http")}
    assert {one for one in linked if not (root / "docs" / one).exists()} == set()
    paths = {one for one in code(text) if re.match(r"(\.github|scripts|docs|bot)/\S+$", one)}
    assert {one for one in paths - MADE_BY_PEOPLE if not (root / one).exists()} == set()


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_is_short_and_says_what_was_tried(texts: dict[str, str], name: str) -> None:
    text = guide(texts, name)
    assert len(text.splitlines()) <= 150
    assert re.search(r"\btried\b", text.split("\n## ")[0])
