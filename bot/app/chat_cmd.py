"""`megawatts chat`: talk to the bot in the terminal."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.adapters.terminal.screen import Screen
from bot.app.chat_lines import Line, local, remote

_LEAVE = frozenset({"exit", "quit", ":q", "/exit", "/quit"})
_HINT = (
    "Talk as you like. /help lists commands, /history what was said; /up, /down and /fix judge an answer; exit leaves."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("chat")(chat)


def chat(
    once: Annotated[str, typer.Option(help="Say this, print one answer, and end.")] = "",
    user: Annotated[str, typer.Option(help="Who you are; default: your login.")] = "",
    home: Annotated[Path | None, typer.Option(help="Home folder [default: $MEGAWATTS_HOME or .megawatts].")] = None,
    url: Annotated[str, typer.Option(help="Talk to the bot at this address, such as http://127.0.0.1:8080.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print each answer as a JSON object.")] = False,
) -> None:
    """Talk to the bot; the same pipeline that answers members. Example: megawatts chat --once "roll 2d6"

    Without --once it reads line by line until the end of input or "exit". A line that begins with / is a command,
    such as /memory show; a number presses a button of the last answer.
    """
    asyncio.run(_talk(once, user or _login(), home, url, as_json))


def _login() -> str:
    try:
        return getuser()
    except (OSError, KeyError):  # no login name, as in a bare container
        return "you"


async def _talk(once: str, user: str, home: Path | None, url: str, as_json: bool) -> None:
    from bot.app.bot_wiring import product_version  # noqa: PLC0415

    async with remote(url) if url else local(home, {"version": product_version()}, user) as line:
        talk = Talk(line, user, as_json=as_json)
        if once:
            await talk.hear(once)
            return
        await talk.run()


class Talk:
    """One person at one terminal: what was said, and which buttons the last answer had."""

    def __init__(self, line: Line, user: str, *, as_json: bool) -> None:
        self._line, self._user, self._json = line, user, as_json
        self._asks = sys.stdin.isatty() and not as_json
        self._screen = Screen(sys.stdout, live=sys.stdout.isatty() and not as_json, folder=Path.cwd())
        self._buttons: Sequence[Mapping[str, str]] = ()
        self._last = ""
        self._said: list[str] = []

    async def run(self) -> None:
        """Line by line until the end of input or a word that leaves."""
        if self._asks:
            import readline  # noqa: F401, PLC0415  (importing it gives the prompt its history)

            self._screen.say(_HINT)
        while (text := await asyncio.to_thread(self._read, "> ")) is not None:
            if text.casefold() in _LEAVE:
                return
            if text:
                await self.hear(text)
            for reminder in await self._line.due(self._user):
                self._show({"text": f"⏰ {reminder}", "due": True})

    async def hear(self, text: str) -> None:
        """One line: a button's number, one of the terminal's own words, a command, or a message."""
        self._said.append(f"{self._user}: {text}")
        if text == "/history":
            self._show({"text": "\n".join(self._said[:-1]) or "Nothing was said yet."})
        elif text.isdecimal() and 1 <= int(text) <= len(self._buttons):
            await self._press(self._buttons[int(text) - 1])
        elif (voice := text.split(maxsplit=1)[0]) in ("/up", "/down", "/fix") and self._last:
            found = await self._line.press(self._user, f"feedback/{self._last}/{voice[1:]}", text[len(voice) :].strip())
            self._show(found)
        else:
            said = "!" + text[1:] if text.startswith("/") else text
            live = self._screen if self._asks else None
            self._show(await self._line.say(self._user, said, live))

    async def _press(self, button: Mapping[str, str]) -> None:
        text = ""
        if button.get("asks"):
            self._screen.say(button["asks"])
            said = await asyncio.to_thread(self._read, "? ")
            text = said or ""
        self._show(await self._line.press(self._user, button["id"], text))

    def _show(self, answer: dict[str, Any]) -> None:
        self._said.append(f"Megawatts: {answer.get('text', '')}")
        self._last = str(answer.get("id", self._last))
        if self._json:
            self._screen.say(json.dumps(answer, ensure_ascii=False))
            self._buttons = answer.get("buttons", ())
        else:
            self._buttons = self._screen.show(answer)

    def _read(self, prompt: str) -> str | None:
        """One line, or None at the end of input."""
        if self._asks:
            try:
                return input(prompt).strip()
            except EOFError:
                return None
        line = sys.stdin.readline()
        return line.strip() if line else None
