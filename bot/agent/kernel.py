"""Model and tools in turns until the model is done or a limit is reached."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.agent import arguments, spotlight
from bot.agent.loading import load
from bot.agent.wire import Call, Limits, Request, Response
from bot.core.errors import MegawattsError
from bot.core.model import Prompt, Toolbox, ToolSchema

LOOPED = (
    "I stopped: the model kept calling tools ({tools}) without coming to an answer. Ask for less at once, or again."
)
CONFUSED = "I stopped: the model called a tool wrongly twice ({why}). Nothing more was done; ask in other words."
UNFINISHED = "I called {tools}, and then no model answered to tell of it ({why}). Look before you ask again."
EMPTY = "The model gave no answer, twice. Ask in other words, or again later."
_SAY = "Your answer was empty. Answer the member's message now, in words."
_BRIEF = 400
"""Characters of the system text that a very small model is given."""
PATIENCE = 3
"""Times the timeout of one call that a turn may take before another call begins."""
_LONGEST_RESULT = 8000
"""Characters of what a tool said that a model is given."""

Ask = Callable[[Request], Awaitable[Response]]
"""One model call, whoever answers it."""


@dataclass(slots=True)
class Ran:
    """How a turn went. `text` is for the member."""

    text: str = ""
    tools: list[str] = field(default_factory=list)
    """Tools that were called, in order."""
    cut: bool = False
    stopped: str = ""
    """`looped`, `confused`, `empty` or `unfinished` where the text is ours."""


class _Turn:
    """One turn's state."""

    def __init__(self, prompt: Prompt, tools: Toolbox | None, limits: Limits, mark: str) -> None:
        self.schemas: tuple[ToolSchema, ...] = tuple(tools.schemas()) if tools else ()
        self.tools = tools
        self.limits = limits
        self.mark = mark
        self.ran = Ran()
        self.forgiven = False
        """The model was told of one mistake."""
        from bot.agent import calling  # noqa: PLC0415  (pydantic-ai: loaded by then)

        self.words = calling
        self.brief = prompt.system[:_BRIEF].rsplit("\n\n", 1)[0], prompt.text
        system = f"{prompt.system.rstrip()}\n\n{spotlight.RULE}"
        self.messages: list[Any] = [calling.opening(system, spotlight.user_text(prompt, self.mark))]

    def request(self, *, stream: bool) -> Request:
        return Request(list(self.messages), self.schemas, self.limits.most_tokens, stream, self.brief)

    def stop(self, why: str, text: str) -> Ran:
        self.ran.stopped, self.ran.text = why, text
        return self.ran


async def run(
    prompt: Prompt, ask: Ask, tools: Toolbox | None, limits: Limits, *, stream: bool = False, mark: str = ""
) -> Ran:
    """One turn. Raises what `ask` raises, unless tools were called: what was done must be told.

    Text that comes together with tool calls is shown while it grows; the text of the last round is the answer.
    `mark` is the spotlight's, for callers that must take it out of what is shown.
    """
    await load("bot.agent.calling")
    turn = _Turn(prompt, tools, limits, mark or spotlight.new_mark())
    loop = asyncio.get_running_loop()
    until = loop.time() + limits.timeout * PATIENCE
    for _ in range(limits.rounds):
        try:
            response = await ask(turn.request(stream=stream))
        except MegawattsError as error:
            if not turn.ran.tools:
                raise
            return turn.stop("unfinished", UNFINISHED.format(tools=_named(turn.ran.tools), why=error))
        if await _done(turn, response):
            return turn.ran
        if loop.time() >= until:
            break
    return turn.stop("looped", LOOPED.format(tools=_named(turn.ran.tools)))


async def _done(turn: _Turn, response: Response) -> bool:
    """Take in what the model said; whether that ends the turn."""
    text = spotlight.unmarked(response.text, turn.mark)
    if response.cut:
        turn.ran.text, turn.ran.cut = text, True
        return True
    turn.messages.append(response.message)
    if response.calls:
        return await _use(turn, response.calls) is not None
    if text:
        turn.ran.text = text
        return True
    if turn.forgiven:
        turn.stop("empty", EMPTY)
        return True
    turn.forgiven = True
    turn.messages.append(turn.words.reminded(_SAY))
    return False


async def _use(turn: _Turn, calls: Sequence[Call]) -> Ran | None:
    """Call the tools one after the other, in the model's order; what ends the turn, if something does."""
    if len(turn.ran.tools) + len(calls) > turn.limits.calls:
        return turn.stop("looped", LOOPED.format(tools=_named(turn.ran.tools)))
    read = [(call, *arguments.read(call, turn.schemas)) for call in calls]
    wrong = next((why for _call, _arguments, why in read if why), "")
    if wrong and turn.forgiven:
        return turn.stop("confused", CONFUSED.format(why=wrong.split(".")[0]))
    turn.forgiven = turn.forgiven or bool(wrong)
    results = []
    for call, given, why in read:
        results.append((call, why or await _called(turn, call.name, given)))
    turn.messages.append(turn.words.returned(results))
    return None


async def _called(turn: _Turn, name: str, given: dict[str, Any]) -> str:
    assert turn.tools is not None  # noqa: S101  (or there would be no schema of that name)
    turn.ran.tools.append(name)
    said = await turn.tools.call(name, given)
    if len(said) > _LONGEST_RESULT:
        said = f"{said[:_LONGEST_RESULT]}\n(cut off after {_LONGEST_RESULT} of {len(said)} characters)"
    return spotlight.tool_text(name, said, turn.mark)


def _named(tools: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(tools)) or "none that exist"
