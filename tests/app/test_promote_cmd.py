"""`megawatts promote`: one file, two keys, or a request to GitHub for the same."""

import base64
import json
import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.app.promote_cmd import register
from bot.core.errors import Misconfigured
from bot.policy.hot_path import FILES, FOLDER
from bot.policy.promotion import images, runs, written

VALUES = 'bot:\n  image:\n    digest: ""\n    commit: unknown\n'
DIGEST, COMMIT = "sha256:" + "a" * 64, "b" * 40
APP = typer.Typer()
register(APP)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    file = tmp_path / "repo" / "deploy" / "environments" / "staging" / "bot.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(VALUES)
    return tmp_path / "repo"


def promote(
    repo: Path, *words: str, environment: str = "staging", digest: str = DIGEST, commit: str = COMMIT
) -> Result:
    asked = [environment, "--digest", digest, "--commit", commit, "--repo", str(repo), *words]
    return CliRunner().invoke(APP, asked)


def bot(repo: Path) -> Path:
    return repo / "deploy" / "environments" / "staging" / "bot.yaml"


def test_the_values_name_the_image_and_nothing_else_is_there(repo: Path) -> None:
    done = promote(repo, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["changed"] is True
    assert bot(repo).read_text() == VALUES.replace('""', f'"{DIGEST}"').replace("unknown", f'"{COMMIT}"')
    assert [path.name for path in bot(repo).parent.iterdir()] == ["bot.yaml"]
    again = promote(repo, "--json")
    assert json.loads(again.output)["changed"] is False


def test_a_request_leaves_the_tree_and_holds_the_whole_file(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/house")
    file = repo.parent / "request.json"
    done = promote(repo, "--request", str(file), "--branch", "promote/1-1", "--onto", "c" * 40)
    assert done.exit_code == 0, done.output
    assert bot(repo).read_text() == VALUES
    asked = json.loads(file.read_text())["variables"]["input"]
    assert asked["branch"] == {"repositoryNameWithOwner": "owner/house", "branchName": "promote/1-1"}
    assert asked["expectedHeadOid"] == "c" * 40
    (added,) = asked["fileChanges"]["additions"]
    assert added["path"] == "deploy/environments/staging/bot.yaml"
    assert DIGEST in base64.b64decode(added["contents"]).decode()
    assert "createCommitOnBranch" in json.loads(file.read_text())["query"]


@pytest.mark.parametrize("missing", ["--branch", "--onto"])
def test_a_request_without_its_place_is_refused(repo: Path, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/house")
    words = {"--branch": "x", "--onto": "y"}
    del words[missing]
    done = promote(repo, "--request", str(repo / "r.json"), *[word for pair in words.items() for word in pair])
    assert isinstance(done.exception, Misconfigured)
    assert not (repo / "r.json").exists()


@pytest.mark.parametrize(
    "environment", ["..", "../..", "a/b", "Staging", "", "staging/../production", "-x", "st aging"]
)
def test_a_name_that_leads_elsewhere_is_refused(repo: Path, environment: str) -> None:
    done = promote(repo, environment=environment) if not environment.startswith("-") else None
    assert done is None or done.exit_code != 0
    assert bot(repo).read_text() == VALUES


def test_an_environment_that_is_not_there_is_not_made(repo: Path) -> None:
    done = promote(repo, environment="production")
    assert isinstance(done.exception, Misconfigured)
    assert not (repo / "deploy" / "environments" / "production").exists()


def test_a_link_is_not_followed(repo: Path) -> None:
    elsewhere = repo.parent / "elsewhere.yaml"
    elsewhere.write_text(VALUES)
    bot(repo).unlink()
    bot(repo).symlink_to(elsewhere)
    assert isinstance(promote(repo).exception, Misconfigured)
    assert elsewhere.read_text() == VALUES


def test_a_folder_that_is_a_link_is_not_followed(repo: Path) -> None:
    outside = repo.parent / "outside"
    bot(repo).parent.rename(outside)
    bot(repo).parent.symlink_to(outside)
    assert isinstance(promote(repo).exception, Misconfigured)
    assert (outside / "bot.yaml").read_text() == VALUES


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 300_000, b"bot: 1\n"])
def test_a_file_that_is_no_values_stays_as_it_is(repo: Path, content: bytes) -> None:
    bot(repo).write_bytes(content)
    assert isinstance(promote(repo).exception, Misconfigured)
    assert bot(repo).read_bytes() == content


@pytest.mark.integration  # it runs git
def test_where_the_values_are_open_data_goes_alone_and_code_by_its_image(tmp_path: Path) -> None:
    root = tmp_path / "house"
    file, joke = bot(root), root / "bot" / "chat" / "intents" / "joke.toml"
    data = '  data:\n    enabled: true\n    revision: ""\n    sha256: ""\n    content: ""\n'
    for path in (file, joke):
        path.parent.mkdir(parents=True)
    for path in FILES:
        (root / FOLDER / path).write_text("a = 1\n")
    base = committed(root, joke, "a = 1\n", first=True)
    committed(root, file, written(VALUES + data, DIGEST, base))
    news, other = committed(root, joke, "b = 2\n"), "sha256:" + "c" * 64
    done = promote(root, "--json", commit=news, digest=other)
    said = json.loads(done.output)
    assert (said["digest"], said["changed"], said["commit"]) == (DIGEST, True, news)
    assert "alone" in said["data"]
    assert (images(file.read_text()), runs(file.read_text())) == ((DIGEST, base), (base, news))
    committed(root, file, file.read_text())
    code = committed(root, root / "bot" / "x.py", "x = 1\n")
    done = promote(root, commit=code, digest=other)
    assert f"runs {other}" in done.output
    assert "bot/x.py is not data" in done.output
    assert runs(file.read_text()) == (code, code), "the image brings its own data"


def committed(root: Path, path: Path, text: str, *, first: bool = False) -> str:
    path.write_text(text)
    who = ["-c", "user.name=ann", "-c", "user.email=ann@example.invalid"]
    begin = [["init", "-q", "-b", "main"]] if first else []
    for words in [*begin, ["add", "-A"], [*who, "commit", "-q", "-m", "x"]]:
        subprocess.run(["git", *words], cwd=root, check=True)
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, check=True, capture_output=True, text=True)
    return told.stdout.strip()
