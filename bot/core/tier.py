"""How much consent a change needs."""

from enum import IntEnum


class Tier(IntEnum):
    """Tier of a change: the highest of its paths, its kind and its risk. Never claimed by the change itself."""

    SAFE = 1
    VALIDATED = 2
    CRITICAL = 3
    SEALED = 9
