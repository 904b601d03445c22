import pytest

from tests.extensions.doubles import ELSEWHERE, GUILD, HandSwitch

ADMIN = "administrator"


@pytest.fixture
def admin(town):
    town.guilds.let("ann", ADMIN)
    town.guilds.let("bob", "send_messages", "manage_guild")
    return town


async def test_an_admin_at_home_stops_everything(admin) -> None:
    called = await admin.call("stop_everything", reason="errors since noon")
    assert called.fate == "ok"
    assert (admin.switch.stopped.reason, admin.switch.stopped.by) == ("errors since noon", "Ann (ann)")
    assert ("Ann (ann)", "stop", "errors since noon") in admin.audit.acts()
    [(_, row)] = admin.records.scan("orders")
    assert (row["act"], row["guild"], row["reason"]) == ("stop", GUILD, "errors since noon")


@pytest.mark.parametrize("user", ["bob", "stranger"])
@pytest.mark.parametrize("tool", ["stop_everything", "resume_everything"])
async def test_nobody_else_does(admin, user: str, tool: str) -> None:
    admin.switch.stop("before", "root")
    called = await admin.call(tool, user=user, reason="because")
    assert called.fate == "refused"
    assert admin.switch.stopped.reason == "before"
    assert admin.records.scan("orders") == []


async def test_where_members_cannot_be_looked_up_nobody_is_an_admin(admin) -> None:
    admin.guilds.down = True
    called = await admin.call("stop_everything", reason="errors")
    assert "cannot look up" in called.result.text
    assert admin.switch.stopped is None


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("stop_everything", {}),
        ("resume_everything", {"reason": " \n"}),
        ("rollback", {"version": "v0.1.3"}),
        ("override_consent", {"pull": 3, "head": "a" * 40}),
    ],
)
async def test_a_reason_is_needed(admin, tool: str, arguments: dict[str, object]) -> None:
    called = await admin.call(tool, **arguments)
    if called.fate == "confirm":
        called = await admin.agree(called)
    assert called.result.key == "no_reason"
    assert admin.switch.stopped is None
    assert admin.records.scan("orders") == []


async def test_elsewhere_a_stop_is_local(admin) -> None:
    admin.guilds.let("eve", ADMIN, guild=ELSEWHERE)
    called = await admin.call("stop_everything", user="eve", guild=ELSEWHERE, reason="too loud")
    assert called.result.key == "here"
    assert admin.switch.stopped is None
    assert admin.records.scan("orders") == []
    assert admin.book.read(ELSEWHERE).paused == "too loud"
    assert admin.book.read(GUILD).paused == ""
    await admin.call("resume_everything", user="eve", guild=ELSEWHERE)
    assert admin.book.read(ELSEWHERE).paused == ""


async def test_a_resume_elsewhere_ends_no_stop_of_home(admin) -> None:
    admin.switch.stop("errors", "root")
    admin.guilds.let("eve", ADMIN, guild=ELSEWHERE)
    await admin.call("resume_everything", user="eve", guild=ELSEWHERE, reason="please")
    assert admin.switch.stopped is not None


async def test_resume_at_home_with_a_reason(admin) -> None:
    admin.switch.stop("errors", "root")
    called = await admin.call("resume_everything", reason="they are gone")
    assert "They were stopped by root: errors." in called.result.text
    assert admin.switch.stopped is None
    assert ("Ann (ann)", "resume", "they are gone (ends the stop: errors)") in admin.audit.acts()
    assert (await admin.call("resume_everything", reason="again")).result.key == "nothing"


async def test_what_cannot_be_put_on_record_is_not_resumed(admin) -> None:
    admin.switch.stop("errors", "root")
    admin.audit.broken = True
    assert (await admin.call("resume_everything", reason="x")).fate == "error"
    assert admin.switch.stopped is not None


async def test_a_rollback_waits_for_the_button_and_leaves_an_order(admin) -> None:
    shown = await admin.call("rollback", version="v0.1.3", reason="slow answers")
    assert shown.fate == "confirm"
    assert admin.records.scan("orders") == []
    called = await admin.agree(shown)
    assert called.result.key == "ordered"
    [(_, row)] = admin.records.scan("orders")
    assert (row["act"], row["version"], row["reason"], row["user"]) == ("rollback", "v0.1.3", "slow answers", "ann")
    for table in ("rollbacks", "overrides", "announcements"):
        assert admin.records.scan(table) == [], "the controller alone writes what the engine reads"


async def test_the_newest_merge_is_rolled_back_without_a_version(admin) -> None:
    await admin.agree(await admin.call("rollback", version="newest", reason="slow"))
    [(_, row)] = admin.records.scan("orders")
    assert (row["version"], row["subject"]) == ("", "the newest merge")


@pytest.mark.parametrize("version", ["main", "v1", "../x", "v1.2.3; rm"])
async def test_what_is_no_version(admin, version: str) -> None:
    called = await admin.agree(await admin.call("rollback", version=version, reason="slow"))
    assert called.result.key == "no_version"
    assert admin.records.scan("orders") == []


@pytest.mark.parametrize(("head", "reason"), [("aaaaaaa", "agreed by phone"), ("agreed", "by phone")])
async def test_an_override_is_for_the_version_that_was_read(admin, head: str, reason: str) -> None:
    admin.poll(guild=GUILD)
    await admin.agree(await admin.call("override_consent", pull=3, head=head, reason=reason))
    [(_, row)] = admin.records.scan("orders")
    assert row["head"] == "a" * 40 or row["head"] == "aaaaaaa"
    assert row["reason"] == "agreed by phone"


async def test_an_override_of_what_is_not_voted_on_needs_the_version(admin) -> None:
    called = await admin.agree(await admin.call("override_consent", pull=9, reason="now"))
    assert called.result.key == "no_head"
    assert admin.records.scan("orders") == []


@pytest.mark.parametrize("tool", ["rollback", "override_consent"])
async def test_orders_count_at_home_only(admin, tool: str) -> None:
    admin.guilds.let("eve", ADMIN, guild=ELSEWHERE)
    arguments = {"pull": 3} if tool == "override_consent" else {}
    shown = await admin.call(tool, user="eve", guild=ELSEWHERE, reason="a" * 7 + " please", **arguments)
    called = await admin.agree(shown, user="eve", guild=ELSEWHERE)
    assert not called.result.ok
    assert admin.records.scan("orders") == []


async def test_in_the_terminal_only_the_person_at_it_is_an_admin(admin) -> None:
    admin.at_home("", "ann")
    assert (await admin.call("stop_everything", user="eve", guild="", reason="x")).fate == "refused"
    assert admin.switch.stopped is None
    assert (await admin.call("stop_everything", guild="", reason="x")).fate == "ok"
    assert isinstance(admin.switch, HandSwitch)
    assert admin.switch.stopped is not None


async def test_over_a_network_nobody_is(admin) -> None:
    admin.at_home("")
    assert (await admin.call("stop_everything", guild="", reason="x")).fate == "refused"
    assert admin.switch.stopped is None


async def test_a_local_stop_that_cannot_be_put_on_record_is_a_sentence(admin) -> None:
    admin.guilds.let("eve", ADMIN, guild=ELSEWHERE)
    append, calls = admin.audit.append, []

    def once(*words: object, **facts: object) -> object:
        calls.append(words)
        admin.audit.broken = len(calls) > 1
        return append(*words, **facts)

    admin.audit.append = once
    called = await admin.call("stop_everything", user="eve", guild=ELSEWHERE, reason="too loud")
    assert "audit log is unavailable" in called.result.text
    assert admin.book.read(ELSEWHERE).paused == ""
