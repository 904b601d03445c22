"""One charter, three locks: each refuses a hostile change by itself, before the push, in CI and by GitHub's own rules.

None of the three asks another: the engine may be broken into, CI may be skipped, and an owner may be careless.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from bot.adapters.git.repository import GitRepository
from bot.app.commands import build
from bot.core.change import FileChange, Kind
from bot.core.verdict import Status
from bot.improve.doors import Gate
from bot.improve.stages._wards import protected
from bot.improve.stages.approval import STAGE
from bot.policy.app_access import ENGINE
from bot.policy.branch_rules import CONSENT, Apps, rulesets
from bot.policy.charter import PATH, parse
from bot.policy.codeowners import owners_of, read

pytestmark = pytest.mark.integration  # it runs git

ROOT = Path(__file__).parents[2]
CHARTER = (ROOT / PATH).read_text()
RULES = parse(CHARTER)
OWNERS = (ROOT / "CODEOWNERS").read_text()
ENGINE_APP, REVERTS_APP = 11, 22
FILES = {
    PATH: CHARTER,
    "CODEOWNERS": OWNERS,
    ".github/workflows/policy.yml": "name: policy\n",
    "bot/policy/tier.py": "TIER = 1\nLINES = 'enough that a rename is seen as one'\n",
    "bot/app/late.py": "LATE = 1\n",
    "bot/chat/turn.py": "TURN = 1\n",
    "tests/house/test_sizes.py": "def test_size():\n    assert True\n",
    "docs/a.md": "One line.\nAnother line, so that a rename is seen as one.\n",
}


def git(repo: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(repo), *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("locks") / "repo"
    write(root, FILES)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "ann")
    git(root, "config", "user.email", "ann@example.invalid")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "begin")
    return root


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def edit(*names: str) -> Callable[[Path], None]:
    return lambda root: write(root, {name: (FILES.get(name, "")) + "# more\n" for name in names})


def move(old: str, new: str) -> Callable[[Path], None]:
    def moved(root: Path) -> None:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)

    return moved


def loosened(root: Path) -> None:
    """A charter that opens everything, together with what it opens."""
    write(root, {PATH: CHARTER.replace('tier = "sealed"', 'tier = "safe"'), "bot/policy/tier.py": "TIER = 9\n"})


def opened(root: Path) -> None:
    """CODEOWNERS without owners, with what it would let through."""
    write(root, {"CODEOWNERS": "*\n", "bot/policy/tier.py": "TIER = 9\n"})


def link(root: Path) -> None:
    (root / "bot/policy/tier.py").unlink()
    (root / "bot/policy/tier.py").symlink_to("../../docs/a.md")


HOSTILE: dict[str, Callable[[Path], None]] = {
    "sealed path": edit("bot/policy/tier.py"),
    "new file in a sealed folder": edit("bot/core/backdoor.py"),
    "rename into a sealed folder": move("docs/a.md", ".github/workflows/a.yml"),
    "rename out of a sealed folder": move("bot/policy/tier.py", "docs/tier.md"),
    "deletion of a sealed test": lambda root: (root / "tests/house/test_sizes.py").unlink(),
    "mode of a sealed file": lambda root: (root / "bot/policy/tier.py").chmod(0o755),
    "link in the place of a sealed file": link,
    "CODEOWNERS": edit("CODEOWNERS"),
    "CODEOWNERS that opens": opened,
    "CODEOWNERS that GitHub reads first": edit(".github/CODEOWNERS"),
    "CODEOWNERS in docs": edit("docs/CODEOWNERS"),
    "workflow": edit(".github/workflows/policy.yml"),
    "new workflow": edit(".github/workflows/mine.yml"),
    "action": edit(".github/actions/validate/judge"),
    "charter": edit(PATH),
    "charter that opens": loosened,
    "people": edit(".github/people.toml"),
    "ground that nobody spoke of": edit("new/thing.py"),
    "another spelling of a sealed folder": edit(".GitHub/charter.toml"),
    "submodules": edit(".gitmodules"),
    "interpreter's start": edit("sitecustomize.py"),
    "mixed with what is harmless": edit("docs/a.md", "bot/chat/turn.py", "bot/policy/tier.py"),
}
HARMLESS = {"docs": edit("docs/a.md"), "a new test": edit("tests/app/test_new.py")}


def changed(repo: Path, change: Callable[[Path], None]) -> tuple[FileChange, ...]:
    """The change as a commit on `head`; what git says of it."""
    git(repo, "checkout", "-q", "-f", "-B", "head", "main")
    change(repo)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "change")
    look = GitRepository(repo)
    return look.changes(look.resolve("main"), look.resolve("head"))


async def before_the_push(changes: tuple[FileChange, ...]) -> list[bool]:
    """Whether V-1 and V-13 refuse it to the engine: what neither passes is never pushed."""
    profile = SimpleNamespace(own=True)
    fields = {"changes": changes, "charter": RULES, "by_engine": True, "profile": profile, "kind": Kind.OTHER}
    gate = cast("Gate", SimpleNamespace(**fields))
    approval = await STAGE.run(gate, {})
    return [bool(list(protected(gate))), approval.status is Status.FAIL]


def in_ci(repo: Path) -> tuple[int, dict[str, Any]]:
    """What the policy job runs: the charter is read at the base."""
    words = ["policy", "explain", "--repo", str(repo), "--base", "main", "--head", "head", "--json"]
    result = CliRunner().invoke(build(words), words)
    return result.exit_code, json.loads(result.stdout)


def by_github(changes: tuple[FileChange, ...]) -> frozenset[str]:
    """Whose review GitHub waits for. It reads CODEOWNERS at the base; the last line that matches wins."""
    lines = read(OWNERS)
    paths = {path for change in changes for path in change.paths}
    return frozenset(owner for path in paths for owner in owners_of(path, lines))


@pytest.mark.parametrize("name", HOSTILE)
async def test_each_lock_refuses_it_by_itself(repo: Path, name: str) -> None:
    changes = changed(repo, HOSTILE[name])
    assert changes, "or nothing was tried"
    assert await before_the_push(changes) == [True, True]
    code, said = in_ci(repo)
    assert (code, said["status"], said["facts"]["tier"]) == (1, "fail", "sealed")
    assert by_github(changes) == {"@maintainer"}


@pytest.mark.parametrize("name", HARMLESS)
async def test_what_is_harmless_passes_all_three(repo: Path, name: str) -> None:
    changes = changed(repo, HARMLESS[name])
    assert await before_the_push(changes) == [False, False]
    assert in_ci(repo)[0] == 0
    assert by_github(changes) == frozenset()


async def test_what_owners_hold_waits_for_them_and_is_not_refused(repo: Path) -> None:
    changes = changed(repo, edit("bot/app/late.py"))
    assert await before_the_push(changes) == [False, False]
    assert in_ci(repo)[0] == 2
    assert by_github(changes) == {"@maintainer"}


def test_no_rule_lets_the_engine_pass_and_none_lets_anybody_pass_both() -> None:
    on_base = [one for one in rulesets(RULES, Apps(ENGINE_APP, REVERTS_APP)) if one.refs == ("refs/heads/main",)]
    assert len(on_base) == 2
    passing = [{app for kind, app, _mode in one.bypass} for one in on_base]
    assert all(ENGINE_APP not in apps for apps in passing)
    assert set.intersection(*passing) == set(), "nobody passes consent and review together"
    reviews = [one.rules["pull_request"]["require_code_owner_review"] for one in on_base]
    assert any(reviews)
    held = {row["context"] for one in on_base for row in one.rules["required_status_checks"]["required_status_checks"]}
    assert {CONSENT, "policy"} <= held
    assert "workflows" not in ENGINE.permissions, "GitHub refuses a push of the engine's that changes a workflow"


def test_our_reading_of_codeowners_is_gits(tmp_path: Path) -> None:
    """The language is that of gitignore: git itself says what each line matches, and the last that does speaks."""
    lines = read(OWNERS)
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True)
    paths = sorted({*listed.stdout.split("\0")[:-1], *FILES, "new/thing.py", "docs/CODEOWNERS", "a b.py", "x/docs/y"})
    git(tmp_path, "init", "-q")
    asked = ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "-z", "--stdin"]
    by_git: dict[str, tuple[str, ...]] = {}
    for line in lines:
        (tmp_path / ".gitignore").write_text(f"{line.pattern}\n")
        told = subprocess.run(asked, input="\0".join(paths) + "\0", capture_output=True, text=True, check=False)
        by_git |= dict.fromkeys(told.stdout.split("\0")[:-1], line.owners)
    assert set(by_git) == set(paths), "the first line is about everything"
    assert {path: ours for path in paths if (ours := owners_of(path, lines)) != by_git[path]} == {}
