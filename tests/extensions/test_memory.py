import json

import pytest

from tests.extensions.doubles import ELSEWHERE, GUILD


@pytest.fixture
def known(town):
    town.memories.agreed = {"ann", "bob"}
    town.memories.know("ann", "lives in Vienna", "home", "f00dfeed1", GUILD)
    town.memories.know("ann", "likes tea", "drink", "beefcafe2", ELSEWHERE)
    town.memories.know("bob", "lives in Rome", "home", "abadcafe3", GUILD)
    return town


async def test_a_member_sees_their_own_facts_of_this_server(known) -> None:
    text = (await known.call("show_memory")).result.text
    assert "lives in Vienna" in text
    assert "f00dfeed" in text
    assert "tea" not in text, "that was said on another server"
    assert "Rome" not in text


async def test_in_a_direct_message_all_of_them(known) -> None:
    text = (await known.call("show_memory", guild="")).result.text
    assert "Vienna" in text
    assert "tea" in text


@pytest.mark.parametrize("name", ["show_memory", "export_memory", "forget_memory", "opt_in", "opt_out"])
def test_for_the_members_eyes_only(known, name: str) -> None:
    [spec] = [one for one in known.registry().specs() if one.name == name]
    assert spec.private


async def test_without_consent_nothing_is_learned_and_it_says_so(town) -> None:
    assert (await town.call("show_memory")).result.key == "no_consent"
    assert (await town.call("opt_in")).fate == "ok"
    assert town.memories.agreed == {"ann"}
    assert (await town.call("show_memory")).result.key == "empty"


async def test_opting_out_forgets(known) -> None:
    await known.call("opt_out")
    assert known.memories.agreed == {"bob"}
    assert [one.user for one in known.memories.facts] == ["bob"]


async def test_admins_may_switch_memory_off(known) -> None:
    known.memories.agreed = set()
    known.book.change(GUILD, {"memory": "off"}, "root")
    assert (await known.call("opt_in")).result.key == "off"
    assert known.memories.agreed == set()
    assert (await known.call("opt_in", guild="")).fate == "ok"


async def test_the_export_is_a_file_with_everything(known) -> None:
    await known.call("set_reminder", delay="600", what="stretch")
    await known.call("set_reminder", user="bob", delay="600", what="sleep")
    [file] = (await known.call("export_memory")).result.files
    held = json.loads(file.content)
    assert file.name.endswith(".json")
    assert held["memory"]["facts"] == ["lives in Vienna", "likes tea"]
    assert [row["text"] for row in held["reminders"]] == ["stretch"]
    assert "sleep" not in file.content.decode()


async def test_forgetting_waits_for_the_button(known) -> None:
    shown = await known.call("forget_memory", what="all")
    assert shown.fate == "confirm"
    assert len(known.memories.facts) == 3
    assert (await known.registry().press(shown.buttons[0].id, known.caller("bob"))).fate == "refused"
    assert len(known.memories.facts) == 3
    called = await known.agree(shown)
    assert called.result.key == "all"
    assert [one.user for one in known.memories.facts] == ["bob"]


async def test_all_takes_what_was_given_by_command_too_and_nobody_elses(known) -> None:
    for user in ("ann", "bob"):
        await known.call("set_reminder", user=user, delay="600", what="stretch")
        await known.call("give_feedback", user=user, text="too long")
        await known.call("suggest_improvement", user=user, text="answer faster in Spanish")
    called = await known.agree(await known.call("forget_memory", what="everything"))
    assert called.result.facts == {"facts": 2, "rows": 3}
    for table in ("reminders", "notes", "suggestions"):
        assert [row["user"] for _, row in known.records.scan(table)] == ["bob"]


@pytest.mark.parametrize(("what", "left"), [("home", ["likes tea"]), ("beefcafe", ["lives in Vienna"])])
async def test_one_topic_or_one_fact(known, what: str, left: list[str]) -> None:
    called = await known.agree(await known.call("forget_memory", what=what))
    assert called.result.key == "some"
    assert [one.text for one in known.memories.facts if one.user == "ann"] == left
    assert any(one.user == "bob" for one in known.memories.facts)


@pytest.mark.parametrize("what", ["weather", "abadcafe3"])
async def test_what_is_not_there_or_anothers(known, what: str) -> None:
    called = await known.agree(await known.call("forget_memory", what=what))
    assert called.result.key == "not_found"
    assert len(known.memories.facts) == 3


async def test_where_there_is_no_memory_it_says_so(desk) -> None:
    assert (await desk.call("show_memory")).result.key == "none_here"
    assert (await desk.call("opt_in")).result.key == "none_here"
    assert (await desk.call("opt_out")).fate == "ok"
    await desk.call("set_reminder", delay="600", what="stretch")
    called = await desk.agree(await desk.call("forget_memory"))
    assert called.result.facts == {"facts": 0, "rows": 1}
