import bot.extensions
from bot.sdk import discover


async def test_everything_it_can_do_is_told(desk) -> None:
    text = (await desk.call("list_capabilities")).result.text
    for one in discover(bot.extensions):
        assert one.spec.summary in text
        assert one.spec.say in text


async def test_help_names_the_commands(desk) -> None:
    text = (await desk.call("show_help")).result.text
    assert "!roll" in text
    assert "!vote" in text


async def test_help_on_one_tool_by_name_or_command(desk) -> None:
    for topic in ("roll", "!ROLL", "roll_dice"):
        assert (
            await desk.call("show_help", topic=topic)
        ).result.text == "Roll dice, in the usual notation. Example: !roll 2d6+3"


async def test_help_on_nothing(desk) -> None:
    assert (await desk.call("show_help", topic="fly")).result.key == "no_topic"


async def test_status_tells_what_the_process_tells(desk) -> None:
    assert (await desk.call("show_status")).result.text == "I am well: version 1.2.3."


async def test_the_time_is_the_clocks(desk) -> None:
    assert (await desk.call("tell_time")).result.text == "It is 12:00 UTC on 2026-03-01."
