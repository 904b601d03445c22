"""renovate.json by Renovate's own validator."""

import os
import shutil
from pathlib import Path

import pytest

from tests.servers.absent import absent
from tests.servers.renovate.peer import ASKED, Missing, installed, validated

pytestmark = pytest.mark.integration
SETTINGS = Path(__file__).parents[2] / "renovate.json"


@pytest.fixture(scope="module")
def program() -> Path:
    try:
        return installed()
    except Missing as missing:
        if os.environ.get(ASKED):
            absent(missing)
        pytest.skip(f"nobody asked for it: {missing}")


def test_the_settings_are_sound_and_in_todays_form(program: Path, tmp_path: Path) -> None:
    shutil.copy(SETTINGS, tmp_path)
    done = validated(program, tmp_path / "renovate.json")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"automerge"', '"autoMerge"'),
        ('"7 days"', "7"),
        ('"matchManagers"', '"matchManager"'),
        ("* 0-5 * * 1", "some day"),
    ],
)
def test_what_is_wrong_is_seen(program: Path, tmp_path: Path, old: str, new: str) -> None:
    text = SETTINGS.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "renovate.json").write_text(text.replace(old, new))
    assert validated(program, tmp_path / "renovate.json").returncode != 0
