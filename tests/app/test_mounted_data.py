"""Mounted data is read whole or not at all, by the process whose code it was made for."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from bot.app import mounted_data
from bot.app.mounted_data import Mounted
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ids import Sha
from bot.policy.data_bundle import Bundle
from bot.policy.hot_path import FILES

pytestmark = pytest.mark.integration  # they import the bot's whole house
CODE, ONE, TWO = (Sha(char * 40) for char in "abc")
JOKE = PurePosixPath("intents/joke.toml")


@dataclass
class Living:
    """Notes where members move; the test says what does not open."""

    broken: dict[str, Exception] = field(default_factory=dict)
    tenant: Any = None
    moves: list[tuple[str, str]] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    async def move(self, revision: str, data: Path | None = None) -> None:
        if data is not None:
            self.folders.append(data)
        self.moves.append((revision, (data / JOKE).read_text() if data is not None else "own"))
        if revision in self.broken:
            raise self.broken[revision]
        self.tenant = SimpleNamespace(revision=revision)


@dataclass
class Pod:
    """One process with a mount."""

    mount: Path
    living: Living
    mounted: Mounted
    told: list[tuple[str, str]]

    def has(self, commit: str, **changed: str) -> None:
        """Mount what was promoted."""
        found = Bundle(CODE, Sha(commit), {**dict.fromkeys(FILES, ""), JOKE: commit[:1]})
        row = {"base": CODE, "revision": commit, "sha256": found.sha256, "content": found.content, **changed}
        self.puts(json.dumps(row if commit else {**dict.fromkeys(row, ""), "base": CODE}))

    def puts(self, text: str) -> None:
        fresh = self.mount.parent / "fresh"
        fresh.write_text(text)
        fresh.replace(self.mount / "data.json")

    @property
    def runs(self) -> str:
        return str(self.living.tenant.revision)

    @property
    def failed(self) -> str:
        return str(self.mounted.state()["failed"])


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pod:
    (tmp_path / "mount").mkdir()
    (tmp_path / "laid").mkdir()
    monkeypatch.setattr(mounted_data.tempfile, "tempdir", str(tmp_path / "laid"))
    living, told = Living(), []
    made = Mounted(living, tmp_path / "mount", CODE, lambda *row: told.append(row))  # type: ignore[arg-type]
    return Pod(tmp_path / "mount", living, made, told)


def laid(pod: Pod) -> list[str]:
    return [path.name for path in (pod.mount.parent / "laid").iterdir()]


async def test_a_process_starts_on_what_is_mounted(pod: Pod) -> None:
    pod.has(ONE)
    await pod.mounted.start()
    assert pod.living.moves == [(ONE, "b")], "its own data was never read"
    assert pod.mounted.state() == {"revision": ONE, "failed": ""}
    await pod.mounted.look()
    assert len(pod.living.moves) == 1, "what did not change is not read again"


@pytest.mark.parametrize("text", [None, "", "{}"])
async def test_without_data_that_can_be_read_it_starts_on_its_own(pod: Pod, text: str | None) -> None:
    if text is not None:
        pod.puts(text)
    await pod.mounted.start()
    assert pod.living.moves == [(CODE, "own")]
    assert bool(pod.failed) == (text is not None)


async def test_a_restart_on_data_that_does_not_hold_is_a_start_on_the_own(pod: Pod) -> None:
    pod.living.broken[ONE] = Misconfigured("joke.toml is not TOML")
    pod.has(ONE)
    await pod.mounted.start()
    assert pod.runs == CODE
    assert pod.told[-1] == (ONE, "data")
    assert "joke.toml is not TOML" in pod.failed


async def test_what_keeps_the_own_data_from_opening_ends_the_start(pod: Pod) -> None:
    pod.living.broken |= {ONE: Unavailable("records"), CODE: Unavailable("records")}
    pod.has(ONE)
    with pytest.raises(Unavailable):
        await pod.mounted.start()
    assert (ONE, "data") not in pod.told, "the data is not to blame"


async def test_each_change_is_read_and_what_was_laid_out_goes(pod: Pod) -> None:
    await pod.mounted.start()
    for sha in (ONE, TWO):
        pod.has(sha)
        await pod.mounted.look()
    assert pod.living.moves == [(CODE, "own"), (ONE, "b"), (TWO, "c")]
    assert len(laid(pod)) == 1
    pod.has("")
    await pod.mounted.look()
    assert pod.living.moves[-1] == (CODE, "own"), "nothing beside the image: its own again"
    assert laid(pod) == []
    assert pod.told[-1] == ("", "")


@pytest.mark.parametrize(("change", "because"), [
    ({"content": "AAAA"}, "format"),
    ({"sha256": "0" * 64}, "hash"),
    ({"revision": ONE}, "hash"),
    ({"base": TWO}, "base"),
])  # fmt: skip
async def test_what_was_edited_or_is_for_other_code_leaves_all_as_it_was(
    pod: Pod, change: dict[str, str], because: str
) -> None:
    pod.has(ONE)
    await pod.mounted.start()
    pod.has(TWO, **change)
    await pod.mounted.look()
    assert (pod.runs, pod.living.moves) == (ONE, [(ONE, "b")])
    assert pod.told[-1] == ("", because)
    assert pod.failed
    pod.has(ONE)
    await pod.mounted.look()
    assert (pod.failed, pod.told[-1]) == ("", ("", "")), "what was there before is no news"
    assert len(pod.living.moves) == 1


async def test_data_that_does_not_hold_is_not_tried_again_and_again(pod: Pod) -> None:
    await pod.mounted.start()
    pod.living.broken[ONE] = Misconfigured("no")
    pod.has(ONE)
    for _ in range(3):
        await pod.mounted.look()
    assert pod.living.moves == [(CODE, "own"), (ONE, "b")]
    assert (pod.runs, pod.told[-1], laid(pod)) == (CODE, (ONE, "data"), [])


async def test_what_failed_for_want_of_something_else_is_tried_again(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    await pod.mounted.start()
    pod.living.broken[ONE] = Unavailable("records")
    pod.has(ONE)
    await pod.mounted.look()
    assert pod.told[-1] == (ONE, "unavailable")
    await pod.mounted.look()
    assert len(pod.living.moves) == 2, "not at once"
    del pod.living.broken[ONE]
    monkeypatch.setattr(pod.mounted, "_again", asyncio.get_running_loop().time())
    await pod.mounted.look()
    assert (pod.runs, pod.failed, pod.told[-1]) == (ONE, "", ("", ""))


async def test_a_mount_that_is_gone_changes_nothing(pod: Pod) -> None:
    pod.has(ONE)
    await pod.mounted.start()
    (pod.mount / "data.json").unlink()
    await pod.mounted.look()
    assert (pod.runs, pod.failed) == (ONE, "")


async def test_no_file_of_the_mount_is_a_link_once_it_is_laid_out(pod: Pod) -> None:
    outside = pod.mount.parent / "outside.json"
    pod.has(ONE)
    (pod.mount / "data.json").rename(outside)
    (pod.mount / "data.json").symlink_to(outside)
    await pod.mounted.start()
    assert pod.runs == ONE, "a kubelet mounts by links"
    (root,) = pod.living.folders
    files = [path for path in root.rglob("*") if not path.is_dir()]
    assert len(files) == len(FILES) + 1
    assert not any(path.is_symlink() or path.stat().st_mode & 0o133 for path in files)


async def test_it_looks_until_it_is_told_to_end(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounted_data, "EVERY", 0.001)
    await pod.mounted.start()
    task = asyncio.create_task(pod.mounted.run())
    pod.has(ONE)
    async with asyncio.timeout(20):
        while pod.runs != ONE:  # noqa: ASYNC110  (a task of its own)
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await pod.mounted.close()
    assert laid(pod) == []
