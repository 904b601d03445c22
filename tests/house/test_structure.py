"""What the documents, the charter and the settings of tools name is really there."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from bot.improve.stages import ORDER, all_stages
from bot.policy.charter import parse

PATHS = re.compile(r"`((?:bot|tests|docs|scripts|benchmarks|\.github|changelog\.d)/[\w./*{},-]*)`")
DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md")


def spread(path: str) -> list[str]:
    """`a/{b,c}/` as its paths."""
    matched = re.search(r"\{([^}]*)\}", path)
    if matched is None:
        return [path]
    return [one for word in matched[1].split(",") for one in spread(path.replace(matched[0], word, 1))]


def test_every_stage_of_the_charter_is_there_and_every_stage_is_in_the_charter(texts: dict[str, str]) -> None:
    charter = parse(texts[".github/charter.toml"])
    assert charter.stages == ORDER
    assert [stage.id for stage in all_stages()] == [f"V-{n}" for n in range(1, len(ORDER) + 1)]
    assert [stage.name for stage in all_stages()] == list(ORDER)


def test_every_ward_of_the_charter_that_names_a_place_names_one_that_may_exist(texts: dict[str, str]) -> None:
    """A misspelt folder would leave the real one to the ward before."""
    later = {"plugins"}
    named = [w.pattern for w in parse(texts[".github/charter.toml"]).wards if "*" not in w.pattern]
    places = {p.strip("/") for p in named if p.strip("/").rsplit("/", 1)[-1] not in later}
    gone = {p for p in places if p not in texts and not any(path.startswith(f"{p}/") for path in texts)}
    assert gone <= {"docs/CODEOWNERS", "docs/features.md", "tests/journeys"}, gone


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_exists(root: Path, texts: dict[str, str], document: str) -> None:
    named = [one for path in PATHS.findall(texts[document]) for one in spread(path)]
    assert [path for path in named if not list(root.glob(path.rstrip("/")))] == []


def test_every_floor_is_named_and_every_package_has_one(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [one for one in settings["contracts"] if one["type"] == "layers"]
    assert layers["exhaustive"] is True
    floors = {word.strip(" ()") for row in layers["layers"] for word in row.split("|")}
    there = {path.stem for path in (root / "bot").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"__init__"} <= floors


def test_every_adapter_is_held_apart_from_the_others(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    (apart,) = [one for one in settings["contracts"] if one["type"] == "independence"]
    (ground,) = [one for one in settings["contracts"] if "bot.adapters.git" in one.get("source_modules", ())]
    places = (root / "bot/adapters").iterdir()
    there = {path.stem for path in places if path.suffix == ".py" or (path / "__init__.py").exists()}
    named = {one.removeprefix("bot.adapters.") for one in [*apart["modules"], *ground["source_modules"]]}
    assert named == there - {"__init__"}


def test_scripts_can_be_run_and_say_what_they_do(root: Path) -> None:
    for path in [*(root / "scripts").iterdir(), root / ".ci" / "run"]:
        if path.suffix == ".lock":
            continue
        assert os.access(path, os.X_OK), path
        first, second = path.read_text().splitlines()[:2]
        assert first.startswith("#!"), path
        assert second.startswith("# "), path


def test_the_two_commands_of_the_readme_stand_on_its_first_screen(texts: dict[str, str]) -> None:
    top = "\n".join(texts["README.md"].splitlines()[:20])
    assert "scripts/demo" in top
    assert "scripts/test" in top
    assert "scripts/test" in texts[".ci/run"]
