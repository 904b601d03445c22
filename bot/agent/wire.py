"""What the router and the providers say to one another. Nothing here needs a client library."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bot.core.model import ToolSchema
from bot.policy.routing import Candidate

Trouble = Literal[
    "limited",  # 429: wait as long as it says
    "down",  # 5xx, no connection, a connection that broke
    "silent",  # nothing within the time that a model may take
    "retired",  # the model's name is not known (any more)
    "refused",  # the key is refused, or the account has no money
    "too-long",  # the text does not fit
    "rejected",  # the request is refused as it is
    "malformed",  # an answer that is none
    "spent",  # our own budget
]
UNWELL: frozenset[Trouble] = frozenset({"limited", "down", "silent", "malformed"})
"""What counts against a provider's health."""
UNPAID: frozenset[Trouble] = frozenset({"limited", "retired", "refused", "too-long", "rejected", "spent"})
"""What a provider answers without having worked: it costs nothing."""


class ModelFault(Exception):  # noqa: N818  (reads as a word of the domain)
    """One model call failed. `because` is a sentence without secrets, fit for an admin."""

    def __init__(self, trouble: Trouble, because: str, *, retry_after: float | None = None, sent: bool = True) -> None:
        super().__init__(because)
        self.trouble: Trouble = trouble
        self.because = because
        self.retry_after = retry_after
        self.sent = sent
        """False: the request never reached the provider, so that it cannot cost anything."""


@dataclass(frozen=True, slots=True)
class Call:
    """A model wants a tool. `arguments` is JSON as the model wrote it, right or wrong."""

    id: str
    name: str
    arguments: str | dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a model. `messages` belong to the kernel; providers hand them on."""

    messages: Sequence[Any]
    tools: tuple[ToolSchema, ...] = ()
    most_tokens: int = 4096
    stream: bool = False
    brief: tuple[str, str] = ("", "")
    """The head of the system text and the bare text: all that a very small model can make use of. For models without
    tools only: nothing tells data from instructions in it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a model said. `message` belongs to the kernel."""

    text: str
    calls: tuple[Call, ...] = ()
    message: Any = None
    input_tokens: int = 0
    output_tokens: int = 0
    cut: bool = False
    """The stream broke after text had been shown."""


Heard = Callable[[str], Awaitable[None]]
"""Called with the text so far as it grows; with an empty text when something else came, such as a tool call."""


class Provider(Protocol):
    """Somebody who runs models."""

    name: str

    async def candidates(self) -> Sequence[Candidate]:
        """Its models. Raises Unavailable if they must be asked for and nobody answers."""
        ...

    async def prepare(self, model: str) -> None:
        """Load what a call needs, if it is not loaded yet: that is not the model's time. Raises ModelFault."""
        ...

    async def call(self, model: str, request: Request, heard: Heard) -> Response:
        """One model call, not repeated. Raises ModelFault, and nothing else but cancellation."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one turn may go. `timeout` bounds one model call, in seconds."""

    timeout: float = 60.0
    rounds: int = 8
    """Model calls."""
    calls: int = 16
    """Tool calls."""
    most_tokens: int = 4096
    unknown_late: float = field(default=8.0)
    """Seconds after which a second provider is asked while nothing is known of the first."""
