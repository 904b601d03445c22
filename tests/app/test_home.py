"""Which home is meant, and who may read it."""

from pathlib import Path

import pytest

from bot.app.home import Home
from bot.core.errors import Misconfigured


def test_the_option_wins_over_the_environment_over_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEGAWATTS_HOME", raising=False)
    assert Home.find().path == tmp_path / ".megawatts"
    monkeypatch.setenv("MEGAWATTS_HOME", str(tmp_path / "env"))
    assert Home.find().path == tmp_path / "env"
    assert Home.find(Path("option")).path == tmp_path / "option"
    monkeypatch.setenv("MEGAWATTS_HOME", "")
    assert Home.find().path == tmp_path / ".megawatts"


def test_a_new_home_is_this_user_s_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    assert home.path.stat().st_mode & 0o077 == 0
    assert home.create() == home
    places = {home.forge, home.clone, home.audit, home.records, home.switch, home.cache, home.deploy}
    assert len(places) == 7
    assert {place.parent for place in places} == {home.path}


def test_a_home_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nowhere.*--home"):
        Home(tmp_path / "nowhere").existing()
    (tmp_path / "file").write_text("x")
    with pytest.raises(Misconfigured, match="cannot be made"):
        Home(tmp_path / "file" / "home").create()
