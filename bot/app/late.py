"""Doors that open after the house is put together: Discord needs the pipeline, whose tools need Discord."""

from typing import Any, cast

from bot.core.chat import Messenger
from bot.core.errors import Unavailable
from bot.core.guild import Guilds


class Late:
    """Stands for a door until there is one; until then every call says that it is out of reach."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._target: Any = None

    def open(self, target: object) -> None:
        """From now on calls go there."""
        self._target = target

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._target is None:
            raise Unavailable(self._name, "not connected yet")
        return getattr(self._target, name)


def late_guilds() -> tuple[Late, Guilds]:
    """The same object twice: to open it, and to use it."""
    late = Late("Discord")
    return late, cast("Guilds", late)


def late_messenger() -> tuple[Late, Messenger]:
    """The same object twice: to open it, and to use it."""
    late = Late("Discord")
    return late, cast("Messenger", late)
