"""Stops are heeded at once here, soon elsewhere, and never taken back by what went wrong."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.chat.flag_book import RecordsFlagBook
from bot.core.chat import HERE
from bot.core.errors import Denied, Unavailable
from bot.core.flags import Experiment, Flag, Unit
from bot.core.ids import GuildId, UserId
from bot.policy.flag_stops import CONTROLLER, TABLE, key_of
from bot.sdk.testing import DictRecords
from tests.chat.test_guild_book import Watch
from tests.extensions.doubles import ListAudit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HINT = Flag("near_hint", "experimental", "w", "o", off=False, on=True, default="on", mark="m1")
SAFE = Flag("model_answers", "safety", "w", "o", off=False, on=True, default="on", mark="m2")
ANN, GUILD = UserId("ann"), GuildId("1")


class Counting:
    """A tally that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def decided(self, flag: str, side: str) -> None:
        self.told.append((flag, side))

    def counted(self, trial: str, side: str, metric: str, outcome: str) -> None:
        self.told.append((trial, side, metric, outcome))


class Scene:
    """Two processes over the same records."""

    def __init__(self, *flags: Flag) -> None:
        self.records, self.audit, self.watch, self.tally = DictRecords(), ListAudit(), Watch(), Counting()
        self.flags = {flag.name: flag for flag in flags or (HINT, SAFE)}
        self.one, self.other = self.book(), self.book()

    def book(self, **more: Any) -> RecordsFlagBook:
        given: dict[str, Any] = {"audit": self.audit, "tally": self.tally, **more}
        return RecordsFlagBook(self.flags, self.records, lambda: NOON, self.watch, **given)

    def side(self, book: RecordsFlagBook, name: str = "near_hint", guild: str = "") -> str:
        return book.decide(name, Unit(ANN, GuildId(guild))).side


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_stop_holds_at_once_here_and_soon_elsewhere(scene: Scene) -> None:
    assert (scene.side(scene.one), scene.side(scene.other)) == ("on", "on")
    scene.one.stop("near_hint", HERE, "ada", "it confuses")
    assert (scene.side(scene.one), scene.side(scene.other)) == ("off", "on")
    scene.watch.now = 2.0
    assert scene.side(scene.other) == "off"
    assert scene.side(scene.other, "model_answers") == "on", "nothing else is stopped"
    assert scene.audit.acts() == [("ada", "flag.stop", "it confuses")]


def test_a_stop_of_one_guild_is_lifted_there_alone(scene: Scene) -> None:
    scene.one.stop("near_hint", GUILD, "ada", "here")
    scene.one.stop("near_hint", HERE, "bob", "everywhere")
    assert [stop.by for stop in scene.one.stops()] == ["bob", "ada"]
    assert scene.one.lift("near_hint", HERE, "bob", "again")
    assert (scene.side(scene.one, guild="1"), scene.side(scene.one, guild="2")) == ("off", "on")
    assert not scene.one.lift("near_hint", GuildId("2"), "eve", "mine")
    assert scene.side(scene.one, guild="1") == "off"
    assert [act for _by, act, _why in scene.audit.acts()] == ["flag.stop", "flag.stop", "flag.lift"]


def test_a_safety_flag_is_only_ever_switched_to_its_safe_side(scene: Scene) -> None:
    scene.one.stop("model_answers", HERE, "ada", "it is rude")
    with pytest.raises(Denied, match="safety flag"):
        scene.one.lift("model_answers", HERE, "ada", "it is kind again")
    assert scene.side(scene.one, "model_answers") == "off"
    changed = Scene(Flag("model_answers", "safety", "w2", "o", off=False, on=True, default="on", mark="m3"))
    changed.records = scene.records
    assert changed.side(changed.book(), "model_answers") == "on", "a pull request that changes it begins anew"


def test_what_the_controller_stopped_nobody_lifts_here(scene: Scene) -> None:
    row = {"flag": "near_hint", "guild": "", "by": CONTROLLER, "reason": "harm", "at": "2026", "mark": "m1"}
    scene.records.put(TABLE, key_of("near_hint", HERE, CONTROLLER), row)
    assert scene.side(scene.one) == "off"
    scene.one.stop("near_hint", HERE, "ada", "me too")
    with pytest.raises(Denied, match="the controller stopped near_hint"):
        scene.one.lift("near_hint", HERE, "ada", "I like it")
    assert scene.side(scene.one) == "off"


def test_what_cannot_be_put_on_record_is_not_stopped(scene: Scene) -> None:
    scene.audit.broken = True
    with pytest.raises(Unavailable):
        scene.one.stop("near_hint", HERE, "ada", "x")
    with pytest.raises(Denied, match="no audit log"):
        scene.book(audit=None).stop("near_hint", HERE, "ada", "x")
    assert scene.side(scene.one) == "on"


def test_records_that_were_never_read_leave_everybody_on_the_safe_side(scene: Scene) -> None:
    class Away(DictRecords):
        away = True

        def scan(self, table: str, prefix: str = "") -> Any:
            if self.away:
                raise Unavailable("records", "the disk is away")
            return super().scan(table, prefix)

    scene.records = Away()
    book = scene.book()
    assert book.decide("near_hint", Unit(ANN)).because == "the records cannot be read: it may be stopped"
    scene.records.away, scene.watch.now = False, 5.0
    assert scene.side(book) == "on"
    scene.records.away, scene.watch.now = True, 10.0
    assert scene.side(book) == "on", "what was read last holds"


def test_decisions_are_counted_and_explanations_are_not(scene: Scene) -> None:
    scene.one.explain("near_hint", Unit(ANN))
    assert scene.tally.told == []
    scene.side(scene.one)
    assert scene.tally.told == [("near_hint", "on")]
    with pytest.raises(KeyError):
        scene.one.explain("moderation", Unit(ANN))


def test_only_who_is_asked_for_in_earnest_takes_part() -> None:
    plan = Experiment("unanswered", (), 20, 28, 1, 1, 0.05)
    scene = Scene(Flag("near_hint", "experimental", "w", "o", off=False, on=True, share=50, experiment=plan, mark="m"))
    joined: list[str] = []

    class Trials:
        def joined(self, user: UserId, _flag: Flag, decision: Any) -> None:
            joined.append(f"{user} {decision.trial}")

    book = scene.book(trials=Trials())
    book.explain("near_hint", Unit(ANN))
    assert joined == []
    book.decide("near_hint", Unit(ANN))
    assert joined == ["ann near_hint-m"]
