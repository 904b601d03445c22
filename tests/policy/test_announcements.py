from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.core.votes import Subject
from bot.policy.announcements import (
    CHOICES,
    Edit,
    Matter,
    Open,
    Say,
    Send,
    Told,
    buttons,
    card,
    deeds,
    digest,
    line,
    news,
    pressed,
    risk_of,
    stand,
    unsaid,
)
from bot.policy.buttons import asked

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = "ab" * 20
ABOUT = Subject(3, HEAD, "clearer help", "words only", Tier.VALIDATED, "low", (("tests", "pass"), ("types", "fail")))  # type: ignore[arg-type]
TALLY = Verdict("vote", Status.PENDING, "1 for, 0 against, 0 abstained; open until later")
OPEN = Matter(ABOUT, None, TALLY, NOON + timedelta(hours=1))
VOIDED = Matter(replace(ABOUT, voided_by="cd" * 20))
RESULTS = ("", "open", "rejected", "refused", "merged", "healthy", "reverted")


def told(matter: Matter = OPEN, **more: object) -> Told:
    return Told(**{"message": "m1", "thread": "t1", "shown": digest(matter, NOON), **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("matter", "where"),
    [
        (OPEN, "open"),
        (replace(OPEN, ends=NOON), "closed"),
        (VOIDED, "voided"),
        (replace(OPEN, result="rejected"), "refused"),
        (replace(OPEN, result="merged"), "merged"),
        (replace(OPEN, result="healthy"), "live"),
        (replace(OPEN, result="reverted"), "reverted"),
        (replace(OPEN, result="open"), "open"),
    ],
)
def test_where_it_stands(matter: Matter, where: str) -> None:
    assert stand(matter, NOON) == where


def test_first_it_is_announced_then_gets_its_thread_then_rests() -> None:
    assert deeds(OPEN, Told(), NOON) == (Send(),)
    assert deeds(OPEN, told(thread=""), NOON) == (Open("#3 clearer help"),)
    assert deeds(OPEN, told(), NOON) == ()


def test_a_vote_changes_the_card_and_nothing_else() -> None:
    voted = replace(OPEN, tally=replace(TALLY, because="2 for, 0 against, 0 abstained; open"))
    assert deeds(voted, told(), NOON) == (Edit(),)


def test_the_outcome_is_edited_in_and_said_once() -> None:
    merged = replace(OPEN, result="merged", because="agreed")
    first = deeds(merged, told(), NOON)
    assert [type(one) for one in first] == [Edit, Say]
    assert first[1] == Say("merged", "#3 was merged; its health is being watched.")
    assert deeds(merged, told(merged, said=("merged",)), NOON) == ()
    live = replace(merged, result="healthy", version="v1.4.0")
    assert deeds(live, told(live, said=("merged",)), NOON) == (Say("live", "#3 is live in v1.4.0 and healthy."),)


@pytest.mark.parametrize("matter", [replace(OPEN, ends=NOON), VOIDED, replace(OPEN, result="merged")])
def test_what_ended_before_it_was_announced_is_not_announced(matter: Matter) -> None:
    assert deeds(matter, Told(), NOON) == ()


def test_a_push_is_said_and_takes_the_buttons_away() -> None:
    assert buttons(VOIDED, NOON) == ()
    assert "void: cdcdcdc was pushed" in line(VOIDED, NOON)
    assert ("Outcome", line(VOIDED, NOON)) in card(VOIDED, NOON).fields
    assert [type(one) for one in deeds(VOIDED, told(), NOON)] == [Edit, Say]


def test_the_card_says_what_members_need() -> None:
    shown = dict(card(OPEN, NOON).fields)
    assert card(OPEN, NOON).title == "#3 clearer help"
    assert card(OPEN, NOON).text == "words only"
    assert shown["Tier"].startswith("2, validated")
    assert shown["Risk"] == "low"
    assert shown["Stages"] == "✅ tests ❌ types"
    assert shown["Votes"] == "1 for, 0 against, 0 abstained"
    assert "2026-03-01 13:00 UTC" in shown["Open until"]
    assert shown["Version"] == HEAD[:12]


def test_buttons_name_number_head_and_choice() -> None:
    found = [one.id for one in buttons(OPEN, NOON)]
    assert found == [f"vote/3/{HEAD[:12]}/{word}" for word in ("for", "against", "abstain", "why", "reject")]
    assert all(len(one) <= 100 for one in found)
    [asks] = [one.asks for one in buttons(OPEN, NOON) if one.asks]
    assert "Why should it be rejected?" in asks
    assert [one.id for one in buttons(replace(OPEN, result="merged"), NOON)] == [f"vote/3/{HEAD[:12]}/why"]


def test_a_button_comes_back_as_it_was() -> None:
    assert pressed(f"vote/3/{HEAD[:12]}/for") == (3, HEAD[:12], "for")
    assert asked(f"vote/3/{HEAD[:12]}/for") == ("vote", {"pull": "3", "head": HEAD[:12], "choice": "for"})
    assert asked(f"vote/3/{HEAD[:12]}/why") == ("explain_proposal", {"pull": "3"})
    rejected = asked(f"vote/3/{HEAD[:12]}/reject", "spam")
    assert rejected == ("reject_proposal", {"pull": "3", "head": HEAD[:12], "reason": "spam"})
    assert asked("plan/0123456789ab/answer", "so") == ("answer_plan", {"number": "0123456789ab", "text": "so"})
    assert asked("setup/language/de") == ("set_up", {"step": "language", "value": "de"})
    assert asked("setup/votes", "#votes") == ("set_up", {"step": "votes", "value": "#votes"})
    assert asked("feedback/answer-3/fix", "wrong") == ("fix_answer", {"answer": "answer-3", "text": "wrong"})


@pytest.mark.parametrize(
    "button",
    [
        "", "vote", "vote/3", f"vote/3/{HEAD[:12]}/maybe", f"vote/x/{HEAD[:12]}/for", f"vote/3/{HEAD}/for",
        f"vote/3/{HEAD[:12]}/for/", f" vote/3/{HEAD[:12]}/for", f"vote/3/{HEAD[:12]}/for\n", f"VOTE/3/{HEAD[:12]}/for",
        f"vote/-3/{HEAD[:12]}/for", f"vote/9999999999/{HEAD[:12]}/for", "stop/now", "plan/../go", "override/3",
        "setup/language/de/x", "feedback/../fix",
    ],
)  # fmt: skip
def test_a_forged_id_is_none_of_ours(button: str) -> None:
    assert pressed(button) is None
    assert asked(button, "text") is None


@given(st.text(max_size=60), st.text(max_size=20))
def test_no_text_makes_a_button_into_a_tool_that_has_none(button: str, text: str) -> None:
    found = asked(button, text)
    tools = {
        "vote",
        "explain_proposal",
        "reject_proposal",
        "answer_plan",
        "start_plan",
        "keep_plan",
        "set_up",
        "fix_answer",
    }
    assert found is None or found[0] in tools


def test_a_chosen_value_is_not_overwritten_by_a_text() -> None:
    assert asked("setup/language/de", "fr") == ("set_up", {"step": "language", "value": "de"})


@given(st.sampled_from(RESULTS), st.booleans(), st.integers(-10, 10), st.booleans(), st.booleans())
def test_done_once_nothing_is_left(result: str, void: bool, hours: int, message: bool, thread: bool) -> None:
    """Whatever the state, doing what is asked ends, and asks for no second message or thread."""
    about = replace(ABOUT, voided_by="cd" * 20) if void else ABOUT
    matter = Matter(about, None, TALLY, NOON + timedelta(hours=hours), result, "because")
    state, sent = Told("m" if message else "", "t" if message and thread else "", "old", ()), 0
    for _ in range(6):
        todo = deeds(matter, state, NOON)
        if not todo:
            break
        for one in todo:
            sent += isinstance(one, Send)
            state = {
                Send: replace(state, message="m", shown=digest(matter, NOON)),
                Edit: replace(state, shown=digest(matter, NOON)),
                Open: replace(state, thread="t"),
                Say: replace(state, said=(*state.said, getattr(one, "key", ""))),
            }[type(one)]
    assert deeds(matter, state, NOON) == ()
    assert sent == (0 if message else int(stand(matter, NOON) == "open"))
    assert len(state.said) <= 1


@given(st.text(max_size=3000), st.text(max_size=3000), st.text(max_size=3000))
def test_foreign_words_stay_within_what_a_card_holds(title: str, summary: str, because: str) -> None:
    about = replace(ABOUT, title=title, summary=summary, risk=summary)
    shown = card(Matter(about, None, TALLY, None, "rejected", because), NOON)
    assert len(shown.title) <= 256
    assert len(shown.text) <= 4096
    assert all(0 < len(name) <= 256 and 0 < len(text) <= 1024 for name, text in shown.fields)
    assert "\n" not in shown.title + shown.text + "".join(text for _, text in shown.fields)


def test_risk_names_the_stages_to_look_at() -> None:
    passes, unsure = Verdict("tests", Status.PASS, ""), Verdict("behaviour", Status.PENDING, "differs")
    approval = Verdict("approval", Status.PENDING, "waits")
    assert risk_of(Verdict("gate", Status.PASS, "", (passes, approval)))[0] == "low: every stage passes"
    risk, badges = risk_of(Verdict("gate", Status.PENDING, "", (passes, unsure)))
    assert risk == "a person should look at behaviour"
    assert badges == (("tests", "pass"), ("behaviour", "pending"))
    assert risk_of(None) == ("unknown: it was not validated", ())


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"result": "open", "pull": 4, "title": "a b"}, "Your suggestion became #4: a b."),
        ({"result": "rejected", "pull": 4, "because": "spam"}, "Your suggestion (#4) was rejected: spam"),
        ({"result": "healthy", "pull": 4, "version": "v1.4"}, "Your suggestion (#4) is live in v1.4. Thank you."),
        ({"result": "healthy", "pull": 4}, "Your suggestion (#4) is live. Thank you."),
        ({"result": "reverted", "pull": 4, "because": "slow"}, "Your suggestion (#4) was taken back: slow"),
    ],
)
def test_news_in_a_sentence(row: dict[str, object], text: str) -> None:
    assert news(row) == (f"{row['result']}/4", text)


@pytest.mark.parametrize("row", [{}, {"result": ""}, {"result": "odd"}])
def test_no_news(row: dict[str, object]) -> None:
    assert news(row) is None


def test_of_several_only_the_latest_and_only_once() -> None:
    rows = [{"result": "open", "pull": 4, "at": "1"}, {"result": "merged", "pull": 4, "at": "2"}]
    [(key, _)] = unsaid((), rows)
    assert key == "merged/4"
    assert unsaid((key,), rows) == ()
    assert unsaid((), ()) == ()


def test_choices_are_those_of_a_ballot() -> None:
    assert CHOICES == ("for", "against", "abstain")
