"""The flags that the pipeline reads: each changes what members meet, and a bad file changes nothing but the flags."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app import bot_wiring
from bot.app.bot_wiring import DATA, World, assemble
from bot.chat import flags
from bot.chat.flags import FILE, HISTORY_LINES, KNOWN, MODEL_ANSWERS, NEAR_HINT, WARM_TONE, fallback, load, value
from bot.core.chat import Answer
from bot.core.errors import Misconfigured
from bot.core.flags import Decision, Stopped, Unit
from bot.core.ids import GuildId, UserId
from bot.policy.flags import decide
from bot.sdk.testing import DictRecords
from tests.chat.doubles import kitchen, message, saying
from tests.policy.builders import NOW

ODD = "are robots feeling well today or what"


class Fixed:
    """A book in which every flag has the value that a test gives it."""

    def __init__(self, **values: Any) -> None:
        self.values, self.asked = {**KNOWN, **values}, set[str]()

    def decide(self, name: str, unit: Unit) -> Decision:
        assert unit.user
        self.asked.add(name)
        return Decision(name, "on", self.values[name], "as the test says")


def test_the_shipped_file_declares_what_is_read_and_nothing_else() -> None:
    declared = load()
    assert declared.keys() == KNOWN.keys()
    assert {
        flag.name: flag.value(flag.default) for flag in declared.values() if not flag.share
    }.items() <= KNOWN.items()
    assert declared[MODEL_ANSWERS].family == "safety"
    assert declared[MODEL_ANSWERS].safe == "off"


def louder(text: str) -> str:
    return f'{text}\n[louder]\nfamily = "behavioural"\nwhat = "x"\nowner = "y"\n'


def broken(text: str) -> str:
    return text.replace("off = 24", "off = 24.5").replace("on = 12", "on = 12.5").replace("max = 24", "max = 25")


@pytest.mark.parametrize(
    ("change", "because"),
    [
        (louder, r"\[louder\] is read nowhere"),
        (lambda text: text.replace("[near_hint]", "[far_hint]"), r"\[far_hint\] is read nowhere"),
        (lambda text: text.partition("[model_answers]")[0], r"\[model_answers\] is missing; declare it"),
        (broken, "of the kind int"),
        (lambda _text: "[near_hint", "is not TOML"),
    ],
)
def test_a_file_that_does_not_fit_the_code_is_refused(tmp_path: Path, change: Any, because: str) -> None:
    file = tmp_path / "flags.toml"
    file.write_text(change(FILE.read_text()))
    with pytest.raises(Misconfigured, match=because):
        load(file)
    with pytest.raises(Misconfigured, match="cannot be read"):
        load(tmp_path / "none.toml")


@pytest.mark.integration
def test_a_bot_starts_with_the_known_values_and_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "flags.toml").write_text("[near_hint]\nshare = 900\n")
    with pytest.raises(Misconfigured, match="near_hint"):
        assemble(World(DictRecords(), data=folder))
    monkeypatch.setattr(bot_wiring, "DATA", folder)
    with capture_logs() as said:
        built = assemble(World(DictRecords(), data=folder))
    assert [row["event"] for row in said] == ["flags refused: every flag has its known value"]
    assert "near_hint" in said[0]["because"]
    book = built.house.doors.flags
    assert book is not None
    assert {name: book.decide(name, Unit(UserId("ann"))).value for name in KNOWN} == dict(KNOWN)


def test_what_holds_meanwhile_can_be_stopped() -> None:

    stop = Stopped(MODEL_ANSWERS, GuildId(""), "ada", "rude", "2026", mark="of the file that is refused now")
    assert decide(fallback()[MODEL_ANSWERS], Unit(UserId("ann")), NOW, [stop]).value is False
    assert value(None, HISTORY_LINES, Unit()) == 24


async def asked(text: str, **parts: Any) -> Answer:
    answer: Answer = await kitchen(**parts).service.answer(message(text))
    return answer


@pytest.mark.integration
async def test_the_nearest_thing_is_named_where_the_flag_says_so() -> None:
    with_hint = await asked(ODD, flags=Fixed(near_hint=True))
    assert with_hint.outcome.value == "unanswered"
    assert 'Did you mean "' in with_hint.text
    assert "Did you mean" not in (await asked(ODD, flags=Fixed())).text
    assert "Did you mean" not in (await asked("qqq zzz", flags=Fixed(near_hint=True))).text


async def test_models_are_not_asked_once_they_are_stopped() -> None:
    model = saying("Hello from the model.")
    book = Fixed(model_answers=False)
    answer = await asked(ODD, thinker=model, flags=book)
    assert (answer.outcome.value, model.prompts) == ("unanswered", [])
    assert (await asked(ODD, thinker=model, flags=Fixed())).text == "Hello from the model."
    assert len(model.prompts) == 1


@pytest.mark.integration
async def test_a_model_is_given_so_many_lines() -> None:
    model = saying("Yes.")
    lines = {}
    for most in (2, 6):
        made = kitchen(thinker=model, flags=Fixed(history_lines=most))
        for number in range(5):
            await made.service.answer(message(f"something odd, number {number}"))
        lines[most] = len(model.prompts[-1].history)
    assert lines == {2: 2, 6: 6}


async def test_the_tone_follows_the_mood_where_the_flag_lets_it() -> None:
    sad = "I feel so sad and everything is terrible and awful qqq"
    texts = {
        warm: (await asked(sad, flags=Fixed(warm_tone=warm), mood=lambda _text: -0.9)).text for warm in (True, False)
    }
    assert texts[True] != texts[False]
    assert texts[True].endswith(texts[False]) or len(texts[True]) > len(texts[False])


def test_every_known_flag_is_read_by_the_pipeline() -> None:
    steps = "".join(file.read_text() for file in (DATA / "steps").glob("*.py"))
    names = {
        NEAR_HINT: "NEAR_HINT",
        WARM_TONE: "WARM_TONE",
        HISTORY_LINES: "HISTORY_LINES",
        MODEL_ANSWERS: "MODEL_ANSWERS",
    }
    assert names.keys() == KNOWN.keys()
    assert [name for name in names.values() if f"flags, {name}, turn.unit" not in steps] == []
    assert flags.FILE.name == "flags.toml"
