"""Ids, mentions and names, as the asking member sees the guild."""

import pytest

from bot.core.ids import RoleId, UserId
from bot.sdk.resolve import Resolved, offered, resolve
from bot.sdk.sight import Sight
from tests.sdk.guild_double import ANN, GUILD, HELPER, MAIN, MODERATOR, SECRET, GuildDouble, member, role
from tests.sdk.test_arguments import SCHEMA

MESSAGE = "600000000000000000"


@pytest.fixture
def guild() -> GuildDouble:
    return GuildDouble()


async def found(guild: GuildDouble, user: str = MODERATOR, **given: str) -> Resolved:
    return await resolve(SCHEMA["properties"], given, Sight(guild, GUILD, UserId(user)))


@pytest.mark.parametrize("text", [ANN, f"<@{ANN}>", f"<@!{ANN}>", "Ann", "@ann", " ANN ", "A\u200bnn"])
async def test_a_member(guild: GuildDouble, text: str) -> None:
    made = await found(guild, user_id=text)
    assert made.values["user_id"].name == "Ann"
    assert made.plain["user_id"] == ANN


@pytest.mark.parametrize("text", [HELPER, f"<@&{HELPER}>", "helper", "@Helper"])
async def test_a_role(guild: GuildDouble, text: str) -> None:
    assert (await found(guild, role_id=text)).values["role_id"].id == HELPER


@pytest.mark.parametrize("text", [MAIN, f"<#{MAIN}>", "main", "#main"])
async def test_a_channel(guild: GuildDouble, text: str) -> None:
    assert (await found(guild, channel_id=text)).values["channel_id"].id == MAIN


@pytest.mark.parametrize("text", [SECRET, f"<#{SECRET}>", "secret", "300000000000000009", "nowhere", ""])
async def test_a_hidden_channel_is_as_one_that_is_not_there(guild: GuildDouble, text: str) -> None:
    made = await found(guild, ANN, channel_id=text)
    assert made.problem == "there is no such channel here; name one that you can see"
    assert made.values == {}


async def test_a_channel_of_another_guild_is_not_there(guild: GuildDouble) -> None:
    view = guild.places[MAIN]
    guild.places[MAIN] = type(view)(view.id, "100000000000000002", "main")  # type: ignore[arg-type]
    assert (await found(guild, channel_id=MAIN)).problem


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"user_id": "Nobody"}, "there is no member 'Nobody' on this server"),
        ({"user_id": "299999999999999999"}, "there is no member"),
        ({"user_id": f"<@&{HELPER}>"}, "there is no member"),
        ({"role_id": f"<@{ANN}>"}, "there is no role"),
        ({"user_id": "\u200b"}, "there is no member"),
        ({"message_id": "the last one"}, "message_id must be a message's id or link"),
        ({"hook": "https://discord.com/api/webhooks/1/s3cr3t-token"}, "hook must be an id"),
    ],
)
async def test_what_is_not_there(guild: GuildDouble, given: dict[str, str], said: str) -> None:
    made = await found(guild, **given)
    assert made.problem.startswith(said)
    assert "s3cr3t" not in made.problem


async def test_two_of_one_name_are_not_guessed_between(guild: GuildDouble) -> None:
    guild.people["299999999999999990"] = member("299999999999999990", "ANN\u200b", 0)
    made = await found(guild, user_id="Ann")
    assert made.problem.startswith("several members are called 'Ann'")
    guild.ranks[RoleId("9")] = role(RoleId("9"), "hel\u2060per", 1)
    assert (await found(guild, role_id="Helper")).problem.startswith("several roles")


async def test_anybody_by_id_members_by_name(guild: GuildDouble) -> None:
    assert (await found(guild, who="299999999999999999")).values["who"] == "299999999999999999"
    assert (await found(guild, who="Ann")).values["who"] == ANN
    assert (await found(guild, who="Nobody")).problem


@pytest.mark.parametrize("text", [MESSAGE, f"https://discord.com/channels/1/2/{MESSAGE}"])
async def test_a_message(guild: GuildDouble, text: str) -> None:
    assert (await found(guild, message_id=text)).values["message_id"] == MESSAGE


async def test_what_is_offered_while_typing_is_what_may_be_seen(guild: GuildDouble) -> None:
    ann, mo = Sight(guild, GUILD, UserId(ANN)), Sight(guild, GUILD, UserId(MODERATOR))
    guild.there.pop((SECRET, MODERATOR))
    assert await offered("channel", "", ann) == ["main"]
    assert await offered("channel", "#s", mo) == ["secret"]
    assert await offered("user", "a", ann) == ["Ann"]
    assert await offered("role", "@he", ann) == ["Helper"]


async def test_the_history_of_a_hidden_channel_is_nobodys(guild: GuildDouble) -> None:
    said = guild.say(SECRET, MODERATOR, "the plan")
    ann = Sight(guild, GUILD, UserId(ANN))
    assert await ann.message(guild.places[SECRET], said.id) is None
    assert await ann.messages(guild.places[SECRET], 10) == ()
