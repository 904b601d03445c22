"""docs/deploy.md: every file, command, value and name in it is there."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from bot.app.commands import build
from bot.app.references.commands import leaves
from tests.deploy.rendering import VALUES, merged, rendered

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", GUIDE, re.DOTALL)
SHELL = [line.partition("   #")[0] for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
SPOKEN = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", GUIDE, flags=re.DOTALL))
PATHS = re.compile(r"(?:\.\./\.\./)?((?:deploy|charts|\.github|bot|tests)/[\w./-]+)")


def test_every_file_that_it_names_is_there() -> None:
    named = {path for text in (*SPOKEN, *SHELL) for path in PATHS.findall(text)}
    assert len(named) > 12
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert (ROOT / "deploy" / "compose" / "secrets.sh").stat().st_mode & 0o111


def test_every_command_of_the_product_is_one() -> None:
    known = {path for path, _ in leaves("megawatts", get_command(build([])))}
    calls = re.compile(r"(?:^|-- |bin/)(megawatts [a-z]+(?: [a-z]+)?)")
    said = {found for text in (*SPOKEN, *SHELL) for found in calls.findall(text)}
    assert len(said) >= 5
    for one in said:
        assert any(name in {one, one.rpartition(" ")[0]} for name in known), one


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "yaml"])
def test_every_value_that_it_shows_is_taken_by_the_chart(text: str) -> None:
    values = yaml.safe_load(text)
    under = VALUES["hooked"] if "controller" in values else VALUES["production"]
    assert rendered(merged(under, values))


def test_every_value_in_its_sentences_is_one_of_the_charts() -> None:
    default = yaml.safe_load((ROOT / "charts" / "megawatts" / "values.yaml").read_text())
    for path in {
        match for text in SPOKEN for match in re.findall(r"^((?:bot|controller|networkPolicy)(?:\.\w+)+)", text)
    }:
        place = default
        for key in path.split("."):
            assert key in place, path
            place = place[key]


def secrets_made() -> dict[str, set[str]]:
    """Keys of each Secret that the guide makes."""
    found: dict[str, set[str]] = {}
    for line in SHELL:
        words = shlex.split(line, comments=True)
        if words[:1] == ["kubectl"] and "secret" in words:
            name = words[words.index("generic") + 1]
            sources = [word.removeprefix("--from-file=") for word in words if word.startswith("--from-file=")]
            found[name] = {one.split("=")[0] for one in sources}
            assert not any(word.startswith("--from-literal") for word in words), "it would stay in the shell's history"
    return found


def test_it_makes_every_secret_that_production_names_with_the_keys_that_it_names() -> None:
    made = secrets_made()
    wanted: dict[str, set[str]] = {}
    for part in ("bot", "controller"):
        values = yaml.safe_load((ROOT / "deploy" / "environments" / "production" / f"{part}.yaml").read_text())
        for one in values[part]["secrets"].values():
            wanted.setdefault(one["name"], set()).add(one["key"])
    assert made == wanted


def replacing() -> tuple[list[str], str, str]:
    """Where the guide replaces the owner, what by what."""
    (line,) = [one for one in SHELL if "| xargs sed -i" in one]
    places = line.partition("grep -rl OWNER/ ")[2].partition(" |")[0].split()
    _, old, new, flags = shlex.split(line)[-1].split("#")
    assert flags == "g"
    return places, old, new


def test_what_it_replaces_is_all_that_a_fork_must_replace() -> None:
    places, old, _ = replacing()
    holding = {
        path.relative_to(ROOT)
        for folder in ("deploy", "charts")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in {".yaml", ".tpl", ".txt", ".json"} and old in path.read_text()
    }
    assert holding
    assert [path for path in holding if not any(path.is_relative_to(place) for place in places)] == []


def test_what_it_replaces_is_nothing_else() -> None:
    """`CODEOWNERS` is a file of the image, `FOWNER` a capability of a container."""
    places, old, new = replacing()
    found = [one for place in places for one in ((ROOT / place).rglob("*") if "." not in place else [ROOT / place])]
    before = "\n".join(path.read_text(encoding="utf-8") for path in found if path.is_file())
    after = before.replace(old, new)
    assert re.search(r"\bOWNER\b", before)
    assert not re.search(r"\bOWNER\b", after)
    for word in ("CODEOWNERS", "FOWNER"):
        assert before.count(word) == after.count(word) > 0


def test_its_table_of_applications_is_what_is_applied() -> None:
    rows = dict(re.findall(r"^\| `(megawatts-[\w-]+)` \| (.+?) \|", GUIDE, re.MULTILINE))
    applied = {}
    for path in (ROOT / "deploy" / "argocd").glob("*.yaml"):
        for one in yaml.safe_load_all(path.read_text()):
            if one["kind"] == "Application":
                applied[one["metadata"]["name"]] = one["spec"]["source"]["targetRevision"]
    assert rows.keys() == applied.keys()
    for name, revision in applied.items():
        assert revision in rows[name] or rows[name] == "the same tag"


def test_its_numbers_are_those_of_the_chart() -> None:
    default = yaml.safe_load((ROOT / "charts" / "megawatts" / "values.yaml").read_text())
    for part in ("bot", "controller"):
        (row,) = re.findall(rf"^\| {part} \| (.+?), (.+?) \|", GUIDE, re.MULTILINE)
        for text, kind in zip(row, ("memory", "cpu"), strict=True):
            told = [one.replace(" ", "").removesuffix(",") for one in text.split("/")]
            assert told == [default[part]["resources"][bound][kind] for bound in ("requests", "limits")]
