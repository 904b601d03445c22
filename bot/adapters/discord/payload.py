"""What an interaction says, taken out of Discord's nested form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SUBCOMMAND, _GROUP = 1, 2


@dataclass(frozen=True, slots=True)
class Said:
    """A slash command in words with its arguments. `typing` names the argument that is being typed, if one is."""

    name: str
    arguments: Mapping[str, Any]
    typing: str = ""


def slash(data: Mapping[str, Any]) -> Said:
    """A slash command's words and arguments. Members, roles and channels stay ids."""
    words, options = [str(data["name"])], data.get("options") or []
    while options and options[0].get("type") in (_SUBCOMMAND, _GROUP):
        words.append(str(options[0]["name"]))
        options = options[0].get("options") or []
    arguments = {str(one["name"]): one.get("value") for one in options}
    typing = next((str(one["name"]) for one in options if one.get("focused")), "")
    return Said(" ".join(words), arguments, typing)


def chosen(data: Mapping[str, Any]) -> str:
    """The button that was pressed, or what was chosen from a menu of buttons."""
    values = data.get("values") or []
    return str(values[0]) if values else str(data.get("custom_id", ""))


def written(data: Mapping[str, Any]) -> str:
    """What a member wrote into a modal: its one text."""
    return next((str(one["value"]) for one in _leaves(data.get("components") or []) if "value" in one), "")


def _leaves(components: Any) -> Iterator[Mapping[str, Any]]:
    for one in components:
        yield one
        yield from _leaves(one.get("components") or ([one["component"]] if "component" in one else []))
