from typing import Any

import pytest

from bot.chat.guild_book import TABLE, RecordsGuildBook
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.guild_settings import GuildSettings
from bot.core.ids import GuildId, UserId
from bot.sdk.testing import DictRecords
from tests.extensions.doubles import ListAudit

GUILD, OTHER, ANN = GuildId("1"), GuildId("11"), UserId("ann")


class Watch:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def records() -> DictRecords:
    return DictRecords()


@pytest.fixture
def audit() -> ListAudit:
    return ListAudit()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def book(records: DictRecords, audit: ListAudit, watch: Watch) -> RecordsGuildBook:
    return RecordsGuildBook(records, audit, watch)


def test_a_guild_that_was_never_set_up_has_the_defaults(book: RecordsGuildBook) -> None:
    assert book.read(GUILD) == GuildSettings(GUILD)


def test_a_change_is_in_force_at_once_for_its_guild_alone(book: RecordsGuildBook) -> None:
    changed = book.change(GUILD, {"language": "de"}, ANN)
    assert (changed.language, changed.version) == ("de", 1)
    assert book.read(GUILD) == changed
    assert book.read(OTHER) == GuildSettings(OTHER)
    assert book.read(GuildId("")) == GuildSettings(GuildId(""))


def test_each_change_is_on_record_with_both_values(book: RecordsGuildBook, audit: ListAudit) -> None:
    book.change(GUILD, {"language": "de", "memory": "off"}, ANN)
    [entry] = audit.rows
    assert (entry.actor, entry.act, entry.subject) == ("ann", "settings", "guild 1")
    assert entry.facts == {"language": "none -> de", "memory": "on -> off"}


def test_what_cannot_be_put_on_record_is_not_changed(book: RecordsGuildBook, audit: ListAudit) -> None:
    audit.broken = True
    with pytest.raises(Unavailable):
        book.change(GUILD, {"language": "de"}, ANN)
    audit.broken = False
    assert book.read(GUILD) == GuildSettings(GUILD)


def test_without_an_audit_log_nothing_can_be_changed(records: DictRecords, watch: Watch) -> None:
    with pytest.raises(Denied, match="no audit log"):
        RecordsGuildBook(records, None, watch).change(GUILD, {"language": "de"}, ANN)
    assert records.scan(TABLE) == []


def test_a_bad_value_changes_nothing_and_leaves_no_entry(book: RecordsGuildBook, audit: ListAudit) -> None:
    with pytest.raises(Misconfigured, match="per_user cannot be '900': it takes 1 to 60"):
        book.change(GUILD, {"per_user": 900}, ANN)
    assert (audit.rows, book.read(GUILD).version) == ([], 0)


def test_the_same_value_again_is_no_new_version(book: RecordsGuildBook, audit: ListAudit) -> None:
    book.change(GUILD, {"language": "de"}, ANN)
    assert book.change(GUILD, {"language": "de"}, ANN).version == 1
    assert len(audit.rows) == 1


def test_undo_goes_back_step_by_step_to_the_defaults(book: RecordsGuildBook) -> None:
    for language in ("de", "fr", "es"):
        book.change(GUILD, {"language": language}, ANN)
    seen = [book.undo(GUILD, ANN).language for _ in range(3)]
    assert seen == ["fr", "de", ""]
    assert book.read(GUILD).version == 6
    with pytest.raises(Misconfigured, match="no earlier version"):
        book.undo(GUILD, ANN)


def test_undo_after_a_change_after_an_undo(book: RecordsGuildBook) -> None:
    book.change(GUILD, {"language": "de"}, ANN)
    book.change(GUILD, {"per_user": 5}, ANN)
    book.undo(GUILD, ANN)
    book.change(GUILD, {"per_user": 7}, ANN)
    back = book.undo(GUILD, ANN)
    assert (back.language, back.per_user) == ("de", 20)


def test_nothing_to_undo(book: RecordsGuildBook, audit: ListAudit) -> None:
    with pytest.raises(Misconfigured, match="no earlier version"):
        book.undo(GUILD, ANN)
    assert audit.rows == []


def test_another_process_sees_it_after_the_refresh(
    book: RecordsGuildBook, records: DictRecords, audit: ListAudit, watch: Watch
) -> None:
    other = RecordsGuildBook(records, audit, watch, refresh=20.0)
    assert other.read(GUILD).language == ""
    book.change(GUILD, {"language": "de"}, ANN)
    assert other.read(GUILD).language == "", "reads come from this process"
    watch.now = 20.0
    assert other.read(GUILD).language == "de"


def test_a_change_stands_on_what_another_process_wrote(
    book: RecordsGuildBook, records: DictRecords, audit: ListAudit, watch: Watch
) -> None:
    other = RecordsGuildBook(records, audit, watch)
    other.read(GUILD)
    book.change(GUILD, {"language": "de"}, ANN)
    after = other.change(GUILD, {"per_user": 5}, ANN)
    assert (after.language, after.per_user, after.version) == ("de", 5, 2)


def test_of_two_changes_at_the_same_time_both_are_in_force(audit: ListAudit, watch: Watch) -> None:
    class Racing(DictRecords):
        """Another process writes between the look and the write, once."""

        raced = False

        def add(self, table: str, key: str, row: Any) -> bool:
            if table == TABLE and not self.raced:
                self.raced = True
                RecordsGuildBook(self, audit, watch).change(GUILD, {"language": "fr"}, UserId("bob"))
            return super().add(table, key, row)

    records = Racing()
    after = RecordsGuildBook(records, audit, watch).change(GUILD, {"per_user": 5}, ANN)
    assert (after.language, after.per_user, after.version) == ("fr", 5, 2)


def test_a_guild_whose_number_begins_like_anothers_keeps_its_own(book: RecordsGuildBook) -> None:
    book.change(OTHER, {"language": "de"}, ANN)
    book.change(GUILD, {"language": "fr"}, ANN)
    assert (book.read(GUILD).language, book.read(OTHER).language) == ("fr", "de")


def test_old_versions_go(book: RecordsGuildBook, records: DictRecords) -> None:
    for number in range(60):
        book.change(GUILD, {"retention_days": number}, ANN)
    kept = [key for key, _ in records.scan(TABLE)]
    assert len(kept) == 20

    def back(times: int) -> None:
        for _ in range(times):
            book.undo(GUILD, ANN)

    with pytest.raises(Misconfigured, match="only the last 20 versions are kept"):
        back(60)


def test_a_damaged_row_gives_what_of_it_holds(records: DictRecords, book: RecordsGuildBook) -> None:
    records.put(TABLE, "1/00000004", {"version": 4, "language": "de", "per_user": "a lot"})
    assert (book.read(GUILD).language, book.read(GUILD).per_user) == ("de", 20)
    assert book.change(GUILD, {"per_user": 6}, ANN).version == 5
