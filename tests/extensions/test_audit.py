import pytest

from tests.extensions.doubles import ELSEWHERE, GUILD


@pytest.fixture
def logged(town):
    town.guilds.let("ann", "administrator")
    town.guilds.let("bob", "manage_guild")
    town.guilds.let("eve", "administrator", guild=ELSEWHERE)
    town.audit.append("Ann (ann)", "override", "#12", "agreed by phone", {"head": "a" * 40})
    town.audit.append("eve", "settings", f"guild {ELSEWHERE}", "version 1", {"language": "none -> de"})
    town.audit.append("root", "ban_user", "Ban Bob", "", {"guild": GUILD})
    return town


async def test_an_admin_searches_it_newest_first(logged) -> None:
    text = (await logged.call("search_audit")).result.text
    assert text.startswith("3 entries, the newest first:\n- 3 ")
    one = await logged.call("search_audit", words="override PHONE")
    assert one.result.facts["count"] == 1
    assert "agreed by phone" in one.result.text
    assert (await logged.call("search_audit", words="penguin")).result.key == "none"


async def test_elsewhere_only_what_concerns_that_server(logged) -> None:
    text = (await logged.call("search_audit", user="eve", guild=ELSEWHERE)).result.text
    assert "settings" in text
    assert "phone" not in text
    assert "Bob" not in text


@pytest.mark.parametrize("user", ["bob", "stranger"])
@pytest.mark.parametrize("tool", ["search_audit", "verify_audit"])
async def test_admins_only(logged, user: str, tool: str) -> None:
    called = await logged.call(tool, user=user)
    assert called.fate == "refused"
    assert "phone" not in called.result.text


async def test_it_is_verified(logged) -> None:
    assert "whole: 3 entries" in (await logged.call("verify_audit")).result.text
    del logged.audit.rows[1]
    called = await logged.call("verify_audit")
    assert (called.result.key, called.result.ok) == ("broken", False)
    assert "entry 2 is numbered 3" in called.result.text


async def test_without_a_log(desk) -> None:
    assert (await desk.call("search_audit")).fate == "refused"
