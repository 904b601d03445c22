from dataclasses import replace
from random import Random

import pytest

import bot.extensions
from bot.chat import catalogue
from bot.chat.replies import Replies
from bot.chat.texts import load
from bot.core.profile import Profile
from bot.sdk import discover


async def test_everything_it_can_do_is_told(desk, town) -> None:
    there, here = [(await one.call("list_capabilities")).result for one in (town, desk)]
    for one in discover(bot.extensions):
        assert one.spec.summary in there.text
        assert one.spec.say in there.text
        assert (one.spec.summary in here.text) == (not one.spec.guild_only), "where there is no server"
        assert one.spec.summary in here.files[0].content.decode()


@pytest.mark.parametrize("name", ["show_help", "list_capabilities"])
async def test_outside_a_server_what_works_there_alone_is_counted_in_one_line(desk, town, name: str) -> None:
    hidden = sum(one.spec.guild_only for one in discover(bot.extensions))
    here, there = [(await one.call(name)).result for one in (desk, town)]
    assert hidden > 20
    assert f"{here.facts['list']}\n- {hidden} more work on a Discord server only\n" in here.text or name != "show_help"
    assert here.facts["count"] == hidden
    assert here.facts["more_key"] == "about.more"
    assert "guild_roles" not in here.facts["list"]
    assert "guild_roles" in there.facts["list"]
    assert there.facts["more"] == ""
    assert "more_key" not in there.facts


async def test_help_names_the_commands(desk) -> None:
    text = (await desk.call("show_help")).result.text
    assert "!roll" in text
    assert "!vote" in text
    [admins] = [line for line in text.splitlines() if line.startswith("- admins: ")]
    assert set(admins[10:].split(", ")) == {
        "!link", "!override", "!resume", "!rollback", "!stop", "!audit search/verify",
    }  # fmt: skip
    assert "- memory: !memory export/forget/opt-in/opt-out/show" in text
    assert len(text.splitlines()) <= 12, "it is read on a phone"


async def test_every_command_is_in_the_help(desk) -> None:
    commands = (await desk.call("show_help")).result.facts["commands"].split(", ")
    assert {f"!{one.spec.command}" for one in discover(bot.extensions) if one.spec.command} <= set(commands)


@pytest.mark.parametrize("language", load().languages)
async def test_what_is_said_fits_one_message_in_every_language(desk, town, language: str) -> None:
    replies = Replies(catalogue.load(), load(), Random(1))
    for place in (desk, town):
        for name in ("show_help", "list_capabilities", "show_profile"):
            called = await place.call(name)
            text = replies.say(name, called, replace(place.caller(), language=language))
            assert len(text) < 1900
            assert "{" not in text
            if name != "show_profile" and place is desk and language in ("de", "pl"):
                assert {"de": "gehen nur auf einem", "pl": "tylko na serwerze"}[language] in text


async def test_help_on_a_family(desk) -> None:
    for topic in ("memory", "/memory"):
        result = (await desk.call("show_help", topic=topic)).result
        assert "- !memory forget: Forget what I know of you" in result.text
        assert "!roll" not in result.text


async def test_limits_are_those_of_this_process(desk, town) -> None:
    here, there = [(await one.call("list_capabilities")).result.text for one in (desk, town)]
    assert "there is no long-term memory here" in here
    assert "there is no long-term memory here" not in there
    assert "I never change my own code while I run" in there


async def test_commands_are_offered(desk) -> None:
    offered = await desk.registry().complete("show_help", "topic", "memory f", desk.caller())
    assert offered == ("memory forget",)


async def test_help_on_one_tool_by_name_or_command(desk) -> None:
    for topic in ("roll", "!ROLL", "roll_dice"):
        text = (await desk.call("show_help", topic=topic)).result.text
        assert text.startswith("Roll dice, in the usual notation. Example: !roll 2d6+3\n- notation: count, d, sides")


async def test_help_on_nothing(desk) -> None:
    assert (await desk.call("show_help", topic="fly")).result.key == "no_topic"


async def test_status_tells_what_the_process_tells(desk) -> None:
    assert (await desk.call("show_status")).result.text == "I am well: version 1.2.3."


async def test_a_stop_is_no_all_is_well(town) -> None:
    assert (await town.call("show_status")).result.key == "ok"
    town.switch.stop("errors since noon", "root")
    called = await town.call("show_status")
    assert called.result.key == "stopped"
    assert "stopped, by root: errors since noon" in called.result.text


@pytest.mark.parametrize("question", ["", "why is the sky blue"])
async def test_a_question_to_the_tool_itself_is_sent_to_the_conversation(desk, question: str) -> None:
    assert (await desk.call("ask_question", question=question)).result.key == "how"


async def test_the_time_is_the_clocks(desk) -> None:
    assert (await desk.call("tell_time")).result.text == "It is 12:00 UTC on 2026-03-01."


async def test_the_profile_is_what_the_process_knows_of_itself(desk) -> None:
    profile = Profile({"models": "none"}, {"Discord": "not connected"})
    desk.doors = replace(desk.doors, profile=lambda: profile)
    result = (await desk.call("show_profile")).result
    assert result.text == "I am Megawatts:\n- version: 1.2.3\n- models: none\nConnected to:\n- Discord: not connected"
    everything = (await desk.call("list_capabilities")).result
    assert result.text in everything.files[0].content.decode()
    assert "not connected" not in everything.text, "the short answer stays short"


async def test_a_process_without_a_profile_claims_no_connection(desk) -> None:
    result = (await desk.call("show_profile")).result
    assert result.facts["points"] == "- nothing is known here"
