"""What a bot that admins stopped in their guild still does there."""

AWAKE = frozenset({"resume", "stop", "status", "settings", "help"})
"""First words of the commands that are answered all the same: to see why it is silent, and to end it."""


def awake(command: str) -> bool:
    """Whether a command, by its words, is answered where the bot is stopped."""
    return command.partition(" ")[0].casefold() in AWAKE
