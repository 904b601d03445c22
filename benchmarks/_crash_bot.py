"""A tiny bot program for the crash benchmark: the endpoints that a deployer and a watch ask, and nothing else.

It is written into the small source repository as its `bot` package, so that the real `megawatts deployer` starts it
as it starts the product. It counts two hundred messages at every look at its metrics; a tree that holds
`notes/bad.txt` fails half of them.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

METRIC = "megawatts_messages_by_user_capped_total"


class Answers(BaseHTTPRequestHandler):
    """`/readyz`, `/health`, `/metrics` and `/chat`."""

    revision = "unknown"
    looks = 0
    bad = Path("notes/bad.txt").exists()

    def do_GET(self) -> None:
        """Answer one question."""
        if self.path == "/metrics":
            Answers.looks += 1
            failed = 100 * Answers.looks if self.bad else 0
            page = f"# TYPE {METRIC[:-6]} counter\n"
            page += f'{METRIC}{{outcome="answered"}} {200 * Answers.looks - failed}\n'
            page += f'{METRIC}{{outcome="failed"}} {failed}\n'
            self._say(page.encode(), "text/plain; version=0.0.4")
        else:
            self._say(json.dumps({"status": "ok", "revision": self.revision}).encode(), "application/json")

    def do_POST(self) -> None:
        """Answer one message."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._say(json.dumps({"text": "hello", "revision": self.revision}).encode(), "application/json")

    def _say(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
        """Nobody reads it."""


def main(argv: list[str]) -> None:
    """Serve until killed; the ready line is that of the product."""
    Answers.revision = argv[argv.index("--revision") + 1]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    row = {"ready": True, "port": server.server_address[1], "revision": Answers.revision, "pid": os.getpid()}
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv)
