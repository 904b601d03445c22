"""The toolbox as a model's loop sees it: one call at a time, each counted, and none after the end."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.errors import MegawattsError
from bot.core.model import ToolSchema
from bot.core.text import one_line
from bot.improve.authors.agent.finish import Finish
from bot.improve.authors.agent.meter import Meter
from bot.improve.authors.agent.tools import Tool

TRAIL = 12


class Box:
    """`core.model.Toolbox`. `over` is set when nothing more will be done: handed in, or the budget is spent."""

    def __init__(self, tools: Sequence[Tool], meter: Meter, finish: Finish) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._meter, self._finish = meter, finish
        self._one = asyncio.Lock()
        self.over = asyncio.Event()
        self.trail: deque[str] = deque(maxlen=TRAIL)
        """The last calls and how each answer began: what a model that goes on must know."""

    def schemas(self) -> Sequence[ToolSchema]:
        """All of them, in order."""
        return [tool.schema for tool in self._tools.values()]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """What the tool said. Never raises: wrong names, arguments and refusals are told in words. Past the budget it
        waits until it is cancelled."""
        await asyncio.sleep(0)  # a caller that never waits for anything must not keep others from ending it
        async with self._one:
            if self._finish.done():
                return "the change is handed in already; nothing more is done"
            await self._end_if_spent()
            said = await self._call(name, arguments)
            self._meter.call(len(_text(arguments)) + len(said))
            self.trail.append(f"{one_line(str(name), 40)} {one_line(_text(arguments), 120)}: {one_line(said, 200)}")
            if self._finish.done():
                self.over.set()
                return said
            await self._end_if_spent()
            return said

    async def _end_if_spent(self) -> None:
        """Past the budget no call comes back: with an answer the loop would ask, and pay, once more."""
        if not self._meter.within().passed:
            self.over.set()
            await asyncio.Event().wait()

    async def _call(self, name: str, arguments: Mapping[str, Any]) -> str:
        tool = self._tools.get(name)
        if tool is None:
            return f"there is no tool {one_line(str(name), 40)}; there are {', '.join(self._tools)}"
        if wrong := tool.wrong(arguments):
            return f"refused: {wrong}"
        try:
            return await tool.run(arguments)
        except MegawattsError as error:
            return f"refused: {error}"
        except Exception as error:  # noqa: BLE001  (a model must not be able to break the controller by an argument)
            return f"refused: {name} could not be done ({type(error).__name__})"


def _text(arguments: object) -> str:
    try:
        return json.dumps(arguments)
    except (TypeError, ValueError, RecursionError):  # no JSON: its call was refused
        return ""
