import pytest

from tests.extensions.doubles import BOTS, ELDERS, GUILD, VOTES


@pytest.fixture
def managed(town):
    town.guilds.let("ann", "manage_guild")
    town.guilds.let("bob", "send_messages")
    return town


async def test_everybody_may_read_them(managed) -> None:
    called = await managed.call("show_settings", user="bob")
    assert "- language: none (Language of answers here" in called.result.text
    one = await managed.call("show_settings", user="bob", key="per_user")
    assert one.result.text == "per_user is 20. Messages a minute that a member may send me. It takes 1 to 60."
    assert (await managed.call("show_settings", key="colour")).result.key == "no_key"


async def test_a_manager_changes_one(managed) -> None:
    called = await managed.call("change_setting", key="language", value="de")
    assert called.result.text == "language is now de; it was none. !settings undo takes it back."
    assert managed.book.read(GUILD).language == "de"
    assert any(entry.facts.get("language") == "none -> de" for entry in managed.audit.rows)


@pytest.mark.parametrize("user", ["bob", "stranger"])
async def test_nobody_else_does(managed, user: str) -> None:
    for name, arguments in (("change_setting", {"key": "language", "value": "de"}), ("undo_settings", {})):
        called = await managed.call(name, user=user, **arguments)
        assert called.fate == "refused"
    assert managed.book.read(GUILD).version == 0


@pytest.mark.parametrize(
    ("key", "value", "field", "kept"),
    [
        ("vote_channel", "#votes", "vote_channel", VOTES),
        ("listens", "bots, #Votes", "listens", {BOTS, VOTES}),
        ("listens", f"<#{BOTS}>", "listens", {BOTS}),
        ("vote_roles", "@elders", "vote_roles", {ELDERS}),
        ("grants.ban_user", "elders", "grants", {"ban_user": {ELDERS}}),
        ("welcome_text", "bots, votes", "welcome_text", "bots, votes"),
    ],
)
async def test_channels_and_roles_may_be_named(managed, key: str, value: str, field: str, kept: object) -> None:
    assert (await managed.call("change_setting", key=key, value=value)).fate == "ok"
    assert getattr(managed.book.read(GUILD), field) == kept


@pytest.mark.parametrize(("key", "value"), [("vote_channel", "#nowhere"), ("per_user", "900"), ("colour", "red")])
async def test_a_bad_value_is_a_sentence_and_changes_nothing(managed, key: str, value: str) -> None:
    called = await managed.call("change_setting", key=key, value=value)
    assert called.fate == "refused"
    assert key in called.result.text
    assert managed.book.read(GUILD).version == 0


async def test_undo(managed) -> None:
    await managed.call("change_setting", key="language", value="de")
    called = await managed.call("undo_settings")
    assert called.result.text == "Back: language is none again."
    assert (await managed.call("undo_settings")).result.key == "nothing"


async def test_the_same_again(managed) -> None:
    await managed.call("change_setting", key="language", value="de")
    assert (await managed.call("change_setting", key="language", value="de")).result.key == "same"


async def test_keys_are_offered(managed) -> None:
    offered = await managed.registry().complete("change_setting", "key", "channel", managed.caller())
    assert offered == ("vote_channel", "log_channel", "welcome_channel")


async def test_a_model_only_proposes_it(managed) -> None:
    called = await managed.registry().call(
        "change_setting", {"key": "language", "value": "de"}, managed.caller(), by_model=True
    )
    assert called.fate == "confirm"
    assert managed.book.read(GUILD).version == 0


@pytest.mark.parametrize("name", ["show_settings", "undo_settings", "set_up"])
async def test_where_there_are_none_it_says_so(desk, name: str) -> None:
    assert "Settings are not kept here" in (await desk.call(name)).result.text
