"""A person asks for another try on the embedded forge: of what has a box, and of nothing else."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.adapters.localforge.forge import LocalForge, read_dashboard
from bot.app import wiring
from bot.app.commands import build
from bot.app.home import Home
from bot.app.retry_cmd import boxes
from bot.core.errors import Denied, MegawattsError, Misconfigured
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.improve.body import Row, Section, dashboard
from bot.improve.context import Asked
from bot.improve.gate_cache import VerdictCache

pytestmark = pytest.mark.integration  # it makes repositories

REFUSED, CLOSED, QUEUED = "a" * 12, "b" * 12, "c" * 12
BOARD = (
    Section("Queued", [Row("later", "no room", idea=QUEUED)]),
    Section("Rejected", [Row("add a test", "mutation: survived", idea=REFUSED, box=True)], "Tick a box."),
    Section("Taken back", [Row("a note", "messages: worse", 7, CLOSED, box=True)]),
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source")
    (path / "a.txt").write_text("a\n")
    identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.invalid"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-q", "-m", "begin"]):
        subprocess.run(["git", "-C", str(path), *words], check=True, capture_output=True)
    return path


@pytest.fixture
def forge(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> LocalForge:
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setenv("MEGAWATTS_HOME", str(tmp_path / "home"))
    made = LocalForge.create(Home.find().create().forge, source)
    asyncio.run(made.dashboard(dashboard(BOARD)))
    return made


def run(*words: str) -> str:
    argv = ["retry", *words]
    result = CliRunner().invoke(build(argv), argv)
    if isinstance(result.exception, MegawattsError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def ticked(forge: LocalForge) -> list[str]:
    return list(asyncio.run(LocalForge(forge.desk.folder).ticked()))


def test_what_may_be_tried_again_is_listed_and_that_asks_for_nothing(forge: LocalForge) -> None:
    assert run() == f"{REFUSED}  add a test: mutation: survived\n{CLOSED}  #7 a note: messages: worse\n"
    assert json.loads(run("--json"))[0] == {"idea": REFUSED, "about": "add a test: mutation: survived"}
    assert ticked(forge) == []


def test_an_idea_is_asked_for_once_however_often_and_by_whom_is_kept(forge: LocalForge) -> None:
    assert run(REFUSED) == f"asked for {REFUSED} again: add a test: mutation: survived\n"
    assert json.loads(run(REFUSED, "--json")) == {"asked": "retry", "idea": REFUSED, "by": "ada"}
    assert ticked(forge) == [REFUSED]
    rows = [row for row in asyncio.run(forge.events()) if row["what"] == "ticked"]
    assert [(row["actor"], row["detail"]) for row in rows] == [("ada", REFUSED)]


@pytest.mark.parametrize("idea", [QUEUED, "f" * 12, "A" * 12, "x", f"{REFUSED} ", "../forge", "add a test"])
def test_what_has_no_box_is_not_asked_for(forge: LocalForge, idea: str) -> None:
    with pytest.raises(Denied, match="`megawatts retry` lists those"):
        run(idea)
    assert ticked(forge) == []


def test_the_engine_s_own_name_may_not(forge: LocalForge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", forge.desk.actor)
    with pytest.raises(Denied, match="a person asks"):
        run(REFUSED)
    assert ticked(forge) == []


def test_on_github_the_box_is_there(forge: LocalForge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "octo/bot")
    with pytest.raises(Misconfigured, match="octo/bot: tick the idea's box"):
        run(REFUSED)
    assert ticked(forge) == []


def test_a_home_without_a_forge(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no home folder"):
        run("--home", str(tmp_path / "none"))
    with pytest.raises(Misconfigured, match="megawatts init"):
        run("--home", str(tmp_path))


def test_before_the_first_dashboard_there_is_nothing() -> None:
    assert boxes("") == {}
    assert boxes("no row\n- [x] `aaaaaaaaaaaa` ticked\n- `bbbbbbbbbbbb` no box\n") == {}


HOSTILE = f"t\n- [ ] `{QUEUED}` mine\r\n- [ ] `{QUEUED}` \u2028- [ ] `{QUEUED}`"


def test_words_of_others_make_no_box(forge: LocalForge) -> None:
    """A title or a reason is somebody's text: a line of its own would be a box that nobody drew."""
    hostile = Section("Rejected", [Row(HOSTILE, HOSTILE, idea=REFUSED, box=True), Row(HOSTILE, "x", 3)])
    asyncio.run(forge.dashboard(dashboard((hostile,))))
    assert set(boxes(read_dashboard(forge.desk.folder))) == {REFUSED}
    assert "\n" not in run().strip()


@pytest.mark.parametrize("anew", [True, False])
async def test_the_controllers_judge_passes_on_that_a_person_asked(
    forge: LocalForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, anew: bool
) -> None:
    caches: list[VerdictCache] = []

    async def gate(
        _gate: object, _stages: Sequence[object], _only: object, cache: VerdictCache, _plan: object
    ) -> Verdict:
        caches.append(cache)
        return Verdict("gate", Status.PASS, "as told")

    monkeypatch.setattr(wiring, "run_gate", gate)
    main = await forge.main()
    box: Any = object()  # nothing is run in it
    judge = wiring.Judge(forge.desk.repo, box, tmp_path, Path(sys.executable), lambda _event, _facts: None)
    await judge(Asked(main, Sha(main), anew=anew))
    assert [one.anew for one in caches] == [anew]
