"""Where in our own code an error came from: names of modules and functions, never the error's text. Pure."""

from dataclasses import dataclass
from types import FrameType, TracebackType

_MOST = 500
"""Frames that are looked at."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place at which errors of one type were raised: what is counted together."""

    error: str
    """Name of the error's class."""
    path: str
    line: int
    symbol: str
    """Dotted name of the function, as it stands in the file."""

    @property
    def name(self) -> str:
        return f"{self.path}:{self.symbol}"


def place_of(error: BaseException, package: str = "bot") -> Place | None:
    """The innermost frame of the package that an error passed through; None if it passed through none.

    A group is where its first part came from.
    """
    for _ in range(_MOST):
        if not isinstance(error, BaseExceptionGroup):
            break
        error = error.exceptions[0]
    found: tuple[FrameType, int] | None = None
    trace: TracebackType | None = error.__traceback__
    for _ in range(_MOST):
        if trace is None:
            break
        if _own(trace.tb_frame, package):
            found = trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next
    return _place(error, *found) if found is not None else None


def _own(frame: FrameType, package: str) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return module == package or module.startswith(f"{package}.")


def _place(error: BaseException, frame: FrameType, line: int) -> Place:
    module, code = str(frame.f_globals["__name__"]), frame.f_code
    path = module.replace(".", "/") + ("/__init__.py" if code.co_filename.endswith("__init__.py") else ".py")
    parts = [part for part in code.co_qualname.split(".") if not part.startswith("<")]
    return Place(type(error).__name__, path, line, ".".join(parts) or "module")
