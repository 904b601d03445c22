"""What an answer looks like on a terminal, while it is written and when it is there."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, TextIO

from bot.core.text import plain


class Screen:
    """`core.chat.Sink` that writes what grew, and shows whole answers (as JSON objects) with what came with them."""

    def __init__(self, out: TextIO, *, live: bool, folder: Path) -> None:
        """`live`: answers are shown while they are written. Files that come with an answer are put into `folder`."""
        self._out, self._live, self._folder = out, live, folder
        self._shown = ""

    async def grow(self, text: str) -> None:
        """Write what is new; an answer that was rewritten from its beginning is written anew at its end."""
        if self._live and text.startswith(self._shown):
            self._write(text[len(self._shown) :])
            self._shown = text

    def show(self, answer: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
        """The rest of an answer, its card, files and buttons; the buttons that may be pressed, by their numbers."""
        text, shown = str(answer.get("text") or answer.get("error") or ""), self._shown
        self._shown = ""
        if shown and not text.startswith(shown):
            self._write("\n")
            shown = ""
        self._write(text[len(shown) :] + "\n")
        for line in _card(answer.get("card") or {}):
            self._write(f"  {line}\n")
        for file in answer.get("files", ()):
            self._write(f"  [file] {self._save(file)}\n")
        buttons: Sequence[Mapping[str, str]] = answer.get("buttons", ())
        if buttons:
            labels = "  ".join(f"[{number}] {one['label']}" for number, one in enumerate(buttons, start=1))
            self._write(f"  {labels}  (type a number)\n")
        return buttons

    def say(self, text: str) -> None:
        """One line of the program's own."""
        self._write(text + "\n")

    def _save(self, file: Mapping[str, str]) -> str:
        """Where a file was put; one that is there already is kept."""
        name = PurePath(file["name"]).name or "file"
        stem, suffix = PurePath(name).stem, PurePath(name).suffix
        for number in range(1000):
            path = self._folder / (name if not number else f"{stem}-{number}{suffix}")
            try:
                with path.open("xb") as out:
                    out.write(base64.b64decode(file["base64"]))
            except FileExistsError:
                continue
            except OSError as error:
                return f"{name} was not saved: {error.strerror}"
            return str(path)
        return f"{name} was not saved: there are a thousand of that name in {self._folder}"

    def _write(self, text: str) -> None:
        """Others' words may reach an answer: what would steer the terminal is left out."""
        self._out.write(plain(text))
        self._out.flush()


def _card(card: Mapping[str, Any]) -> list[str]:
    if not card:
        return []
    lines = [f"== {card['title']} =="]
    lines += str(card.get("text", "")).splitlines()
    lines += [f"{field['name']}: {field['value']}" for field in card.get("fields", ())]
    return [*lines, card["link"]] if card.get("link") else lines
