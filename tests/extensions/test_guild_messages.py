import pytest

from bot.core.guild import WebhookView
from bot.core.ids import ChannelId
from tests.extensions.guild_desk import do, place
from tests.sdk.conftest import Desk
from tests.sdk.guild_double import ANN, BOT, MAIN, MODERATOR, PLAIN, SECRET

__all__ = ["place"]
HOOK = "700000000000000000"


async def test_it_is_said_where_it_is_asked(place: Desk) -> None:
    called = await do(place, "send_message", user=ANN, content="the secret plan")
    assert called.fate == "ok"
    assert place.guild.acts[0].options == {"channel": MAIN, "content": "the … plan"}, "as moderation lets it pass"


@pytest.mark.parametrize("tool", ["send_message", "edit_message", "set_welcome", "execute_webhook"])
async def test_what_moderation_refuses_is_not_said(place: Desk, tool: str) -> None:
    said = place.guild.say(MAIN, BOT, "hello")
    place.guild.hooks[HOOK] = WebhookView(HOOK, MAIN, "News")
    more = {
        "edit_message": {"message_id": said.id, "content": "badword"},
        "set_welcome": {"channel_id": "main", "text": "badword"},
        "execute_webhook": {"webhook_id": HOOK, "content": "badword"},
    }
    called = await do(place, tool, **more.get(tool, {"content": "badword"}))
    assert called.result.text == "That word is not for here."
    assert (place.guild.acts, place.book.changes) == ([], [])


async def test_where_one_of_them_may_not_speak(place: Desk) -> None:
    place.guild.there[MAIN, ANN] = frozenset({"view_channel"})
    assert (await do(place, "send_message", user=ANN, content="x")).fate == "denied"
    place.guild.there.clear()
    place.guild.there[MAIN, BOT] = frozenset({"view_channel"})
    assert "I need the permission Send Messages in #main" in (await do(place, "send_message", content="x")).result.text
    assert place.guild.acts == []


async def test_a_thread_has_its_own_permission(place: Desk) -> None:
    view = place.guild.places[MAIN]
    place.guild.places[MAIN] = type(view)(MAIN, view.guild, "main", "public_thread")
    assert "Send Messages In Threads" in (await do(place, "send_message", content="x")).result.text
    assert place.guild.acts == []


async def test_my_messages_are_changed_by_those_who_manage_messages(place: Desk) -> None:
    said = place.guild.say(MAIN, BOT, "hello")
    assert (await do(place, "edit_message", user=ANN, message_id=said.id, content="bye")).fate == "denied"
    assert (await do(place, "edit_message", message_id=said.id, content="bye")).fate == "ok"
    assert place.guild.verbs == ["edit_message"]


async def test_what_is_deleted_is_shown(place: Desk) -> None:
    said = place.guild.say(MAIN, ANN, "line one\nline two")
    called = await place.ask("delete_message", message_id=said.id)
    assert called.preview == "Delete the message of Ann in #main: “line one line two”."
    gone = await place.ask("delete_message", message_id="600000000000000009")
    assert gone.result.key == "not_found"


async def test_a_webhook_where_the_asker_cannot_look(place: Desk) -> None:
    place.guild.hooks[HOOK] = WebhookView(HOOK, ChannelId(SECRET), "Spy")
    for tool, given in (("execute_webhook", {"content": "x"}), ("delete_webhook", {})):
        there = await do(place, tool, webhook_id=HOOK, **given)
        nowhere = await do(place, tool, webhook_id="700000000000000001", **given)
        assert there.result.text == nowhere.result.text
    assert place.guild.acts == []


@pytest.mark.parametrize("name", ["Discord News", "CLYDE"])
async def test_names_that_discord_keeps_for_itself(place: Desk, name: str) -> None:
    place.guild.hooks[HOOK] = WebhookView(HOOK, MAIN, "News")
    assert (await do(place, "create_webhook", name=name)).result.key == "bad_name"
    assert (await do(place, "execute_webhook", webhook_id=HOOK, content="x", username=name)).result.key == "bad_name"
    assert place.guild.acts == []


async def test_speaking_through_a_webhook_needs_speaking(place: Desk) -> None:
    place.guild.hooks[HOOK] = WebhookView(HOOK, MAIN, "News")
    place.guild.there[MAIN, MODERATOR] = (PLAIN - {"send_messages"}) | {"manage_webhooks"}
    assert (await do(place, "execute_webhook", webhook_id=HOOK, content="x")).fate == "denied"
    place.guild.there.clear()
    assert (await do(place, "execute_webhook", webhook_id=HOOK, content="x")).fate == "ok"
    assert place.guild.acts[0].options == {"webhook": HOOK, "content": "x", "username": ""}
