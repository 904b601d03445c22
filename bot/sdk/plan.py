"""What a tool that changes a guild hands to the registry: what it would do, to what, and what to say of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.core.guild import Deed
from bot.core.text import one_line
from bot.policy.permission import Touch

if TYPE_CHECKING:
    from bot.sdk.host import Host
    from bot.sdk.tool import Result

Outcome = Mapping[str, Any]
_IDS = ("user", "message", "webhook")


@dataclass(frozen=True, slots=True)
class Plan:
    """One intended act. Nothing has happened when a tool returns it; the registry checks, asks and then does it."""

    says: str
    """Exactly what will happen, in one sentence that begins with a verb: `Ban Ann (5).`"""
    touch: Touch
    then: "Callable[[Outcome], Result | Awaitable[Result]]"
    """Called with what came of the deed; whatever is not a deed is done in it."""
    deed: Deed | None = None
    pins: Mapping[str, Any] = field(default_factory=dict)
    """Arguments to keep while the member thinks, so that what is done is what was shown."""

    @property
    def subject(self) -> str:
        """What it is about, for the record: names with ids, and none of the words that somebody wrote."""
        touch, options = self.touch, self.deed.options if self.deed else {}
        views = [one for one in (touch.member, touch.role) if one is not None]
        parts = [f"{one_line(one.name, 60)} ({one.id})" for one in views]
        parts += [f"#{one_line(one.name, 60)} ({one.id})" for one in touch.channels]
        parts += [f"{key} {options[key]}" for key in _IDS if key in options and f"({options[key]})" not in str(parts)]
        return ", ".join(parts) or "the server"

    @property
    def digest(self) -> str:
        """Equal only for plans that would do the same."""
        options = sorted((str(key), str(value)) for key, value in self.deed.options.items()) if self.deed else ()
        return sha256(repr((self.says, self.deed and self.deed.verb, options)).encode()).hexdigest()


def deed_of(host: "Host", verb: str, reason: str = "", **options: Any) -> Deed:
    """A deed that the caller of this tool asks for, in their guild."""
    caller = host.caller
    return Deed(verb, caller.guild, caller.user, caller.name, options, reason)
