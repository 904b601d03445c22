from typing import Any

import pytest

from tests.extensions.doubles import ELSEWHERE, GUILD


def used(town, day: str = "2026-03-01", user: str = "ann", guild: str = GUILD, **more: Any) -> None:
    row = {
        "day": day, "model": "openai:x", "provider": "openai", "user": user, "guild": guild, "turns": 2, "calls": 3,
        "input_tokens": 100, "output_tokens": 10, "usd": 0.5,
    }  # fmt: skip
    town.records.put("usage", f"{day}/{user}/{guild}/{len(more)}", {**row, **more})


@pytest.fixture
def spent(town):
    town.guilds.let("ann", "send_messages")
    town.guilds.let("root", "manage_guild")
    town.guilds.let("eve", "manage_guild", guild=ELSEWHERE)
    used(town)
    used(town, day="2026-02-28")
    used(town, user="bob", provider="anthropic")
    used(town, user="eve", guild=ELSEWHERE, usd=9.0)
    used(town, day="2026-01-01", usd=70.0)
    return town


async def test_a_member_sees_their_own(spent) -> None:
    text = (await spent.call("show_usage")).result.text
    assert "Use of yours in 7 days, US$ 1.0000 in all" in text
    assert "- 2026-03-01 openai: 2 answers, 3 calls, 100 tokens in, 10 out, US$ 0.5000" in text
    assert "anthropic" not in text


async def test_an_admin_sees_the_servers_and_at_home_everything(spent) -> None:
    assert (await spent.call("show_usage", user="root")).result.facts["usd"] == "10.5000"
    elsewhere = await spent.call("show_usage", user="eve", guild=ELSEWHERE)
    assert elsewhere.result.facts["usd"] == "9.0000"
    assert "of this server" in elsewhere.result.text


async def test_only_the_days_asked_for(spent) -> None:
    assert (await spent.call("show_usage", days=1)).result.facts["usd"] == "0.5000"
    assert (await spent.call("show_usage", days=32)).fate == "bad_arguments"


async def test_nothing_was_used(town) -> None:
    assert (await town.call("show_usage")).result.key == "none"


async def test_rows_of_another_shape_count_as_far_as_they_go(town) -> None:
    used(town, usd="a lot", turns=None, calls=float("nan"), input_tokens=-5)
    used(town, user="ann2")
    town.records.put("usage", "2026-03-01/odd", {"user": "ann", "guild": GUILD})
    text = (await town.call("show_usage")).result.text
    assert "US$ 0.0000 in all" in text
    assert "0 answers, 0 calls, 0 tokens in, 10 out" in text
