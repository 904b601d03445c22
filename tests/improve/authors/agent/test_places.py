"""Which files a model may name, and that nothing outside the checkout is ever read."""

import os
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Denied
from bot.improve.authors.agent import places

OUTSIDE = [
    "/etc/passwd", "/proc/self/environ", "../secret", "a/../../secret", "..", "~/.ssh/id_rsa", "~root", "", "a\\..\\b",
    "a\0b", "a\nb", "a\u202eb", "x" * 301, "/", "a/\x1b[2J",
]  # fmt: skip
CLOSED = [
    ".git/config", ".GIT/config", "a/.git/HEAD", "git~1/config", ".git /config", ".env", "deploy/.env", "prod.env",
    ".netrc", ".npmrc", ".pypirc", ".ssh/config", ".aws/credentials", "credentials.json", "id_rsa", "server.key",
    "cert.pem", "\uff0egit/config", ".venv/x.py", "secrets/x",
]  # fmt: skip
OPEN = ["a.py", "src/a.py", "README.md", ".github/workflows/ci.yml", ".gitignore", "a/key.py", "docs/secrets.md"]


@pytest.mark.parametrize("text", OUTSIDE, ids=range(len(OUTSIDE)))
def test_what_could_lead_outside_is_no_path(text: str) -> None:
    with pytest.raises(Denied):
        places.named(text)


@pytest.mark.parametrize("text", CLOSED)
def test_what_may_hold_secrets_is_closed(text: str) -> None:
    with pytest.raises(Denied, match="closed"):
        places.named(text)


@pytest.mark.parametrize("text", OPEN)
def test_ordinary_files_are_open(text: str) -> None:
    assert places.named(text) == PurePosixPath(text)


@given(st.text(alphabet=st.sampled_from("ab./\\~\0 -_g it~1\u202e"), max_size=20))
def test_no_path_that_is_taken_leaves_the_root(text: str) -> None:
    try:
        path = places.named(text)
    except Denied:
        return
    root = Path("/some/root")
    assert Path(os.path.normpath(root / path)).is_relative_to(root)
    assert not any(part.casefold().startswith(".git") and part != ".github" for part in path.parts)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("honey")
    tree = tmp_path / "tree"
    (tree / "src").mkdir(parents=True)
    (tree / "src/a.py").write_text("x = 1\n")
    (tree / ".env").write_text("honey")
    (tree / ".git").mkdir()
    (tree / ".git/config").write_text("honey")
    (tree / "link").symlink_to(tmp_path / "secret")
    (tree / "inner").symlink_to("src/a.py")
    (tree / "up").symlink_to("..")
    os.mkfifo(tree / "pipe")
    return tree


@pytest.mark.parametrize("text", ["link", "inner", "up/secret", "up/tree/src/a.py"])
def test_links_are_not_followed_wherever_they_lead(root: Path, text: str) -> None:
    with pytest.raises(Denied, match="links are not followed"):
        places.content(root, places.named(text))


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    with pytest.raises(Denied, match="neither"):
        places.content(root, PurePosixPath("pipe"))


def test_a_file_is_read_and_one_that_is_missing_is_none(root: Path) -> None:
    assert places.content(root, PurePosixPath("src/a.py")) == b"x = 1\n"
    assert places.content(root, PurePosixPath("src/b.py")) is None
    assert places.content(root, PurePosixPath("src/a.py/c")) is None
    with pytest.raises(Denied, match="folder"):
        places.content(root, PurePosixPath("src"))


def test_what_is_too_large_is_not_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "LARGEST", 3)
    with pytest.raises(Denied, match="more than 3"):
        places.content(root, PurePosixPath("src/a.py"))


def test_only_ordinary_open_files_are_listed(root: Path) -> None:
    assert list(places.files(root, PurePosixPath())) == [PurePosixPath("src/a.py")]


def test_a_listing_has_an_end(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_FILES", 3)
    for number in range(10):
        (root / "src" / f"b{number}.py").touch()
    assert len(list(places.files(root, PurePosixPath()))) == 3
