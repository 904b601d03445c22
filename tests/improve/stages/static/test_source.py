"""Reading a checkout's files: what is no plain file is no file, and none of it hangs or leads elsewhere."""

import os
from pathlib import Path, PurePosixPath

import pytest

from bot.improve.stages._source import MAX_BYTES, read
from tests.improve.testing.toys import PlainWorkspace

P = PurePosixPath


@pytest.fixture
def work(tmp_path: Path) -> PlainWorkspace:
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(parents=True)
    (tree / "folder" / "a.py").write_text("x = 1\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_text("secret = 1\n")
    (tree / "link").symlink_to(tmp_path / "outside")
    (tree / "link.py").symlink_to(tmp_path / "outside" / "a.py")
    os.mkfifo(tree / "pipe.py")
    (tree / "large.py").write_bytes(b"#" * (MAX_BYTES + 1))
    return PlainWorkspace(tree)


def test_a_plain_file_is_read(work: PlainWorkspace) -> None:
    assert read(work, P("folder/a.py")) == b"x = 1\n"


@pytest.mark.parametrize(
    "name", ["folder", "absent.py", "link.py", "link/a.py", "pipe.py", "large.py", "../outside/a.py", "/etc/hostname"]
)
def test_nothing_else_is(work: PlainWorkspace, name: str) -> None:
    assert read(work, P(name)) is None
