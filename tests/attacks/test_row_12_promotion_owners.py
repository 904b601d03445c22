"""A promotion waits for no owner on GitHub, and nobody gets anything else past the owners by that.

Of the real charter with a lane, CODEOWNERS opens one file; what is done to that file beside a promotion waits for
`megawatts/consent`.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from typer.testing import CliRunner

from bot.adapters.git.repository import GitRepository
from bot.app.commands import build
from bot.core.change import FileChange
from bot.core.errors import Misconfigured
from bot.policy.branch_rules import CONSENT, Apps, rulesets
from bot.policy.charter import PATH, parse
from bot.policy.codeowners import agree, generate, owners_of, promoted, read

pytestmark = pytest.mark.integration  # it runs git

ROOT = Path(__file__).parents[2]
PLAIN = (ROOT / PATH).read_text()
LANE = '\n[promotion]\npromoter = "promoter[bot]"\nenvironments = ["staging"]\n'
RULES = parse(PLAIN + LANE)
TEXT = generate(RULES)
STAGING, PRODUCTION = (f"deploy/environments/{name}/bot.yaml" for name in ("staging", "production"))
VALUES = (ROOT / STAGING).read_text()


def git(repo: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(repo), *words], check=True, capture_output=True)


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lane") / "repo"
    for name, text in {PATH: PLAIN + LANE, "CODEOWNERS": TEXT, STAGING: VALUES, PRODUCTION: VALUES}.items():
        write(root, name, text)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "ann")
    git(root, "config", "user.email", "ann@example.invalid")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "begin")
    return root


def folder(root: Path) -> None:
    (root / STAGING).unlink()
    write(root, f"{STAGING}/secrets.yaml", "a: 1\n")


def link(root: Path) -> None:
    (root / STAGING).unlink()
    (root / STAGING).symlink_to("../production/bot.yaml")


def moved(root: Path) -> None:
    (root / STAGING).rename(root / "deploy/environments/staging/controller.yaml")


def both(root: Path) -> None:
    write(root, STAGING, VALUES + "# more\n")
    write(root, PRODUCTION, VALUES + "# more\n")


def owners(root: Path) -> None:
    write(root, "CODEOWNERS", "*\n")
    write(root, STAGING, "a: 1\n")


WITH_OWNERS: dict[str, Callable[[Path], None]] = {
    "into production": lambda root: write(root, PRODUCTION, VALUES + "# more\n"),
    "a file beside it": lambda root: write(root, "deploy/environments/staging/controller.yaml", "a: 1\n"),
    "a folder in its place": folder,
    "moved elsewhere": moved,
    "an environment of almost that name": lambda root: write(root, "deploy/environments/staging2/bot.yaml", VALUES),
    "the same path deeper": lambda root: write(root, f"x/{STAGING}", VALUES),
    "both environments": both,
    "CODEOWNERS with it": owners,
    "the charter's lane with it": lambda root: write(root, PATH, PLAIN + LANE.replace("staging", "live")),
}
WITHOUT: dict[str, Callable[[Path], None]] = {
    "other keys": lambda root: write(root, STAGING, VALUES + "privileged: true\n"),
    "a link in its place": link,
    "gone": lambda root: (root / STAGING).unlink(),
}


def changed(repo: Path, change: Callable[[Path], None]) -> tuple[FileChange, ...]:
    git(repo, "checkout", "-q", "-f", "-B", "head", "main")
    git(repo, "clean", "-q", "-f", "-d")
    change(repo)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "change")
    look = GitRepository(repo)
    return look.changes(look.resolve("main"), look.resolve("head"))


def waits_for(changes: tuple[FileChange, ...]) -> frozenset[str]:
    """Whose review GitHub waits for; it reads CODEOWNERS at the base."""
    paths = {path for change in changes for path in change.paths}
    return frozenset(owner for path in paths for owner in owners_of(path, read(TEXT)))


@pytest.mark.parametrize("name", WITH_OWNERS)
def test_what_touches_anything_else_waits_for_its_owners(repo: Path, name: str) -> None:
    changes = changed(repo, WITH_OWNERS[name])
    assert changes, "or nothing was tried"
    assert waits_for(changes) == {"@maintainer"}


@pytest.mark.parametrize("name", WITHOUT)
def test_what_is_done_to_the_file_itself_still_has_the_charters_tier(repo: Path, name: str) -> None:
    """CODEOWNERS cannot hold it; the charter asks for its owner as before, and `megawatts/consent` is that."""
    assert waits_for(changed(repo, WITHOUT[name])) == frozenset()
    words = [
        "policy",
        "explain",
        "--repo",
        str(repo),
        "--base",
        "main",
        "--head",
        "head",
        "--origin",
        "person",
        "--json",
    ]
    result = CliRunner().invoke(build(words), words)
    said = json.loads(result.stdout)
    assert (result.exit_code, said["status"], said["facts"]["tier"]) == (2, "pending", "critical")
    assert said["facts"]["owners"] == ["@maintainer"]


def test_nobody_passes_the_status_that_holds_it() -> None:
    (rule,) = [one for one in rulesets(RULES, Apps(11, 22)) if CONSENT in str(one.rules.get("required_status_checks"))]
    assert rule.bypass == ()
    assert rule.rules["required_status_checks"]["required_status_checks"] == [
        {"context": CONSENT, "integration_id": 11}
    ]


@pytest.mark.parametrize("name", ["production", "prod-eu", "*", "../../bot", "staging/../production", ""])
def test_a_charter_that_opens_more_is_none(name: str) -> None:
    with pytest.raises(Misconfigured, match="environments"):
        parse(PLAIN + LANE.replace("staging", name))


def test_of_all_that_is_tracked_one_file_has_lost_its_owner() -> None:
    """As git reads the patterns too, whose language is that of CODEOWNERS."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True)
    names = listed.stdout.split("\0")[:-1]
    before, now = read(generate(parse(PLAIN))), read(TEXT)
    assert [name for name in names if owners_of(name, before) != owners_of(name, now)] == [STAGING]
    assert list(promoted(RULES)) == [STAGING]
    assert agree(map(PurePosixPath, names), TEXT, RULES).passed


def test_git_reads_the_two_lines_as_we_do(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    places = [STAGING, f"{STAGING}/x", f"{STAGING}/x/y", PRODUCTION, f"x/{STAGING}", f"{STAGING}2"]
    asked = ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "-z", "--stdin"]
    spoken: dict[str, tuple[str, ...]] = {}
    for line in read(TEXT):
        (tmp_path / ".gitignore").write_text(f"{line.pattern}\n")
        told = subprocess.run(asked, input="\0".join(places) + "\0", capture_output=True, text=True, check=False)
        spoken |= dict.fromkeys(told.stdout.split("\0")[:-1], line.owners)
    assert spoken == {place: owners_of(place, read(TEXT)) for place in places}
    assert [place for place, owners in spoken.items() if not owners] == [STAGING]
