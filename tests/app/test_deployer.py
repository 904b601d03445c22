"""`megawatts deployer`: one in a home, and the port that was asked for."""

import socket
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.app.alone import alone


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as left:
        main(argv)
    assert left.value.code == 3
    return capsys.readouterr().err


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose forge is an empty repository: enough to start on."""
    from bot.adapters.git.repository import GitRepository

    (tmp_path / "forge").mkdir()
    GitRepository.begin(tmp_path / "forge" / "repo.git")
    return tmp_path


def test_a_second_deployer_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with alone(home / "deployer.lock"):
        said = refused(["deployer", "--home", str(home)], capsys)
    assert "another deployer runs" in said
    assert not (home / "deploy" / "state.json").exists(), "it wrote nothing"


def test_a_taken_port_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        said = refused(["deployer", "--home", str(home), "--port", str(port)], capsys)
    assert f"port {port}" in said
    assert "--port" in said


def test_without_a_forge_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "repo.git" in refused(["deployer", "--home", str(tmp_path)], capsys)
