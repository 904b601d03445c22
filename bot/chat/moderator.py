"""The moderator: the house's pure rules, and a model's opinion where one is configured."""

import tomllib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from bot.core.chat import HERE, Scope
from bot.core.errors import MegawattsError, Misconfigured
from bot.core.guild_settings import GuildBook, GuildSettings, Links
from bot.core.moderation import Judged
from bot.policy import moderation as rules
from bot.policy.leaks import marks, passages
from bot.policy.wordlist import compile_words

log = structlog.get_logger()
FILE = Path(__file__).with_name("moderation.toml")
Opinion = Callable[[str], Awaitable[str]]
"""What a moderation model finds in a text: a category, or '' for nothing. Raises Unavailable."""


@lru_cache(maxsize=4)
def load(file: Path = FILE) -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
    """Words that are said nowhere, domains that others imitate, and tools whose arguments are not judged. Raises
    Misconfigured naming file and fix."""
    try:
        data: Mapping[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        words = tuple(str(word) for listed in data["words"].values() for word in listed)
        return words, frozenset(map(str, data["imitated"])), frozenset(map(str, data["unjudged"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(f"{file} cannot be used ({error}); it needs [words], imitated and unjudged") from error


@lru_cache(maxsize=1024)
def _made(
    words: tuple[str, ...], links: Links, domains: frozenset[str], *, invites: bool, alone: bool, known: frozenset[str]
) -> rules.Rules:
    """Rules are put together once for all guilds that have set the same."""
    return rules.Rules(
        compile_words(words), links, frozenset(one.lower().strip(".") for one in domains), invites, known, not alone
    )


class RuleModerator:
    """`core.moderation.Moderator`. What goes out is judged even where moderation is off: leaks are no taste."""

    def __init__(
        self,
        book: GuildBook | None = None,
        secrets: Iterable[str] = (),
        opinion: Opinion | None = None,
        *,
        enabled: bool = True,
        private: bool = True,
        text: str = "",
        file: Path = FILE,
    ) -> None:
        """`secrets` must not leave in any form, nor lines of `text` word for word. `enabled` is CONTENT_MODERATION;
        `private`: whether the opinion may be asked on what one member alone reads."""
        self._book, self._opinion, self._enabled, self._private = book, opinion, enabled, private
        self._marks = marks(secrets) | passages(text)
        self._words, self._known, self.unjudged = load(file)

    async def incoming(self, text: str, scope: Scope) -> Judged:
        """By the guild's rules, then by the model. A model out of reach lets a member's text pass: the rules held."""
        settings = self._settings(scope)
        if not self._enabled or not settings.moderation:
            return Judged(True, text=text)
        judged, opinion = rules.incoming(text, self._rules(settings)), self._asked(scope)
        if not judged.allowed or opinion is None:
            return judged
        try:
            found = await opinion(text)
        except MegawattsError as error:
            log.warning("moderation model unavailable", error=type(error).__name__)
            return judged
        return Judged(False, rules.MODEL, f"It was judged as {found}.", text) if found else judged

    async def outgoing(self, text: str, scope: Scope, *, by_model: bool) -> Judged:
        """What may be sent. A model's text that no moderation model could judge is held to the rules alone, which then
        leave no link in it."""
        settings = self._settings(scope)
        held, opinion = self._rules(settings), self._asked(scope)
        judged = rules.outgoing(text, held, self._marks, by_model=by_model)
        if not judged.allowed or not by_model or opinion is None or not self._enabled:
            return judged
        try:
            found = await opinion(judged.text)
        except MegawattsError as error:
            log.warning("moderation model unavailable", error=type(error).__name__)
            bare = rules.Rules(held.words, "none", frozenset(), held.invites, held.known)
            return rules.outgoing(text, bare, self._marks, by_model=True)
        return Judged(False, rules.MODEL, f"It was judged as {found}.", "") if found else judged

    def partial(self, text: str, scope: Scope) -> str:
        """What may be shown of a model's text that is still being written, by the rules alone; '' if nothing may."""
        judged = rules.outgoing(text, self._rules(self._settings(scope)), self._marks, by_model=True)
        return judged.text if judged.allowed else ""

    def _asked(self, scope: Scope) -> Opinion | None:
        return self._opinion if self._private or not scope.private else None

    def _settings(self, scope: Scope) -> GuildSettings:
        if self._book is None or scope.guild == HERE:
            return GuildSettings(scope.guild)
        return self._book.read(scope.guild)

    def _rules(self, settings: GuildSettings) -> rules.Rules:
        on = self._enabled and settings.moderation
        words = (*self._words, *settings.words) if on else ()
        alone, invites = settings.guild == HERE, settings.invites
        return _made(words, settings.links, settings.domains, invites=invites, alone=alone, known=self._known)
