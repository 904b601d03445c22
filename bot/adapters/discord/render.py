"""Posts and answers in Discord's form."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.core.chat import Answer, Button, Card, File, Post
from bot.policy.rendering import CUSTOM_ID, LABEL, Menu, Row, arrange, fit, shorten, split

NOBODY = discord.AllowedMentions.none()
OWN = "mw:"
"""What the ids of this carrier's own buttons begin with."""
_ASKS = "?"
_QUESTION = "\x1f"
_STYLES = {
    "primary": discord.ButtonStyle.primary,
    "plain": discord.ButtonStyle.secondary,
    "danger": discord.ButtonStyle.danger,
}
MOST_FILES = 10
LARGEST = 10 * 1024 * 1024
"""Bytes of all files of one message. https://discord.com/developers/docs/reference#uploading-files"""


class Buttons(discord.ui.View):
    """Buttons that work as long as their message is there: presses are routed by their ids alone."""

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__(timeout=None)
        for number, row in enumerate(rows):
            if isinstance(row, Menu):
                self.add_item(_menu(row, number))
            else:
                for button in row:
                    self.add_item(_button(button, number))

    def is_dispatchable(self) -> bool:
        """Never: a view that is dispatched is kept in memory for good."""
        return False


def _button(button: Button, row: int) -> discord.ui.Button[Any]:
    label = shorten(button.label.strip() or button.id, LABEL)
    return discord.ui.Button(label=label, style=_STYLES[button.style], custom_id=custom_id(button), row=row)


def _menu(menu: Menu, row: int) -> discord.ui.Select[Any]:
    options = [
        discord.SelectOption(label=shorten(one.label.strip() or one.id, 100), value=one.id) for one in menu.buttons
    ]
    return discord.ui.Select(custom_id=shorten(f"{OWN}menu:{row}:{menu.kind}", CUSTOM_ID), options=options, row=row)


def custom_id(button: Button) -> str:
    """A button's id on Discord. A button that asks carries its question, as far as there is room: it outlives us."""
    if not button.asks:
        return button.id
    room = CUSTOM_ID - len(_ASKS) - len(button.id) - len(_QUESTION)
    return f"{_ASKS}{button.id}" + (_QUESTION + shorten(button.asks, min(room, 45)) if room > 1 else "")


def asked(identity: str) -> tuple[str, str] | None:
    """Button id and question of a button that asks; None if it does not ask."""
    if not identity.startswith(_ASKS):
        return None
    button, _, question = identity[len(_ASKS) :].partition(_QUESTION)
    return button, question


def embed(card: Card) -> discord.Embed:
    """A card as an embed, within Discord's limits."""
    fitted = fit(card)
    made = discord.Embed(
        title=fitted.title or None, description=fitted.text or None, url=fitted.link or None, colour=fitted.colour
    )
    for name, value in fitted.fields:
        made.add_field(name=name, value=value, inline=len(value) <= 40)
    return made


@dataclass(frozen=True, slots=True)
class Piece:
    """One message of several that make a post."""

    text: str = ""
    card: Card | None = None
    buttons: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()
    quiet: bool = False
    """Links are not unfolded: what a model wrote must not fetch anything by itself."""

    @property
    def blank(self) -> bool:
        """Discord refuses a message of nothing."""
        return not (self.text.strip() or self.card or self.files)

    def sending(self) -> dict[str, Any]:
        """Arguments of a first sending."""
        given: dict[str, Any] = {"content": self.text or None, "allowed_mentions": NOBODY}
        if self.card:
            given["embed"] = embed(self.card)
        if self.buttons:
            given["view"] = Buttons(arrange(self.buttons))
        if self.files:
            given["files"] = upload(self.files)
        if self.quiet and not self.card:
            given["suppress_embeds"] = True
        return given

    def editing(self) -> dict[str, Any]:
        """Arguments of an edit: what is not here any more is taken away."""
        given: dict[str, Any] = {"content": self.text or None, "allowed_mentions": NOBODY}
        given["embed"] = embed(self.card) if self.card else None
        given["view"] = Buttons(arrange(self.buttons)) if self.buttons else None
        if self.files:
            given["attachments"] = upload(self.files)
        return given


def upload(files: Sequence[File]) -> list[discord.File]:
    """Files as Discord takes them: ten, and not more bytes than it allows; too many are left out."""
    made: list[discord.File] = []
    left = LARGEST
    for file in files[:MOST_FILES]:
        if len(file.content) <= left:
            left -= len(file.content)
            made.append(discord.File(io.BytesIO(file.content), filename=file.name[-100:] or "file"))
    return made


def pieces(post: Post | Answer, extra: Sequence[Button] = ()) -> list[Piece]:
    """The messages of a post: text in parts, and on the last one what comes with it."""
    quiet = isinstance(post, Answer) and bool(post.model)
    *first, last = [part for part in split(post.text) if part.strip()] or [""]
    end = Piece(last, post.card, (*post.buttons, *extra), post.files, quiet)
    return [Piece(part, quiet=quiet) for part in first] + ([] if end.blank else [end])
