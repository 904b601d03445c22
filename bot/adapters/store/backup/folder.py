"""The backups of one home folder: each a folder of copies, named by when it was made and what it holds."""

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.adapters.files import locked, replace, sync_folder
from bot.adapters.store.backup import manifest, parts
from bot.adapters.store.backup.manifest import ID, NAME, Manifest, Part
from bot.adapters.store.backup.parts import Source
from bot.core.backup import Receipt
from bot.core.errors import Denied, MegawattsError, Misconfigured, Unavailable
from bot.core.ports import Clock
from bot.core.verdict import Status, Verdict

_MAKING = ".making-"


class FolderBackups:
    """`core.backup.Backups` in a folder, for what `sources` names; several processes may make them, one by one.

    A backup has its id only once every copy is verified and on disk: what a kill leaves is removed by the next.
    """

    def __init__(self, folder: Path, sources: Callable[[], Sequence[Source]], clock: Clock) -> None:
        self.folder = Path(folder)
        self._sources, self._clock = sources, clock

    async def make(self, reason: str, *, keep: int) -> Receipt:
        """As the door says; the copying does not hold up the event loop."""
        return await asyncio.to_thread(self.made, reason, keep)

    async def verify(self, id: str) -> Verdict:  # noqa: A002  (as the door calls it)
        """Whether every file is there and has the bytes that it was made with."""
        return await asyncio.to_thread(self.verified, id)

    async def receipts(self) -> Sequence[Receipt]:
        """Those whose manifest can be read, oldest first."""
        return await asyncio.to_thread(self.known)

    def made(self, reason: str, keep: int) -> Receipt:
        """Make one now."""
        with _mapped(self.folder), self._alone():
            work = Path(tempfile.mkdtemp(prefix=_MAKING, dir=self.folder))
            try:
                receipt = self._written(work, reason)
                work.rename(self.folder / receipt.id)
            except BaseException:
                shutil.rmtree(work, ignore_errors=True)
                raise
            sync_folder(self.folder)
            self._prune(keep)
        return receipt

    def verified(self, id: str, *, deep: bool = False) -> Verdict:  # noqa: A002  (as the door calls it)
        """As `verify`; `deep` opens every copy again, as a restore would."""
        try:
            with _mapped(self.folder):
                found = self.manifest(id)
                for part in found.parts:
                    _same(self.folder / id, part)
                    if deep:
                        parts.check(part.kind, self.folder / id / part.file, part.facts)
        except (Denied, Misconfigured) as error:
            return Verdict("backup", Status.FAIL, str(error))
        size = sum(part.size for part in found.parts)
        return Verdict("backup", Status.PASS, f"backup {id} is whole", facts={"digest": found.digest, "bytes": size})

    def known(self) -> Sequence[Receipt]:
        """As `receipts`."""
        found = []
        for folder in sorted(self.folder.glob("*Z-*")) if self.folder.is_dir() else ():
            with suppress(Denied):
                found.append(manifest.read(folder).receipt())
        return found

    def manifest(self, id: str) -> Manifest:  # noqa: A002  (as the door calls it)
        """What a backup holds. Denied if there is none of that id."""
        if not ID.fullmatch(id) or not (self.folder / id).is_dir():
            raise Denied(
                f"there is no backup {id[:60]!r} in {self.folder}: `megawatts backup --list` shows those there are"
            )
        return manifest.read(self.folder / id)

    def restore(self, id: str, into: Path, address: str = "") -> Manifest:  # noqa: A002  (as above)
        """Put a whole backup into a home folder that is empty, and a database into an empty one.

        Denied if the backup is not whole; Misconfigured if anything is in the way. Nothing is ever overwritten.
        """
        found = self.verified(id)
        if not found.passed:
            raise Denied(found.because)
        if into.exists() and any(into.iterdir()):
            raise Misconfigured(f"{into} is not empty, and nothing is restored over what is there: name another folder")
        held = self.manifest(id)
        if any(part.kind == "postgres" for part in held.parts) and not address:
            raise Misconfigured("the backup holds a database: set DATABASE_URL to an empty one to restore it into")
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _mapped(into), _all_or_nothing(into):
            for part in held.parts:
                parts.restore(part.kind, self.folder / id / part.file, into / part.name, part.facts, address)
        return held

    def _written(self, work: Path, reason: str) -> Receipt:
        at = self._clock()
        there = [source for source in self._sources() if source.there()]
        if not there:
            raise Misconfigured(f"there is nothing to back up beside {self.folder}: is it the right home folder?")
        copied = [part for source in there for part in _copied(source, work)]
        found = Manifest(at, reason, tuple(copied))
        replace(work / NAME, found.text().encode())
        return found.receipt()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self.folder / ".lock"):
            for left in self.folder.glob(f"{_MAKING}*"):
                shutil.rmtree(left, ignore_errors=True)
            yield

    def _prune(self, keep: int) -> None:
        names = sorted(one.name for one in self.folder.iterdir() if ID.fullmatch(one.name))
        for name in names[: -max(1, keep)]:
            # Out of the way first: what is half removed must not look like a backup.
            gone = self.folder / f"{_MAKING}{name}"
            (self.folder / name).rename(gone)
            shutil.rmtree(gone, ignore_errors=True)


def _copied(source: Source, work: Path) -> Iterator[Part]:
    """The file or files of one source."""
    file = source.name.replace("/", "--")
    facts = source.copy(work / file)
    yield _part(source.name, source.kind, work / file, facts)
    if source.kind == "log" and (work / f"{file}.head").exists():
        yield _part(f"{source.name}.head", "file", work / f"{file}.head", {})


def _part(name: str, kind: str, file: Path, facts: object) -> Part:
    file.chmod(0o600)
    with file.open("rb") as held:
        os.fsync(held.fileno())
        digest = hashlib.file_digest(held, "sha256").hexdigest()
    return Part(name, kind, file.stat().st_size, digest, dict(facts) if isinstance(facts, dict) else {})


def _same(folder: Path, part: Part) -> None:
    path = folder / part.file
    try:
        with path.open("rb") as held:
            digest = hashlib.file_digest(held, "sha256").hexdigest()
    except FileNotFoundError:
        raise Denied(f"backup {folder.name} is not whole: {part.name} is missing") from None
    if path.stat().st_size != part.size or digest != part.sha256:
        raise Denied(f"backup {folder.name} is not whole: {part.name} is not what was copied")


@contextmanager
def _all_or_nothing(into: Path) -> Iterator[None]:
    """A folder that was empty before is empty again if it cannot be filled."""
    try:
        yield
    except BaseException:
        for left in into.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        raise


@contextmanager
def _mapped(folder: Path) -> Iterator[None]:
    try:
        yield
    except MegawattsError:
        raise
    except OSError as error:
        raise Unavailable("backup", f"{folder}: {error.strerror or error}") from error
