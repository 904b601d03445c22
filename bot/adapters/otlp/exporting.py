"""Spans to a collector over OTLP/HTTP (opentelemetry.io/docs/specs/otlp): imported only where one is configured."""

from collections.abc import Mapping
from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from bot.adapters.otlp.span import Span, clean

_SCOPE = InstrumentationScope("megawatts")
_NANO = 1e9


class Exporter:
    """Sends finished spans in batches from a thread of its own; a collector that is away costs spans and no more.

    Headers and everything else of the exporter stand in the environment (OTEL_EXPORTER_OTLP_HEADERS and so on).
    """

    def __init__(self, endpoint: str, who: Mapping[str, str], *, delay: float = 5.0) -> None:
        """`endpoint` without `/v1/traces`; `who`: what the process is; `delay`: seconds between batches."""
        self._who = Resource.create(dict(who))
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._processor = BatchSpanProcessor(exporter, schedule_delay_millis=delay * 1000)

    def send(self, span: Span) -> None:
        """Queue one span, cleaned of what may not leave."""
        self._processor.on_end(_readable(clean(span), self._who))

    def close(self, within: float = 2.0) -> None:
        """Send what is left, for at most so many seconds: the SDK itself would wait for a collector that is away."""
        ending = Thread(target=self._processor.shutdown, daemon=True)
        ending.start()
        ending.join(within)


def _readable(span: Span, who: Resource) -> ReadableSpan:
    """The SDK's own form. It is made as finished: a change's span may begin in one process and end in the next."""
    root = span.parent == ""
    return ReadableSpan(
        span.name,
        context=_context(span.trace, span.id),
        parent=None if root else _context(span.trace, span.parent),
        resource=who,
        attributes={f"megawatts.{key}": value for key, value in span.facts.items()},
        kind=SpanKind.SERVER if root else SpanKind.INTERNAL,
        status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
        start_time=int(span.start * _NANO),
        end_time=int(span.end * _NANO),
        instrumentation_scope=_SCOPE,
    )


def _context(trace: str, span: str) -> SpanContext:
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
