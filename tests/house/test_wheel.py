"""What is installed from a wheel is the whole product: its data files as well as its modules."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

BUILD = "import sys, uv_build; print(uv_build.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the backend that pyproject.toml names."""
    folder = tmp_path_factory.mktemp("wheel")
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)],
        cwd=root,
        env={"PATH": programs, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert built.returncode == 0, built.stderr
    return folder / built.stdout.split()[-1]


@pytest.mark.integration  # starts the build backend
def test_every_file_of_the_product_is_in_the_wheel(root: Path, wheel: Path) -> None:
    there = {str(path.relative_to(root)) for path in (root / "bot").rglob("*") if path.is_file()}
    there = {path for path in there if "__pycache__" not in path}
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    assert there - packed == set()
    assert {"bot/adapters/github/queries/open.graphql", "bot/chat/prompts/system.md"} <= packed


@pytest.mark.integration  # starts the build backend
def test_nothing_else_is_in_the_wheel(wheel: Path) -> None:
    """No test, no setting of a tool, nothing that a checkout collects."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name for name in names if not name.startswith(("bot/", "megawatts-"))} == set()
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc")] == []
