"""Structured logs on stderr, one JSON object a line, with secrets taken out."""

import logging
import re
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, cast

from bot.app.events import relay
from bot.policy.places import place_of
from bot.policy.redact import HIDDEN, hide


def _import_without_rich() -> ModuleType:
    """structlog imports rich for its development console, which is not used here: a third of a second and 10 MB."""
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    hide = "rich" not in modules
    if hide:
        modules["rich"] = None
    try:
        return import_module("structlog")
    finally:
        if hide:
            del modules["rich"]


structlog = _import_without_rich()

_GRAVE = frozenset({"error", "exception", "critical"})
_SECRET_KEYS = re.compile(r"token|secret|password|passwd|api_?key|authorization|credential|cookie", re.IGNORECASE)


def redact(value: Any, depth: int = 0) -> Any:
    """Known forms of secrets replaced, at any depth; beyond eight levels nothing is shown."""
    if isinstance(value, str):
        return hide(value)
    if depth > 8:
        return HIDDEN
    if isinstance(value, dict):
        return {key: HIDDEN if _SECRET_KEYS.search(str(key)) else redact(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [redact(one, depth + 1) for one in value]
    return value


def _redactor(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**redact(dict(event))}


_OWN = ("opentelemetry", "urllib3")
"""Loggers of what carries lines away: what they say of a collector that is away would be carried to it."""


def _relay(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = event.get("_record")
    if record is None or not record.name.startswith(_OWN):
        relay({key: value for key, value in event.items() if not key.startswith("_")})
    return event


_LISTENERS: list[Callable[[BaseException], None]] = []


@contextmanager
def hearing(listener: Callable[[BaseException], None]) -> Iterator[None]:
    """Until the end of the block the listener is handed each error that a line of the log is about.

    It must be quick, must not raise, and must not keep what it is given: the frames hold members' texts.
    """
    _LISTENERS.append(listener)
    try:
        yield
    finally:
        _LISTENERS.remove(listener)


def _placer(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The fingerprint of an error that is logged where it was caught: the place in our own code, never its text."""
    error = sys.exc_info()[1]
    if error is None or method not in _GRAVE:
        return event
    place = place_of(error)
    if place is not None:
        event["at"] = f"{place.path}:{place.line} {place.symbol}"
    for listener in _LISTENERS:
        listener(error)
    return event


def set_up(level: str = "info", **bound: str) -> None:
    """JSON logs from here on, for structlog and for libraries that use `logging`; `bound` stands in every line."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redactor,
        _relay,
    ]
    structlog.configure(
        processors=[_placer, *shared, structlog.processors.JSONRenderer(sort_keys=True)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(**bound)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
