"""THREATS 22: one member reads what is another's, or another server's, through the bot's tools."""

from collections.abc import Sequence
from typing import Any

import pytest

import bot.extensions
from bot.core.chat import Message
from bot.core.ids import ChannelId, GuildId, UserId
from bot.core.memory import Fact
from bot.core.moderation import Judged
from bot.sdk import Caller, discover
from bot.sdk.attendant import REACTION_ROLES, Attendant, reaction_key
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOSS, GUILD, HELPER, MAIN, MODERATOR, NOON, SECRET

ELSEWHERE = "100000000000000002"


class Memories:
    """Keeps what it is told, and of whom."""

    def __init__(self) -> None:
        self.told: list[Message] = []

    async def consents(self, user: str) -> bool:
        return user == ANN

    async def learn(self, message: Message) -> Sequence[Fact]:
        self.told.append(message)
        return [
            Fact("f", message.user, message.guild, "lives in Vienna", "home", 0.5, NOON, message.channel, message.id)
        ]


class Moderator:
    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def incoming(self, text: str, scope: Any) -> Judged:
        self.scopes.append(scope)
        return Judged(allowed="bad" not in text, rule="words", because="that word is not for here", text=text)

    async def outgoing(self, text: str, scope: Any, *, by_model: bool) -> Judged:
        return Judged(allowed=True, text=text)


@pytest.fixture
def desk() -> Desk:
    return Desk(tools=discover(bot.extensions), doors={"memories": Memories(), "moderator": Moderator()})


async def elsewhere(desk: Desk, tool: str, **given: Any) -> Any:
    """The same member with the same rights, on another server."""
    return await desk.registry.call(tool, given, desk.caller(guild=ELSEWHERE))


async def test_a_members_cases_are_for_moderators_and_themself(desk: Desk) -> None:
    await desk.ask("warn_user", user_id="Ann", reason="no spam")
    assert "no spam" in (await desk.ask("list_cases", user_id="Ann")).result.text
    assert "no spam" in (await desk.ask("list_cases", user=ANN, user_id=ANN)).result.text
    await desk.ask("warn_user", user=BOSS, user_id="Mo", reason="be kind")
    for given in ({"user_id": MODERATOR}, {"user_id": "Mo"}, {}):
        called = await desk.ask("list_cases", user=ANN, **given)
        assert called.fate == "denied"
        assert "be kind" not in called.result.text
    assert await desk.registry.complete("remove_case", "number", "", desk.caller(ANN)) == ()
    assert len(await desk.registry.complete("remove_case", "number", "", desk.caller())) == 2


async def test_a_server_keeps_its_cases(desk: Desk) -> None:
    warned = await desk.ask("warn_user", user_id="Ann", reason="no spam")
    called = await elsewhere(desk, "list_cases")
    assert "no spam" not in called.result.text
    removed = await elsewhere(desk, "remove_case", number=warned.result.facts["case"])
    assert removed.fate != "confirm"
    assert "no spam" not in removed.result.text


async def test_a_case_of_oneself_stays(desk: Desk) -> None:
    warned = await desk.ask("warn_user", user=BOSS, user_id="Mo", reason="be kind")
    number = warned.result.facts["case"]
    mine, none = await desk.ask("remove_case", number=number), await desk.ask("remove_case", number="ffffff")
    assert mine.result.text == none.result.text
    assert len(desk.records.scan("cases")) == 1


async def test_a_pledge_is_its_members_in_its_server_and_channel(desk: Desk) -> None:
    called = await desk.ask("kick_user", user_id="Ann")
    button = called.buttons[0].id
    strangers = (desk.caller(ANN), desk.caller(BOSS), desk.caller(channel=SECRET), desk.caller(guild=ELSEWHERE))
    for caller in strangers:
        done = await desk.registry.press(button, caller)
        assert done is not None
        assert done.fate == "refused"
        assert "Ann" not in done.result.text, "nor is it told what it is about"
    assert desk.guild.acts == []


async def test_a_reaction_role_holds_on_its_own_server_and_message(desk: Desk) -> None:
    row = {"role": HELPER, "by": MODERATOR, "by_name": "Mo", "emoji": "👍", "channel": SECRET, "message": "6"}
    desk.records.put(REACTION_ROLES, reaction_key(GUILD, "6", "👍"), row)
    attendant: Any = Attendant(desk.house)
    assert not (await attendant.reacted(ELSEWHERE, "6", ANN, "👍")).passed
    assert not (await attendant.reacted(GUILD, "7", ANN, "👍")).passed
    assert desk.guild.acts == []
    listed = await desk.ask("list_reaction_roles")
    assert listed.result.key == "none", "its channel is hidden from the one who asks"


async def test_a_message_of_a_hidden_channel_is_not_quoted(desk: Desk) -> None:
    said = desk.guild.say(SECRET, BOSS, "the plan")
    for tool, given in (("delete_message", {}), ("add_reaction", {"emoji": "x"}), ("edit_message", {"content": "x"})):
        for channel in (MAIN, SECRET, "secret"):
            called = await desk.ask(tool, message_id=said.id, channel_id=channel, **given)
            assert "plan" not in repr(called)
    called = await desk.ask("purge", count=5, channel=SECRET)
    assert "plan" not in repr(called)
    assert desk.guild.acts == []


async def test_what_is_remembered_is_of_the_one_who_says_it(desk: Desk) -> None:
    memories = desk.doors["memories"]
    assert (await desk.ask("memory_store", user=ANN, text="I live in Vienna")).fate == "ok"
    assert (memories.told[0].user, memories.told[0].guild) == (ANN, GUILD)
    refused = await desk.ask("memory_store", user=BOSS, text="Ann lives in Vienna")
    assert (refused.result.key, len(memories.told)) == ("no_consent", 1)
    named = await desk.ask("memory_store", user=ANN, text="I live in Vienna", user_id=BOSS)
    assert named.fate == "bad_arguments", "whose memory it is cannot be said"


async def test_a_text_is_judged_in_the_scope_of_the_one_who_asks(desk: Desk) -> None:
    await desk.ask("content_moderation", user=ANN, text="a bad word")
    (scope,) = desk.doors["moderator"].scopes
    assert (scope.user, scope.guild, scope.channel, scope.private) == (ANN, GUILD, MAIN, False)


def test_a_caller_without_an_audience_is_alone() -> None:
    alone = Caller(UserId(ANN), ChannelId("c"), guild=GuildId(GUILD))
    assert alone.scope.private
