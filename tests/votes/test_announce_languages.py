"""Announcements in the language of the guild, news in the language of the member who suggested."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.texts import load
from bot.core.ids import GuildId
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy.announcement_words import ENGLISH, counted, english, risk
from bot.policy.announcements import Matter, buttons, card, digest, line, risk_of
from bot.votes.announce import Announcer, Desk
from bot.votes.follow_up import FollowUp
from tests.extensions.doubles import GUILD
from tests.policy.test_announcements import ABOUT, NOON, OPEN, RESULTS
from tests.votes.test_announce import Square
from tests.votes.test_follow_up import NUMBER, suggested

TEXTS = load()


def desk(square: Square, texts: Any = TEXTS) -> Desk:
    clock = lambda: square.time  # noqa: E731
    return Desk(square.records, square.votes, square.messenger, square.book, clock, GuildId(GUILD), texts)


def german(key: str, **facts: object) -> str:
    return TEXTS(key, "de", **facts)


def test_the_catalogue_says_in_english_what_the_policy_says() -> None:
    for key, text in ENGLISH.items():
        assert TEXTS(key, "en") == text


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("ends", [NOON, NOON + timedelta(hours=1)])
def test_every_end_of_a_vote_is_said_without_english_words_or_open_slots(result: str, ends: Any) -> None:
    matter = replace(OPEN, result=result, ends=ends, because="zu teuer", version="v1")
    said = f"{line(matter, NOON, german)} {card(matter, NOON, german)} {buttons(matter, NOON, german)}"
    assert "{" not in said
    for word in ("The vote", "was ", "Why", "Open until", " against", "Tier", "Risk"):
        assert word not in said
    assert digest(matter, NOON, german) != digest(matter, NOON)


async def test_a_guild_reads_its_language_and_a_new_choice_is_edited_in(square: Square) -> None:
    square.book.change(GUILD, {"language": "de"}, "ann")  # type: ignore[arg-type]
    square.open()
    announcer = Announcer(desk(square))
    while await announcer.round():
        pass
    post = square.messenger.sent[0][1]
    assert post.card is not None
    assert {name for name, _ in post.card.fields} == {"Stufe", "Stimmen", "Offen bis", "Version"}
    assert ("Stimmen", "0 dafür, 0 dagegen, 0 enthalten") in post.card.fields
    assert [one.label for one in post.buttons] == ["Dafür", "Dagegen", "Enthaltung", "Warum?", "Ablehnen"]
    assert await announcer.round() == 0, "said once"
    square.book.change(GUILD, {"language": "pl"}, "ann")  # type: ignore[arg-type]
    assert await announcer.round() == 1
    assert square.messenger.edits[-1][2].buttons[0].label == "Za"
    assert len(square.messenger.sent) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"language": "fr"}, "est en service dans v1.4. Merci."),
        ({}, "работает в v1.4. Спасибо."),
        ({"language": "xx"}, "is live in v1.4. Thank you."),
    ],
)
async def test_news_come_in_the_members_language_else_the_guilds(
    square: Square, row: dict[str, Any], said: str
) -> None:
    square.book.change(GUILD, {"language": "ru"}, "ann")  # type: ignore[arg-type]
    suggested(square, guild=GUILD, **row)
    square.outcome("healthy", version="v1.4", suggestions=[NUMBER])
    assert await FollowUp(desk(square)).round() == 1
    assert said in square.messenger.sent[-1][1].text


@pytest.fixture
def square() -> Square:
    return Square()


def test_risks_are_known_again() -> None:
    gate = Verdict(
        "gate", Status.FAIL, "", children=(Verdict("tests", Status.PASS, ""), Verdict("lint", Status.FAIL, ""))
    )
    assert risk(risk_of(None)[0], german).startswith("unbekannt")
    assert risk(risk_of(gate)[0], german) == "ein Mensch sollte sich das ansehen: lint"
    assert risk("something else", german) == "something else"
    assert risk(risk_of(gate)[0], english) == risk_of(gate)[0]


@given(st.text(max_size=60))
def test_whatever_is_not_a_count_stays_as_it_is(text: str) -> None:
    assert counted(text, english) == text
    assert counted(f"3 for, 1 against, 0 abstained; {text}", german) == f"3 dafür, 1 dagegen, 0 enthalten; {text}"


def test_what_is_named_by_members_is_not_read_as_a_text() -> None:
    matter = Matter(replace(ABOUT, title="{pull}"), result="refused", because="{head} {pull}")
    assert line(matter, NOON, german) == "#3 wurde abgelehnt: {head} {pull}"
    assert int(Tier.VALIDATED) == 2
    assert dict(card(OPEN, NOON, german).fields)["Stufe"].startswith("2, geprüft")
