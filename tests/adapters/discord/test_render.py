"""Posts and answers in Discord's form."""

from dataclasses import replace

import pytest

from bot.adapters.discord.buttons import file_of, is_fix, under
from bot.adapters.discord.errors import discord_errors
from bot.adapters.discord.payload import chosen, slash, written
from bot.adapters.discord.render import LARGEST, Buttons, Piece, asked, custom_id, pieces, upload
from bot.adapters.discord.words import ENGLISH, Words, english
from bot.core.chat import Button, Card, File, Outcome, Post
from bot.core.errors import Unavailable
from bot.policy.rendering import arrange
from tests.adapters.discord.doubles import ANSWER

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("button", ["vote:1", f"feedback/{'a' * 32}/fix", "x" * 98])
def test_a_button_that_asks_keeps_its_question_as_far_as_there_is_room(button: str) -> None:
    identity = custom_id(Button(button, "Fix", asks="What should be different about this answer of mine?"))
    assert len(identity) <= 100
    found = asked(identity)
    assert found is not None
    assert found[0] == button
    assert "What should be different".startswith(found[1].removesuffix("…")[:24])
    assert asked(custom_id(Button(button, "Go"))) is None


def test_views_are_never_kept_in_memory() -> None:
    async def made() -> bool:
        return Buttons(arrange([Button("a:1", "A")])).is_dispatchable()

    import asyncio

    assert asyncio.run(made()) is False


def test_too_many_or_too_large_files_are_left_out() -> None:
    many = [File(f"{number}.txt", b"x") for number in range(12)]
    assert len(upload(many)) == 10
    large = [File("a", b"x" * LARGEST), File("b", b"x"), File("", b"")]
    assert [one.filename for one in upload(large)] == ["a", "file"]


def test_what_comes_with_a_post_is_on_its_last_message() -> None:
    first, last = pieces(Post("word " * 700, Card("c"), (Button("a:1", "A"),)))
    assert (first.card, first.buttons) == (None, ())
    assert (last.card, last.buttons) == (Card("c"), (Button("a:1", "A"),))
    assert pieces(Post(" ")) == []
    assert pieces(Post(card=Card("c"))) == [Piece("", Card("c"))]
    assert all(piece.quiet for piece in pieces(replace(ANSWER, text="word " * 700, model="x:y")))


def test_buttons_under_answers() -> None:
    assert [one.label for one in under(ANSWER, Words(), "en")] == ["Helpful", "Not helpful", "Fix this"]
    assert under(replace(ANSWER, outcome=Outcome.REJECTED), Words(), "en") == ()
    assert under(replace(ANSWER, id=""), Words(), "en") == ()
    full = tuple(Button(f"x:{number}", "x") for number in range(21))
    assert under(replace(ANSWER, buttons=full), Words(), "en") == ()
    long = under(replace(ANSWER, text="word " * 2000), Words(), "en")
    assert [file_of(one.id) for one in long] == [0, 0, 0, 6]
    assert [is_fix(one.id) for one in long] == [False, False, True, False]


def test_interactions_are_taken_apart() -> None:
    option = {"name": "topic", "type": 3, "value": "ca", "focused": True}
    data = {"name": "memory", "options": [{"name": "forget", "type": 1, "options": [option]}]}
    said = slash(data)
    assert (said.name, said.arguments, said.typing) == ("memory forget", {"topic": "ca"}, "topic")
    deep = {"name": "a", "options": [{"name": "b", "type": 2, "options": [{"name": "c", "type": 1}]}]}
    assert slash(deep).name == "a b c"
    assert chosen({"custom_id": "mw:menu", "values": ["a:1"]}) == "a:1"
    assert chosen({"custom_id": "a:1"}) == "a:1"
    assert written({"components": [{"type": 1, "components": [{"type": 4, "value": "why"}]}]}) == "why"
    assert written({"components": [{"type": 18, "component": {"type": 4, "value": "why"}}]}) == "why"
    assert written({}) == ""


def test_words_fall_back_to_english() -> None:
    def german(key: str, locale: str, /, **facts: object) -> str:
        return {"feedback.up": "Hilfreich"}[key]

    words = Words(german)
    assert words("feedback.up", "de") == "Hilfreich"
    assert words("feedback.down", "de") == "Not helpful"
    assert words.maybe("feedback.down", "de") == ""
    assert english("discord.busy", "en", seconds=3).endswith("in 3 seconds.")
    assert all(text.strip() for text in ENGLISH.values())


def test_errors_of_the_network_are_unavailable_and_say_no_address() -> None:
    with pytest.raises(Unavailable) as raised, discord_errors("write"):
        raise OSError("https://discord.com/api/webhooks/1/token")
    assert "token" not in str(raised.value)
    assert raised.value.retry_after is not None
