"""The flags that this code reads: nothing else can be declared, and what is not declared is not guessed."""

from collections.abc import Mapping
from pathlib import Path

from bot.core.errors import Misconfigured
from bot.core.flags import Flag, FlagBook, Flags, Unit, Value
from bot.policy.flags_file import parse

FILE = Path(__file__).with_name("flags.toml")
NEAR_HINT, WARM_TONE, HISTORY_LINES, MODEL_ANSWERS = "near_hint", "warm_tone", "history_lines", "model_answers"
KNOWN: Mapping[str, Value] = {NEAR_HINT: False, WARM_TONE: True, HISTORY_LINES: 24, MODEL_ANSWERS: True}
"""Every flag, with the value that holds where no file does; its kind is that of the declared values."""


def load(file: Path = FILE) -> Flags:
    """The declared flags. Raises Misconfigured, in one sentence, for a file that is not whole and right."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read ({error}); restore it") from error
    found = parse(text, str(file))
    if odd := sorted(set(found) ^ set(KNOWN)):
        fix = "is read nowhere; remove it" if odd[0] in found else "is missing; declare it"
        raise Misconfigured(f"{file}: [{odd[0]}] {fix}")
    for name, flag in found.items():
        if type(flag.off) is not type(KNOWN[name]):
            kind = type(KNOWN[name]).__name__
            raise Misconfigured(f"{file}: [{name}] off is {flag.off!r}; this flag takes values of the kind {kind}")
    return found


def fallback() -> Flags:
    """What holds where the file does not: every flag at its known value, nobody aimed at."""
    return {name: _plain(name, value) for name, value in KNOWN.items()}


def _plain(name: str, value: Value) -> Flag:
    """Without a mark: every stop counts, and leads to where it would have led."""
    what = "flags.toml is refused: this is its value meanwhile"
    if value is True:
        return Flag(name, "experimental", what, "nobody", off=False, on=True, default="on")
    return Flag(name, "experimental", what, "nobody", off=value, on=value)


def value(book: FlagBook | None, name: str, unit: Unit) -> Value:
    """The value for this unit; the known one where there is no book."""
    return KNOWN[name] if book is None else book.decide(name, unit).value
