"""Generated references are fresh, links lead somewhere, and no page is out of reach."""

import re
from pathlib import Path, PurePosixPath

import pytest

from bot.app.docs_cmd import pages
from bot.app.references import events, settings
from bot.core.errors import Misconfigured

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("name", list(pages()))
def test_a_generated_page_is_what_the_code_says(texts: dict[str, str], name: str) -> None:
    assert texts.get(f"docs/{name}") == pages()[name](), f"docs/{name} is stale: run megawatts docs"


def links(texts: dict[str, str], page: str) -> set[str]:
    """Pages that a page links to, as paths from the root."""
    found = set()
    for target in LINK.findall(texts[page]):
        if "://" not in target and not target.startswith("mailto:"):
            parts: list[str] = []
            for part in (PurePosixPath(page).parent / target).parts:
                parts = parts[:-1] if part == ".." else [*parts, part]
            found.add("/".join(parts))
    return found


def test_every_link_leads_to_a_file(root: Path, texts: dict[str, str]) -> None:
    documents = [path for path in texts if path.endswith(".md")]
    broken = {f"{page} -> {to}" for page in documents for to in links(texts, page) if not (root / to).exists()}
    assert broken == set()


def test_every_page_of_the_documentation_can_be_reached_from_the_readme(texts: dict[str, str]) -> None:
    seen, open_pages = set(), {"README.md"}
    while open_pages:
        page = open_pages.pop()
        seen.add(page)
        open_pages |= {to for to in links(texts, page) if to.endswith(".md") and to in texts} - seen
    assert {path for path in texts if path.startswith("docs/") and path.endswith(".md")} - seen == set()


def product(folder: Path, text: str) -> Path:
    (folder / "bot").mkdir()
    (folder / "bot/odd.py").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('import os\nX = "A_B"\nx = os.environ.get(X)\n', {"A_B"}),
        ('import os\nx = os.environ["C"]\ny = "D" in os.environ\n', {"C", "D"}),
        ('import os\nK = ("E", "F")\nx = {n: os.environ[n] for n in K}\n', {"E", "F"}),
        ('from os import environ\nimport os\nx = os.environ.pop("G", "")\n', {"G"}),
    ],
)
def test_a_variable_that_is_read_is_seen(tmp_path: Path, text: str, names: set[str]) -> None:
    assert set(settings.variables(product(tmp_path, text))) == names


@pytest.mark.parametrize(
    "text", ["import os\nx = os.environ[input()]\n", "import os\nx = dict(os.environ)\n", 'import os\nos.getenv("A")\n']
)
def test_a_variable_that_cannot_be_told_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Misconfigured, match=r"bot/odd\.py:2"):
        settings.variables(product(tmp_path, text))


def test_a_variable_without_a_description_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="NEW_ONE"):
        settings.settings(product(tmp_path, 'import os\nx = os.environ.get("NEW_ONE")\n' + _known()))


def _known() -> str:
    return "\n".join(f'x = os.environ.get("{name}")' for name in settings.WHAT)


def test_an_event_that_is_told_is_seen_with_its_facts(tmp_path: Path) -> None:
    text = 'say("moved", {"from": 1, "to": 2})\ng("late", 3)\ndef g(name, x):\n    self._say(name, {"x": x})\n'
    found = events.told(product(tmp_path, text))
    assert [(event.name, event.facts) for event in found] == [("late", ("x",)), ("moved", ("from", "to"))]


def test_talk_is_no_event(tmp_path: Path) -> None:
    assert events.told(product(tmp_path, 'say("ann", "hello")\nself._say("failed", language)\n')) == ()


def test_an_event_whose_name_is_made_up_on_the_spot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no constant"):
        events.told(product(tmp_path, 'say(f"{x}", {"a": 1})\n'))
