"""What members saw, as text: every line, card, button and question, without what is drawn anew in every run."""

import re
from collections.abc import Iterator
from typing import Any

import simcord

HEAD = """# A recorded session

Set-up, talk, memory, tools, a suggestion, a vote and a merge, as members of a server saw them. The page is written by
`scripts/record-session`, which plays `tests/journeys/test_discord_session.py`; nothing in it is edited by hand. The
bot, its records and filters, the controller, the sandbox, the stages and the embedded forge are the product's own, over
a copy of this repository with few tests. Discord is played by simcord, a library that has Discord's API, permissions
and audit log inside the test: this is no recording of Discord itself. No model is configured. The
charter of that copy lets a vote last 40 seconds, and the bot looks for news every second in place of every ten. Ids,
commits and times are replaced, since each run has its own: `<1>` is the same thing wherever it stands. `[For]` is a
button, `+--` a card; lines that begin with `--` tell what happened elsewhere.
"""
_MENTION = re.compile(r"<(@!?|@&|#)(\d{15,20})>")
_ID = re.compile(r"(?<!\d)\d{17,20}(?!\d)")
_STAMP = re.compile(r"<t:\d+(?::\w)?>")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:\+00:00)?")
_CLOCK = re.compile(r"\b\d\d:\d\d UTC")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CASE = re.compile(r"case [0-9a-f]+")
_HEX = re.compile(r"(?<![\w/.-])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}(?![\w-])")
_SAID = frozenset({0, 19, 20})
"""Messages, replies and answers to commands; the others are Discord's own notes."""
_FOR_ONE = 1 << 6
"""Discord's flag of a message that one member sees. https://discord.com/developers/docs/resources/message"""


class Transcript:
    """Written while the session is played: after each act, whatever the bot said or changed anywhere."""

    def __init__(self, env: simcord.Env) -> None:
        self._env, self._seen = env, dict[int, str]()
        self._numbers = dict[str, str]()
        self.lines: list[str] = []

    def scene(self, title: str, text: str) -> None:
        """A heading, what it is about, and a new block."""
        self._close()
        self.lines += [f"\n## {title}\n", f"{text}\n", "~~~text"]

    def note(self, text: str) -> None:
        """What is done or seen outside of Discord's own windows."""
        self.lines += [f"    -- {self.plain(text)}"]

    def said(self, place: int, who: str, text: str) -> None:
        """A member's own act."""
        self.lines += self._block(f"{self.place(place)} | {who}: ", text)

    def heard(self) -> list[str]:
        """What is new or changed since the last look; as written, for those who assert on it."""
        before = len(self.lines)
        for message in self._messages():
            now, old = self._shown(message), self._seen.get(message.id)
            if now == old:
                continue
            self._seen[message.id] = now
            if message.author_id == self._env.backend.bot_user.id and message.type in _SAID:
                self.lines += self._block(self._head(message, changed=old is not None), now)
        return self.lines[before:]

    def asked(self, who: str, modal: dict[str, Any]) -> None:
        """A question that opened in a window of its own."""
        self.lines += [f"    -- a window opens for {who}: {self.plain(str(modal['title']))}"]

    def text(self) -> str:
        """The whole page."""
        self._close()
        return HEAD + "\n" + "\n".join(self.lines).strip() + "\n"

    def place(self, channel: int) -> str:
        """Where something is said, as members call it."""
        backend = self._env.backend
        found = backend.channels[channel]
        partner = next((user for user, dm in backend.dm_channels.items() if dm == channel), None)
        if partner is not None:
            return f"direct message with {backend.users[partner].name}"
        parent = f"#{backend.channels[found.parent_id].name} > " if found.is_thread and found.parent_id else "#"
        return f"{parent}{found.name}"

    def plain(self, text: str) -> str:
        """Names for ids; a fixed number for each that is drawn anew in every run; no clock."""
        text = _MENTION.sub(lambda found: f"{found[1].rstrip('!&')}{self._name(int(found[2]))}", text)
        text = _ID.sub(lambda found: f"id of {self._name(int(found[0]))}", text)
        for pattern, word in (
            (_STAMP, "(time)"),
            (_TIME, "(time)"),
            (_CLOCK, "(time) UTC"),
            (_DATE, "(date)"),
            (_CASE, "case (number)"),
        ):
            text = pattern.sub(word, text)
        return _HEX.sub(lambda found: self._number(found[0]), text)

    def _name(self, number: int) -> str:
        backend = self._env.backend
        if number in backend.users:
            return str(backend.users[number].name)
        if number in backend.channels:
            return str(backend.channels[number].name)
        roles = {role.id: role.name for guild in backend.guilds.values() for role in guild.roles.values()}
        return str(roles.get(number, backend.guilds[number].name if number in backend.guilds else "something"))

    def _number(self, found: str) -> str:
        """The same for a number and for its beginning."""
        known = next((to for of, to in self._numbers.items() if of.startswith(found) or found.startswith(of)), "")
        return self._numbers.setdefault(found, known or f"<{len(set(self._numbers.values())) + 1}>")

    def _messages(self) -> Iterator[Any]:
        for place in self._env.backend.messages.values():
            yield from place.values()

    def _head(self, message: Any, *, changed: bool) -> str:
        whom = (message.interaction_metadata or {}).get("user", {})
        name = whom.get("username") if isinstance(whom, dict) else ""
        seen = f" (only {name or 'one member'} sees it)" if message.flags & _FOR_ONE else ""
        return f"{self.place(message.channel_id)} | Megawatts{seen}{' (changed)' if changed else ''}: "

    def _shown(self, message: Any) -> str:
        parts = [message.content, *(_card(one) for one in message.embeds)]
        parts += [f"[file {one['filename']}]" for one in message.attachments]
        parts += [" ".join(_component(one) for one in row.get("components", ())) for row in message.components]
        return "\n".join(part for part in parts if part)

    def _block(self, head: str, text: str) -> list[str]:
        first, *rest = self.plain(text).split("\n")
        return [f"{head}{first}", *(f"    {line}" for line in rest)]

    def _close(self) -> None:
        if "~~~text" in self.lines and self.lines[-1] != "~~~":
            self.lines.append("~~~")


def _card(embed: dict[str, Any]) -> str:
    rows = [f"+-- {embed.get('title', '')}"]
    rows += [f"| {line}" for line in str(embed.get("description") or "").split("\n") if line]
    rows += [f"| {field['name']}: {field['value']}" for field in embed.get("fields", ())]
    return "\n".join([*rows, "+--"])


def _component(one: dict[str, Any]) -> str:
    if one.get("type") == 2:
        return f"[{one.get('label', '')}]" if not one.get("disabled") else f"({one.get('label', '')})"
    return f"[choose: {' | '.join(option['label'] for option in one.get('options', ()))}]"
