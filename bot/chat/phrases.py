"""Texts as data: sections by language, one variant per list item."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from bot.core.errors import Misconfigured

FOLDER = Path(__file__).with_name("prompts")
_SLOT = re.compile(r"\{([a-z_]+)\}")
NEEDED = ("unknown", "empty")
SYSTEM = "system"
"""The system text of models lies beside the phrases, and is none."""

Variants = Mapping[str, Sequence[str]]
"""Language to variants; `en` is always there."""


def fill(template: str, facts: Mapping[str, object]) -> str:
    """Put facts in their slots. A slot is a name and nothing else: no attribute, no index, no format is evaluated."""
    return _SLOT.sub(lambda slot: str(facts.get(slot[1], slot[0])), template)


def choose(variants: Variants, language: str, random: Random) -> str:
    """One variant in the language, or in English if there is none."""
    return random.choice(list(variants.get(language) or variants["en"]))


def load(folder: Path = FOLDER) -> Mapping[str, Variants]:
    """Every text by file name. Raises Misconfigured naming file and fix."""
    found = {file.stem: _read(file) for file in sorted(folder.glob("*.md")) if file.stem != SYSTEM}
    if missing := [name for name in NEEDED if name not in found]:
        raise Misconfigured(f"{folder}/{missing[0]}.md is missing; restore it")
    return found


def _read(file: Path) -> Variants:
    """`## en` begins a language, `- ` a variant; other lines continue the variant above, indented."""
    sections: dict[str, list[str]] = {}
    language = ""
    for number, raw in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.rstrip()
        if line.startswith("## "):
            language = line[3:].strip()
            sections[language] = []
        elif line.startswith("- ") and language:
            sections[language].append(line[2:])
        elif line.startswith("  ") and language and sections[language]:
            sections[language][-1] += "\n" + line[2:]
        elif line and not line.startswith("# "):
            raise Misconfigured(f"{file}: line {number} belongs to nothing; begin it with '## language' or '- text'")
    if not sections.get("en"):
        raise Misconfigured(f"{file} has no English text; add a section '## en' with one '- text' at least")
    return sections
