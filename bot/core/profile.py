"""What a running process knows of itself, as anybody may hear it: no secret, no address."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Profile:
    """Made of the doors that are open and of the settings, so that it is true of this process and of no other."""

    facts: Mapping[str, str] = field(default_factory=dict)
    """Such as version, responder, models, languages, memory."""
    connections: Mapping[str, str] = field(default_factory=dict)
    """What the process speaks to, by kind of system, and how; what it could speak to and does not is said too."""
