from datetime import timedelta
from typing import Any

import pytest

from bot.core.ids import GuildId, UserId
from bot.policy.insights import TABLE, Tally
from tests.extensions.doubles import ELSEWHERE, GUILD


def counted(town: Any, days: int, guild: str = GUILD, **people: int) -> None:
    for ago in range(1, days + 1):
        cells = {name.replace("__", "/"): count for name, count in people.items()}
        tally = Tally(GuildId(guild), (town.now - timedelta(days=ago)).date(), cells, cells)
        town.records.put(TABLE, tally.key(f"{ago:02d}"), tally.row())


@pytest.fixture
def agreed(town):
    town.guilds.let("ann", "send_messages")
    town.guilds.let("root", "manage_guild")
    town.guilds.let("eve", "manage_guild", guild=ELSEWHERE)
    town.book.change(GuildId(GUILD), {"insights": "on"}, UserId("root"))
    return town


async def test_an_admin_sees_counts_of_many_and_none_of_few(agreed) -> None:
    counted(agreed, 6, members=9, intent__dice=7, intent__coin=4, hour__09=6, outcome__answered=9)
    result = (await agreed.call("show_insights", user="root")).result
    assert result.facts["list"].splitlines() == [
        "- members: 50 on 6 days",
        "- they came for: dice 40",
        "- hours (UTC): 09 35",
        "- answers: answered 50",
    ]
    assert "coin" not in result.text


async def test_a_member_sees_none_of_it(agreed) -> None:
    counted(agreed, 6, members=9)
    called = await agreed.call("show_insights", user="ann")
    assert not called.result.ok
    assert "50" not in called.result.text


async def test_another_servers_admin_sees_none_of_it(agreed) -> None:
    counted(agreed, 6, members=9)
    result = (await agreed.call("show_insights", user="eve", guild=ELSEWHERE)).result
    assert result.key == "off"
    agreed.book.change(GuildId(ELSEWHERE), {"insights": "on"}, UserId("eve"))
    assert (await agreed.call("show_insights", user="eve", guild=ELSEWHERE)).result.key == "few"


async def test_off_is_said_with_what_turns_it_on(agreed) -> None:
    agreed.book.change(GuildId(GUILD), {"insights": "off"}, UserId("root"))
    counted(agreed, 6, members=9)
    result = (await agreed.call("show_insights", user="root")).result
    assert result.key == "off"
    assert "!settings set insights on" in result.text


async def test_rows_of_another_shape_count_nothing(agreed) -> None:
    for number in range(9):
        agreed.records.put(TABLE, f"{GUILD}/2026-02-2{number}/x", {"guild": GUILD, "people": {"user/ann": 99}})
    assert (await agreed.call("show_insights", user="root")).result.key == "few"
