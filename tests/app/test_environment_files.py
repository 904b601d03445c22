"""Secrets in files: read where they may be trusted, refused with the fix where not, and never shown."""

import os
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from bot.app.author_broker import hand_over
from bot.app.environment import SUFFIX, Secret, from_files, given, read, secret, secret_names, shown, take_out, text
from bot.app.road_settings import RoadSettings
from bot.app.settings import EVERY_NAME, Settings, load
from bot.core.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Own:
    token: Secret = secret("A token")
    password: Secret = secret("A password")
    place: str = text("A place")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("\n honey-token\n")
    path.chmod(0o640)
    return path


def test_a_secret_is_read_from_its_file(file: Path) -> None:
    settings = read(Own, {"token_file": str(file), "PLACE": "here"})
    assert settings.token.reveal() == "honey-token"
    assert settings.place == "here"
    assert "honey" not in repr(settings)
    assert read(Own, {"TOKEN_FILE": "  "}) == Own()


def test_where_it_came_from_is_shown_and_what_it_is_not(file: Path) -> None:
    rows = {row.name: row for row in shown(Own, {"TOKEN_FILE": str(file), "PASSWORD": "x"})}
    assert (rows["TOKEN"].value, rows["TOKEN"].origin) == ("set", "file")
    assert (rows["PASSWORD"].value, rows["PASSWORD"].origin) == ("set", "environment")
    assert rows["PLACE"].origin == "default"


def test_a_link_is_followed_to_what_it_names(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file)
    assert from_files(Own, {"TOKEN_FILE": str(tmp_path / "link")}) == {"token": "honey-token"}


def test_only_secrets_have_files(file: Path) -> None:
    assert given(Own, {"PLACE_FILE": str(file)}) == {}


def refused(path: Path, **more: str) -> str:
    with pytest.raises(Misconfigured, match="TOKEN_FILE") as caught:
        read(Own, {"TOKEN_FILE": str(path), **more})
    assert "honey" not in str(caught.value)
    return str(caught.value)


def test_both_is_a_mistake(file: Path) -> None:
    assert "TOKEN and TOKEN_FILE are both set; unset one" in refused(file, TOKEN="honey-2")


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601, 0o777])
def test_what_everybody_may_read_is_no_secret(file: Path, mode: int) -> None:
    file.chmod(mode)
    said = refused(file)
    assert f"chmod 640 {file}" in said
    assert "defaultMode 0440" in said


def test_what_cannot_be_read_is_named(file: Path, tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "missing")
    assert "cannot be read" in refused(file / "below")
    assert "ordinary file" in refused(tmp_path)


def test_a_pipe_does_not_make_the_start_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "ordinary file" in refused(tmp_path / "pipe")


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"a\x00honey"])
def test_what_is_no_text_is_named(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert "holds no text in UTF-8" in refused(file)


def test_what_is_too_large_is_named(file: Path) -> None:
    file.write_bytes(b"honey" * 20_000)
    assert "at most 65536 bytes" in refused(file)


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path, file: Path) -> None:
    file.chmod(0o644)
    said = refused(file, PASSWORD_FILE=str(tmp_path / "missing"))
    assert "PASSWORD_FILE" in said


@examples(st.text(min_size=1, max_size=80).filter(lambda word: word.strip() and "\x00" not in word))
def test_what_was_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, word: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any-secret"
    path.write_bytes(word.encode("utf-8", "ignore"))
    path.chmod(0o600)
    wanted = word.encode("utf-8", "ignore").decode().strip()
    if wanted:
        assert from_files(Own, {"TOKEN_FILE": str(path)}) == {"token": wanted}


def test_neither_secrets_nor_where_they_lie_are_left_for_later_programs(file: Path) -> None:
    environment = {"token": "a", "PASSWORD_file": str(file), "PLACE": "here", "PATH": "/bin"}
    take_out(Own, environment)
    assert environment == {"PLACE": "here", "PATH": "/bin"}


def test_no_setting_is_named_as_the_file_of_a_secret() -> None:
    for kind in (Settings, RoadSettings):
        names = secret_names(kind)
        assert {f"{one.name.upper()}{SUFFIX}" for one in fields(kind) if isinstance(one.default, Secret)} <= names
        assert not {name for name in names if name.endswith(SUFFIX)} & set(EVERY_NAME)


def test_the_products_own_secrets_may_lie_in_files(file: Path) -> None:
    settings = load({"DATABASE_URL_FILE": str(file), "DISCORD_BOT_TOKEN_FILE": str(file)})
    assert settings.database_url.reveal() == settings.discord_bot_token.reveal() == "honey-token"


def test_the_process_that_asks_models_is_given_a_key_from_a_file_and_leaves_no_trace_of_it(file: Path) -> None:
    environment = {"OPENAI_API_KEY_FILE": str(file), "DATABASE_URL_FILE": str(file), "PATH": "/bin"}
    assert hand_over(environment) == {"OPENAI_API_KEY": "honey-token", "PATH": "/bin"}
    assert "OPENAI_API_KEY_FILE" not in environment
    assert "DATABASE_URL_FILE" in environment, "that is not the broker's to take"
