"""Which words begin a command of ours: others' bots may have the same prefix."""

from collections.abc import Sequence

from bot.sdk import ToolSpec

_TEXT = {"type": "string", "description": "what you want to say or ask"}
ASK = ToolSpec(
    name="ask",
    summary="Talk to me: ask or tell me anything.",
    say="!ask what can you do?",
    parameters={"type": "object", "properties": {"text": _TEXT}, "required": ["text"], "additionalProperties": False},
    command="ask",
)
"""The one command that is no tool: the pipeline takes it as a message."""


class Commands:
    """The commands that there are, by their words. What they mean and take is for the pipeline to say."""

    def __init__(self, specs: Sequence[ToolSpec]) -> None:
        self.specs = tuple(specs) if any(spec.command == ASK.command for spec in specs) else (ASK, *specs)
        self._named = {spec.command: spec for spec in self.specs if spec.command}
        said = {spec.say[1:].split()[0] for spec in self.specs if spec.say[:1] == "!" and spec.say[1:].strip()}
        self._first = frozenset(name.split()[0] for name in self._named) | {word.casefold() for word in said}

    def known(self, text: str) -> bool:
        """Whether a text, without the prefix, begins as a command does, or as the examples of tools do."""
        first = text.split(None, 1)[:1]
        return bool(first) and first[0].casefold() in self._first and not text[:1].isspace()

    def spec(self, name: str) -> ToolSpec | None:
        """The tool of a command."""
        return self._named.get(name)
