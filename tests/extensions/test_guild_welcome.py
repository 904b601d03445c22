from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, MAIN, MODERATOR, PLAIN, SECRET

__all__ = ["place"]


async def test_it_is_set_shown_and_ended(place: Desk) -> None:
    assert (await do(place, "show_welcome", user=ANN)).result.key == "none"
    assert (await do(place, "set_welcome", channel_id="main", text="Hello {name}")).fate == "ok"
    assert place.book.changes == [{"welcome_channel": MAIN, "welcome_text": "Hello {name}"}]
    assert "Hello {name}" in (await do(place, "show_welcome", user=ANN)).result.text
    assert (await do(place, "end_welcome")).fate == "ok"
    assert place.book.settings.welcome_text == ""


async def test_by_those_who_manage_the_server(place: Desk) -> None:
    for tool, given in (("set_welcome", {"channel_id": "main", "text": "x"}), ("end_welcome", {})):
        assert (await do(place, tool, user=ANN, **given)).fate == "denied"
    assert place.book.changes == []


async def test_where_both_may_speak(place: Desk) -> None:
    place.guild.there[MAIN, MODERATOR] = (PLAIN - {"send_messages"}) | {"manage_guild"}
    assert (await do(place, "set_welcome", channel_id="main", text="x")).fate == "denied"
    assert (await do(place, "set_welcome", channel_id=SECRET, text="x")).fate == "bad_arguments"
    assert place.book.changes == []


async def test_a_model_only_proposes_it(place: Desk) -> None:
    called = await place.ask("set_welcome", channel_id="main", text="Hello", by_model=True)
    assert (called.preview, place.book.changes) == ("Welcome whoever joins in #main with: Hello", [])


async def test_a_channel_that_one_cannot_see_is_not_named(place: Desk) -> None:
    place.guild.there.pop((SECRET, MODERATOR))
    await do(place, "set_welcome", channel_id="secret", text="x")
    assert "secret" not in (await do(place, "show_welcome", user=ANN)).result.text
