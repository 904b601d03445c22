"""Log lines over OTLP/HTTP (opentelemetry.io/docs/specs/otel/logs), as Loki takes them without an agent: imported only
where it is asked for."""

import json
import time
from collections.abc import Mapping
from threading import Thread

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import ReadWriteLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from bot.policy.redact import hide

LEVELS = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
_SCOPE = InstrumentationScope("megawatts")


class Lines:
    """Sends lines in batches from a thread of its own; a collector that is away costs lines there, and none on stderr.

    Headers and certificates stand in the environment (OTEL_EXPORTER_OTLP_LOGS_HEADERS and so on).
    """

    def __init__(self, endpoint: str, who: Mapping[str, str], *, delay: float = 5.0) -> None:
        """`endpoint`: the whole address; `who`: what the process is; `delay`: seconds between batches."""
        self._who = Resource.create(dict(who))
        self._processor = BatchLogRecordProcessor(
            OTLPLogExporter(endpoint=endpoint), schedule_delay_millis=delay * 1000
        )

    def send(self, line: Mapping[str, object]) -> None:
        """Queue one line: the JSON that stands on the process's own stream, with its level and its trace beside it."""
        level = str(line.get("level", "info"))
        record = LogRecord(
            timestamp=time.time_ns(),
            trace_id=_trace(line.get("trace_id")),
            severity_text=level,
            severity_number=LEVELS.get(level, SeverityNumber.INFO),
            body=hide(json.dumps(dict(line), default=str, sort_keys=True)),
        )
        self._processor.on_emit(ReadWriteLogRecord(record, resource=self._who, instrumentation_scope=_SCOPE))

    def close(self, within: float = 2.0) -> None:
        """Send what is left, for at most so many seconds."""
        ending = Thread(target=self._processor.shutdown, daemon=True)
        ending.start()
        ending.join(within)


def _trace(told: object) -> int | None:
    try:
        return int(str(told), 16) if told and len(str(told)) == 32 else None
    except ValueError:
        return None
