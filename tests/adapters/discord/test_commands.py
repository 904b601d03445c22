"""Slash commands for Discord, made of tools, and told only when they changed."""

import json
from typing import Any

import pytest

import bot.extensions
from bot.adapters.discord.commands import LOCALES, bits, payloads
from bot.adapters.discord.prefix import ASK, Commands
from bot.adapters.discord.sync import TABLE, digest, sync
from bot.adapters.discord.words import Words, english
from bot.chat.texts import load
from bot.core.errors import Misconfigured, Unavailable
from bot.sdk import Host, Result, ToolSpec, discover, tool
from bot.sdk.testing import DictRecords
from tests.adapters.discord import schema
from tests.adapters.discord.house import spec
from tests.adapters.discord.test_interactions import forget

pytestmark = pytest.mark.integration


def made(*specs: ToolSpec, words: Words | None = None) -> dict[str, Any]:
    return {one["name"]: one for one in payloads(specs, words or Words())}


def test_a_tool_is_a_command_with_its_options() -> None:
    group = made(forget.spec)["memory"]
    [command] = group["options"]
    assert (group["type"], command["type"], command["name"]) == (1, 1, "forget")
    topic, how, most, who = command["options"]
    assert (topic["name"], topic["type"], topic["required"], topic["autocomplete"]) == ("topic", 3, True, True)
    assert topic["description"] == "what about"
    assert how["choices"] == [{"name": "all", "value": "all"}, {"name": "one", "value": "one"}]
    assert "autocomplete" not in how
    assert (most["type"], most["required"]) == (4, False)
    assert who["type"] == 6


def test_three_words_are_a_group_in_a_group() -> None:
    group = made(spec("server role add"), spec("server info"))["server"]
    assert [(one["name"], one["type"]) for one in group["options"]] == [("info", 1), ("role", 2)]
    assert group["options"][1]["options"][0]["name"] == "add"


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        (["memory", "memory show"], "/memory is a command and the first word of others"),
        (["a b c d"], "too many words"),
        (["Memory"], "no name for a command"),
        ([f"group c{n}" for n in range(26)], "26 commands below it"),
        ([f"c{n}" for n in range(101)], "101 commands"),
    ],
)
def test_what_discord_refuses_is_refused_here(commands: list[str], message: str) -> None:
    with pytest.raises(Misconfigured, match=message):
        payloads([spec(one) for one in commands], Words())


def test_permissions_hide_a_command_and_guild_tools_are_for_guilds() -> None:
    ban, kick = (
        spec("mod ban", permissions=("ban_members", "manage_roles")),
        spec("mod kick", permissions=("ban_members",)),
    )
    group = made(ban, kick, spec("status"))
    assert group["mod"]["default_member_permissions"] == str(bits(frozenset({"ban_members"})))
    assert group["mod"]["contexts"] == [0]
    assert group["status"]["contexts"] == [0, 1]
    assert "default_member_permissions" not in group["status"]


def test_texts_in_other_languages_are_told_where_discord_takes_them() -> None:
    def texts(key: str, locale: str, /, **facts: object) -> str:
        table = {
            ("command.status.name", "de"): "zustand",
            ("command.status.name", "fr"): "NON VALIDE",
            ("command.status.description", "de"): "Wie es mir geht.",
        }
        return table.get((key, locale), "") or english(key, locale, **facts)

    command = made(spec("status"), words=Words(texts))["status"]
    assert command["name_localizations"] == {"de": "zustand"}
    assert command["description_localizations"] == {"de": "Wie es mir geht."}
    assert "name_localizations" not in made(spec("status"))["status"]
    assert len(set(LOCALES)) == 30


@pytest.mark.skipif(not schema.FILE.exists(), reason=schema.ABSENT)
def test_every_tool_of_ours_makes_commands_that_discord_takes() -> None:
    commands = payloads(Commands([one.spec for one in discover(bot.extensions)]).specs, Words())

    class Sent:
        method, path, json = "PUT", "/applications/1/commands", commands

    assert schema.problems([Sent()]) == []
    assert len(commands) <= 100
    assert "ask" in {one["name"] for one in commands}


class Http:
    """Takes commands as Discord does."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.fails: Exception | None = None

    async def bulk_upsert_global_commands(self, application: int, commands: list[Any]) -> None:
        if self.fails:
            raise self.fails
        self.told.append(("everywhere", len(commands)))

    async def bulk_upsert_guild_commands(self, application: int, guild: int, commands: list[Any]) -> None:
        self.told.append((str(guild), len(commands)))


async def test_commands_are_told_once_and_again_when_they_change() -> None:
    http: Any = Http()
    records = DictRecords()
    one, two = payloads([spec("a")], Words()), payloads([spec("a"), spec("b")], Words())
    assert await sync(http, 1, "", one, records) == ["everywhere"]
    assert await sync(http, 1, "", list(reversed(one)), records) == []
    assert await sync(http, 1, "", two, records) == ["everywhere"]
    assert await sync(http, 2, "", two, records) == ["everywhere"]
    assert http.told == [("everywhere", 4), ("everywhere", 5), ("everywhere", 5)]


async def test_commands_that_move_to_a_guild_are_taken_away_elsewhere() -> None:
    http: Any = Http()
    records = DictRecords()
    commands = payloads([spec("a")], Words())
    await sync(http, 1, "", commands, records)
    assert sorted(await sync(http, 1, "77", commands, records)) == ["77", "everywhere"]
    assert http.told[1:] == [("everywhere", 0), ("77", 4)]
    assert await sync(http, 1, "77", commands, records) == []


async def test_commands_that_could_not_be_told_are_told_next_time() -> None:
    http: Any = Http()
    http.fails = TimeoutError()
    records = DictRecords()
    commands = payloads([spec("a")], Words())
    with pytest.raises(Unavailable):
        await sync(http, 1, "", commands, records)
    assert records.scan(TABLE) == []
    http.fails = None
    assert await sync(http, 1, "", commands, records) == ["everywhere"]


def test_the_digest_is_of_the_content() -> None:
    rows: list[Any] = [{"name": "a", "type": 1}, {"name": "b", "type": 1}]
    assert digest(rows) == digest(json.loads(json.dumps(list(reversed(rows)))))
    assert digest(rows) != digest(rows[:1])


def test_words_that_begin_a_command_are_known_and_no_others() -> None:
    @tool("Go.", "!go", name="go_tool")
    def go(host: Host) -> Result:
        return Result("")

    commands = Commands([spec("memory show"), go.spec])
    assert [
        text for text in ("memory", "Memory show x", "go", "ask me", "play", " memory", "") if commands.known(text)
    ] == [
        "memory",
        "Memory show x",
        "go",
        "ask me",
    ]
    assert commands.spec("memory show") is not None
    assert commands.spec("memory") is None
    assert commands.spec("ask") is ASK


def test_the_commands_that_members_use_are_described_in_their_language() -> None:
    texts = load()
    specs = [one.spec for one in discover(bot.extensions)]
    described = [spec for spec in specs if texts.has(f"command.{spec.command.replace(' ', '.')}.description")]
    assert len(described) >= 20
    for spec_ in described:
        key = f"command.{spec_.command.replace(' ', '.')}.description"
        assert texts(key, "en") == spec_.summary, "the catalogue follows the tool"
        assert all(len(texts(key, language)) <= 100 for language in texts.languages)
    status = made(*described, words=Words(texts))["status"]["description_localizations"]
    assert set(status) == {"de", "es-419", "es-ES", "fr", "pl", "pt-BR", "ru"}
    assert status["de"].startswith("Sagen, wie es mir geht")
    assert "en-GB" not in status
