"""Between the forge and its peer: REST goes through Prism, which says what GitHub's description does not allow."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

_REPO = "/repos/{owner}/{repo}"
PATHS = (
    "/app", "/app/installations/{installation_id}/access_tokens", "/user", _REPO,
    *(f"{_REPO}{rest}" for rest in (
        "/check-runs", "/collaborators/{username}/permission", "/commits/{commit_sha}/comments",
        "/commits/{ref}/check-runs", "/commits/{ref}/statuses", "/git/ref/{ref}", "/issues", "/issues/{issue_number}",
        "/issues/comments/{comment_id}", "/issues/{issue_number}/comments", "/issues/{issue_number}/labels", "/pulls",
        "/pulls/{pull_number}", "/pulls/{pull_number}/merge", "/pulls/{pull_number}/requested_reviewers",
        "/pulls/{pull_number}/reviews", "/releases", "/releases/{release_id}", "/releases/tags/{tag}",
        "/rules/branches/{branch}", "/statuses/{sha}",
    )),
)  # fmt: skip
"""What the forge asks of REST, as GitHub's description names it."""
_OWN = frozenset({"host", "connection", "accept-encoding", "if-none-match"})
"""Not handed on. Prism cannot read an answer without a body, which `not modified` is."""
_OF_REQUESTS = re.compile(r'\{"location":\["request".*?"message":"(?:[^"\\]|\\.)*"\}')
_SLASHES = re.compile(r"(/git/ref/|/rules/branches/)([^?]+)")


@dataclass
class Witness:
    """What was seen on the way."""

    url: str
    passed: set[tuple[str, str]] = field(default_factory=set)
    """Verb and path of every request, numbers and names left out."""
    problems: list[str] = field(default_factory=list)

    def look(self, verb: str, path: str, status: int, violations: str) -> None:
        self.passed.add((verb, re.sub(r"/\d+|/[0-9a-f]{40}", "/N", path.partition("?")[0])))
        self.problems += [f"{verb} {path}: {words}" for words in _OF_REQUESTS.findall(violations)]
        if status == 0:
            self.problems.append(f"{verb} {path}: GitHub's description has no such path")


@contextmanager
def standing(prism: str, direct: str) -> Iterator[Witness]:
    """A server that hands REST to Prism and GraphQL, which Prism does not know, to the peer itself."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length) if length else None
            # Prism takes a branch for one part of the path; the description says that it may be several.
            path = _SLASHES.sub(lambda m: m[1] + m[2].replace("/", "%2F"), self.path)
            to = direct + path if path.startswith("/graphql") else prism + path
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _OWN}
            status, answer, data = _ask(Request(to, body, headers, method=self.command))
            unknown = b"NO_PATH_MATCHED" in data or b"NO_METHOD_MATCHED" in data
            witness.look(self.command, self.path, 0 if unknown else status, answer.get("sl-violations", ""))
            self.send_response(status)
            for name in ("content-type", "etag", "retry-after"):
                if answer.get(name):
                    self.send_header(name, answer[name])
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing."""

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.daemon_threads = True
    witness = Witness(f"http://127.0.0.1:{found.server_address[1]}")
    threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
    yield witness
    found.shutdown()
    found.server_close()


def _ask(request: Request) -> tuple[int, Any, bytes]:
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except HTTPError as error:
        return error.code, error.headers, error.read()
