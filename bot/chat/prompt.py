"""What a model is given: our one system text with its slots, and everything else as data, redacted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.chat.phrases import fill
from bot.chat.text import clean, shown
from bot.core.chat import Attachment, Line
from bot.core.errors import Misconfigured
from bot.core.memory import Fact
from bot.core.model import Prompt, Said
from bot.policy.mood import Tone
from bot.policy.redact import redact
from bot.sdk.tool import ToolSpec

FILE = Path(__file__).with_name("prompts") / "system.md"
SLOTS = ("tools", "abilities", "language", "longest", "tone", "mark")
TONES: Mapping[Tone, str] = {
    Tone.EVEN: "Be friendly, calm and to the point.",
    Tone.WARM: "The member is in a good mood: share it, without overdoing it.",
    Tone.GENTLE: "The member sounds frustrated or low: be short and patient, take it seriously, make no jokes, and "
    "begin with what helps.",
}
_LINES, _FILES = 24, 4
_LONGEST_LINE, _LONGEST_FILE = 600, 8000


@dataclass(frozen=True, slots=True)
class Setting:
    """What the system text says of this turn. All of it is ours."""

    tools: Sequence[ToolSpec]
    abilities: Sequence[ToolSpec]
    language: str
    longest: int
    tone: Tone
    mark: str


@lru_cache(maxsize=4)
def load(file: Path = FILE) -> str:
    """The system text with its slots. Raises Misconfigured if the file or a slot is missing."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read ({error}); restore it") from error
    if missing := [slot for slot in SLOTS if f"{{{slot}}}" not in text]:
        raise Misconfigured(f"{file} has no slot {{{missing[0]}}}; put it where that belongs")
    return text


def system(setting: Setting, template: str) -> str:
    """The system text of one turn. Its tool list is generated from the registry."""
    offered = "\n".join(f"- `{spec.name}`: {spec.summary}" for spec in setting.tools) or "- none"
    others = [spec for spec in setting.abilities if spec.command]
    known = ", ".join(sorted({f"`/{spec.command}`" for spec in others}))
    abilities = (
        f"Members can also use these commands themselves, which you may point them to: {known}." if known else ""
    )
    return fill(
        template,
        {
            "tools": offered,
            "abilities": abilities,
            "language": setting.language,
            "longest": setting.longest,
            "tone": TONES[setting.tone],
            "mark": setting.mark,
        },
    )


def prompt(
    *,
    system_text: str,
    text: str,
    name: str,
    history: Iterable[Line],
    facts: Iterable[Fact],
    attachments: Sequence[Attachment],
    language: str,
    longest: int,
) -> Prompt:
    """One turn. Every part that somebody wrote is cleaned, cut and redacted, and goes where data goes."""
    said = [_said(line) for line in list(history)[-_LINES:]]
    return Prompt(
        system=system_text,
        text=_data(text, 4000),
        name=shown(name),
        history=tuple(said),
        facts=tuple(_data(fact.text, 300) for fact in facts),
        attachments=tuple(
            (shown(one.name), _data(one.text, _LONGEST_FILE)) for one in attachments[:_FILES] if one.text
        ),
        language=language,
        longest=longest,
    )


def _said(line: Line) -> Said:
    return Said("bot" if line.by_bot else "member", _data(line.text, _LONGEST_LINE), shown(line.name))


def _data(text: str, limit: int) -> str:
    return redact(clean(text, limit))
