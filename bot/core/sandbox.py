"""What a program may use while it runs in the sandbox, and what it left behind."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of one run. Reaching any of them ends the run; it never counts as a pass."""

    seconds: float = 60.0
    cpu_seconds: float = 120.0
    memory_mb: int = 2048
    processes: int = 128
    file_mb: int = 64
    output_kb: int = 4096


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended. `code` is None if it was ended from outside."""

    code: int | None
    out: bytes
    err: bytes
    seconds: float
    cpu_seconds: float = 0.0
    max_rss_mb: float = 0.0
    """Peak of one process; never less than what the starting process held, which the kernel counts along."""
    timed_out: bool = False
    limit: str = ""
    """The limit that ended it, if one did: `seconds`, `cpu`, `memory`, `processes`, `file`, `output`."""

    @property
    def ok(self) -> bool:
        """Ended by itself with exit code 0."""
        return self.code == 0 and not self.limit
