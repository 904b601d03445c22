"""What one installation backs up: its own files, and the database that is set."""

from pathlib import Path

from bot.adapters.store.backup.folder import FolderBackups
from bot.adapters.store.backup.parts import Source
from bot.app.bot_wiring import now
from bot.app.home import Home
from bot.app.settings import Settings
from bot.app.stores import database_url

FOLDER = "backups"


def open_backups(settings: Settings, home: Home) -> FolderBackups:
    """The backups of a home folder, in a folder of it. Nothing is opened before one is made."""
    return FolderBackups(home.path / FOLDER, lambda: sources(settings, home), now)


def sources(settings: Settings, home: Home) -> list[Source]:
    """All that cannot be made again, in the order in which it is copied.

    The forge's database before its repository: every commit that it names is there then. What is left out is made
    again by itself: caches, clones, vectors, what the deployer runs.
    """
    address = database_url(settings).reveal()
    kept = [] if address else [Source("records.db", "sqlite", home.records), Source("audit.jsonl", "log", home.audit)]
    return [
        *kept,
        Source("stop.json", "file", home.switch),
        Source("forge/forge.db", "sqlite", home.forge / "forge.db"),
        Source("forge/repo.git", "git", home.forge / "repo.git"),
        *([_database(address)] if address else ()),
    ]


def _database(address: str) -> Source:
    """A server's, or a file elsewhere that is named as one."""
    scheme, _, rest = address.partition(":")
    if scheme.startswith("sqlite"):
        return Source("database.db", "sqlite", Path(rest.removeprefix("///")))
    return Source("database", "postgres", address=address)
