import pytest

from bot.core.errors import Denied
from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOSS, BOT, MODERATOR, NAMES, OWNER, member

__all__ = ["place"]
STRANGER = "299999999999999999"


@pytest.mark.parametrize(
    ("tool", "given", "verb"),
    [
        ("ban_user", {"user_id": "Ann", "reason": "spam", "delete_days": 1}, "ban_user"),
        ("ban_user", {"user_id": STRANGER, "reason": "raid"}, "ban_user"),
        ("kick_user", {"user_id": "Ann", "reason": "spam"}, "kick_user"),
        ("timeout_user", {"user_id": "Ann", "minutes": 90, "reason": "calm"}, "timeout_user"),
        ("timeout_user", {"user_id": "Ann", "minutes": 0}, "timeout_user"),
        ("unban_user", {"user_id": STRANGER}, "unban_user"),
    ],
)
async def test_each_is_done_and_a_case(place: Desk, tool: str, given: dict[str, object], verb: str) -> None:
    called = await do(place, tool, **given)
    assert called.fate == "ok"
    assert place.guild.verbs == [verb]
    [(_, row)] = place.records.scan("cases")
    assert (row["reason"], row["by"]) == (given.get("reason", ""), MODERATOR)
    assert row["id"] in called.result.text


async def test_what_discord_refused_is_no_case(place: Desk) -> None:
    place.guild.fails = [Denied("I could not kick user: I lack a permission for that.")]
    assert (await do(place, "kick_user", user_id="Ann")).fate == "refused"
    assert place.records.scan("cases") == []


async def test_what_will_happen_is_said_exactly(place: Desk) -> None:
    ban = await place.ask("ban_user", user_id="Ann", reason="spam\nspam", delete_days=1)
    assert ban.preview == f"Ban Ann ({ANN}) and delete their messages of the last 1 day, because: spam spam."
    far = await place.ask("ban_user", user_id=STRANGER)
    assert far.preview == f"Ban the user {STRANGER}, who is not on this server."
    late = await place.ask("timeout_user", user_id="Ann", minutes=90, by_model=True)
    assert late.preview == f"Time out Ann ({ANN}) for 1 h 30 min."


@pytest.mark.parametrize("tool", ["ban_user", "kick_user"])
@pytest.mark.parametrize("whom", [BOSS, OWNER, BOT, MODERATOR])
async def test_against_whom_not(place: Desk, tool: str, whom: str) -> None:
    assert (await do(place, tool, user_id=whom)).fate == "denied"
    assert (place.guild.acts, place.records.scan("cases")) == ([], [])


async def test_an_administrator_is_not_timed_out(place: Desk) -> None:
    place.guild.people[ANN] = member(ANN, "Ann", 1, NAMES)
    called = await do(place, "timeout_user", user_id="Ann", minutes=5)
    assert called.result.key == "administrator"
    assert place.guild.acts == []
