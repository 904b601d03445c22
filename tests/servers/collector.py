"""A collector of OTLP over HTTP, on the published schema (opentelemetry-proto): keeps what it is sent."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

PATIENCE = 60.0


class Collector:
    """What came in: raw bytes, headers, and every span and log record with its resource's attributes."""

    def __init__(self) -> None:
        self.url = ""
        self.raw: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.spans: list[Any] = []
        self.lines: list[Any] = []
        self.resources: list[dict[str, str]] = []
        self._more = Condition()

    def take(self, body: bytes, headers: dict[str, str]) -> None:
        """One request. Raises where it does not follow the schema."""
        request = ExportTraceServiceRequest.FromString(body)
        with self._more:
            self.raw.append(body)
            self.headers.append(headers)
            for group in request.resource_spans:
                self.resources.append({a.key: a.value.string_value for a in group.resource.attributes})
                for scope in group.scope_spans:
                    self.spans += scope.spans
            self._more.notify_all()

    def take_lines(self, body: bytes) -> None:
        """The same of log records."""
        request = ExportLogsServiceRequest.FromString(body)
        with self._more:
            self.raw.append(body)
            for group in request.resource_logs:
                self.resources.append({a.key: a.value.string_value for a in group.resource.attributes})
                for scope in group.scope_logs:
                    self.lines += scope.log_records
            self._more.notify_all()

    def wait_lines(self, count: int) -> list[Any]:
        """Every log record, once there are so many."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.lines) >= count, PATIENCE), self.lines
            return list(self.lines)

    def wait(self, count: int) -> list[Any]:
        """Every span, once there are so many."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.spans) >= count, PATIENCE), [s.name for s in self.spans]
            return list(self.spans)


@contextmanager
def collector() -> Iterator[Collector]:
    """A running one, on a port of its own."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            spans, lines = self.path == "/v1/traces", self.path == "/v1/logs"
            right = (spans or lines) and self.headers["Content-Type"] == "application/x-protobuf"
            if right and lines:
                kept.take_lines(body)
            elif right:
                kept.take(body, {name.lower(): value for name, value in self.headers.items()})
            answer = (ExportLogsServiceResponse if lines else ExportTraceServiceResponse)().SerializeToString()
            self.send_response(200 if right else 404)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
