from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.chat.flag_book import RecordsFlagBook
from bot.core.flags import Flag, Unit
from bot.core.ids import GuildId
from bot.policy.flag_stops import TABLE
from tests.extensions.doubles import ELSEWHERE, GUILD

ADMIN = "administrator"
HINT = Flag("near_hint", "experimental", "Names what is near.", "o", off=False, on=True, default="on", mark="m1")
LINES = Flag("history_lines", "performance", "Lines for a model.", "o", off=24, on=12, mark="m2")
MODELS = Flag("model_answers", "safety", "Models answer.", "o", off=False, on=True, default="on", mark="m3")


@pytest.fixture
def admin(town):
    town.guilds.let("ann", ADMIN)
    town.guilds.let("bob", "send_messages", "manage_guild")
    flags = {flag.name: flag for flag in (HINT, LINES, MODELS)}
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    book = RecordsFlagBook(flags, town.records, lambda: now, lambda: 0.0, audit=town.audit)
    town.doors = replace(town.doors, flags=book)
    return town


def value(town, name: str = "near_hint", guild: str = GUILD):

    return town.doors.flags.explain(name, Unit("ann", GuildId(guild))).value


async def test_everybody_sees_flags_and_why(admin) -> None:
    called = await admin.call("show_flags", user="bob")
    assert called.fate == "ok"
    assert "- near_hint: on (on is the default)" in called.result.text
    assert "- history_lines: 24 (off is the default)" in called.result.text
    one = await admin.call("show_flags", user="bob", flag="Near_Hint ")
    assert "near_hint is on for you here: on is the default. Names what is near." in one.result.text


async def test_an_unknown_flag_is_named_with_those_there_are(admin) -> None:
    for tool in ("show_flags", "stop_flag"):
        called = await admin.call(tool, flag="moderation", **({"reason": "x"} if tool == "stop_flag" else {}))
        assert called.fate == "refused"
        assert "use one of history_lines, model_answers, near_hint" in called.result.text
    assert admin.records.scan(TABLE) == []


async def test_an_admin_at_home_stops_a_flag_everywhere_and_lifts_that(admin) -> None:
    called = await admin.call("stop_flag", flag="near_hint", reason="it confuses people")
    assert called.result.text == "near_hint is off everywhere from now on: it confuses people."
    assert (value(admin), value(admin, guild=ELSEWHERE)) == (False, False)
    assert ("Ann (ann)", "flag.stop", "it confuses people") in admin.audit.acts()
    lifted = await admin.call("lift_flag", flag="near_hint", reason="got used to it")
    assert lifted.fate == "ok"
    assert value(admin) is True
    assert (await admin.call("lift_flag", flag="near_hint", reason="again")).result.key == "nothing"


async def test_elsewhere_an_admin_stops_it_there_alone(admin) -> None:
    admin.guilds.let("eve", ADMIN, guild=ELSEWHERE)
    called = await admin.call("stop_flag", user="eve", guild=ELSEWHERE, flag="near_hint", reason="not here")
    assert "on this server" in called.result.text
    assert (value(admin, guild=ELSEWHERE), value(admin)) == (False, True)


@pytest.mark.parametrize("user", ["bob", "stranger"])
@pytest.mark.parametrize("tool", ["stop_flag", "lift_flag"])
async def test_nobody_else_switches_anything(admin, user: str, tool: str) -> None:
    await admin.call("stop_flag", flag="history_lines", reason="before")
    called = await admin.call(tool, user=user, flag="near_hint", reason="because")
    assert called.fate == "refused"
    assert len(admin.records.scan(TABLE)) == 1


async def test_a_reason_is_needed(admin) -> None:
    assert (await admin.call("stop_flag", flag="near_hint", reason=" \n")).result.key == "no_reason"
    assert value(admin) is True


async def test_a_safety_flag_is_not_lifted_by_anybody(admin) -> None:
    await admin.call("stop_flag", flag="model_answers", reason="rude")
    called = await admin.call("lift_flag", flag="model_answers", reason="kind again")
    assert called.fate == "refused"
    assert "safety flag" in called.result.text
    assert value(admin, "model_answers") is False


async def test_a_house_without_flags_says_so(town) -> None:
    for tool, arguments in (("show_flags", {}), ("stop_flag", {"flag": "x", "reason": "y"})):
        assert (await town.call(tool, **arguments)).result.text == "There are no flags here."
