from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat import Line
from bot.core.ids import UserId
from bot.extensions.summary import extract


async def test_the_sentences_that_carry_most_in_their_order(desk) -> None:
    desk.said("lol")
    desk.said("The release is on Friday because the release hall is closed on Thursday.")
    desk.said("ok", user="bob")
    desk.said("Then the release cake must be ready on Friday.", user="bob")
    desk.said("!roll 2d6")
    desk.said("I am the bot and talk of the release Friday release Friday.", by_bot=True)
    desk.said("!summary 2")
    called = await desk.call("summarise", sentences=2)
    lines = called.result.facts["list"].splitlines()
    assert lines == [
        "- Ann: The release is on Friday because the release hall is closed on Thursday.",
        "- Bob: Then the release cake must be ready on Friday.",
    ]
    assert "bot" not in called.result.text


async def test_too_little_is_said(desk) -> None:
    desk.said("hello")
    desk.said("!summary")
    called = await desk.call("summarise")
    assert (called.fate, called.result.key) == ("refused", "too_little")


@given(st.lists(st.text(max_size=60), max_size=12), st.integers(1, 10))
def test_whatever_was_said_is_quoted_and_not_invented(texts: list[str], most: int) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    lines = [Line(UserId("ann"), "Ann", text, at) for text in texts]
    picked = extract(lines, most)
    assert len(picked) <= most
    assert all(any(sentence in line.text for line in lines) for _, sentence in picked)
