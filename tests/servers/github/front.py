"""What stands before emulate: GitHub's commit statuses, branch rules, GraphQL, ETags, rate limits and true merges.

Git is real: a bare repository that `git daemon` serves. Before each answer its refs are told to emulate, so that the
two agree; a merge is made in git. All that GitHub refuses and emulate lets pass is refused here.
"""

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import Request, urlopen

from tests.servers.github.graph import graph
from tests.servers.github.hosted import Came, Hosted

ME, SECOND, ACTIONS, OTHER = 101, 102, 15368, 999
SLUGS = {ME: "megawatts", SECOND: "megawatts-reverts"}


@dataclass
class Fault:
    """An answer that is given in place of the true one, so many times."""

    verb: str
    pattern: str
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    drop: bool = False
    """Break the connection in place of an answer."""
    after: bool = False
    """Only once the thing is done: the answer is lost, not the deed."""


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    verb: str
    path: str
    status: int
    token: str
    body: Any = None


class Answered(Exception):  # noqa: N818  (it carries an answer)
    """An answer of the front's own."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status}")
        self.status, self.body, self.headers = status, body, headers or {}


class Front:
    """State beside emulate's, and the routes that are answered here."""

    def __init__(self, emulate: str, tokens: dict[str, str]) -> None:
        self.emulate = emulate
        self.tokens = tokens
        """Login by token, as emulate knows them."""
        self.apps: dict[str, int] = {}
        """Number of the App by installation token."""
        self.houses: dict[str, Hosted] = {}
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self.forbidden: set[tuple[str, str]] = set()
        """(verb, part of a path) that our App has no permission for."""
        self.lock = threading.RLock()

    def answer(self, verb: str, target: str, headers: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        """The whole way of one request."""
        path = urlsplit(target).path
        with self.lock:
            self._fault(verb, path, after=False)
            token = headers.get("authorization", "").partition(" ")[2]
            if token.startswith("eyJ"):
                return self._as_app(verb, target, headers, body)
            who = self._who(token)
            self._permitted(token, verb, path)
            house = self._house(path, body)
            if house is None:
                return self._forward(verb, target, token, body)
            house.tell(self._peer)
            came = Came(verb, path, parse_qs(urlsplit(target).query), body, who, self.apps.get(token, 0))
            own = house.route(came)
            if own is not None:
                return own
            if path == "/graphql":
                return 200, graph().answer(house, who, body), {}
            return house.told(came, self._forward(verb, target, token, body))

    def _fault(self, verb: str, path: str, *, after: bool) -> None:
        for fault in self.faults:
            due = fault.times > 0 and fault.after is after and fault.verb in {verb, "*"}
            if due and re.search(fault.pattern, path):
                fault.times -= 1
                if fault.drop:
                    raise ConnectionAbortedError
                body = {"message": "told"} if fault.body is None else fault.body
                raise Answered(fault.status, body, fault.headers)

    def lose(self, verb: str, target: str) -> None:
        """Lose the answer to what is done."""
        with self.lock:
            self._fault(verb, urlsplit(target).path, after=True)

    def _who(self, token: str) -> str:
        if token in self.apps:
            return f"{SLUGS[self.apps[token]]}[bot]"
        if token not in self.tokens:
            raise Answered(401, {"message": "Bad credentials"})
        return self.tokens[token]

    def _permitted(self, token: str, verb: str, path: str) -> None:
        for kind, part in self.forbidden:
            if token in self.apps and kind == verb and re.search(part, path):
                message = {"message": "Resource not accessible by integration"}
                raise Answered(403, message, {"x-accepted-github-permissions": "pull_requests=write"})

    def _house(self, path: str, body: Any) -> Hosted | None:
        if path == "/graphql":
            variables = body.get("variables", {})
            if "owner" in variables:
                return self.houses.get(f"{variables['owner']}/{variables['name']}")
            return next((house for house in self.houses.values() if house.has_node(variables)), None)
        found = re.match(r"/repos/([^/]+/[^/]+)", path)
        return self.houses.get(found[1]) if found else None

    def _as_app(self, verb: str, target: str, headers: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        status, answer, extra = self.ask(verb, target, headers["authorization"], body)
        if status == 201 and target.endswith("/access_tokens"):
            self.apps[answer["token"]] = ME if "/installations/1/" in target else SECOND
        return status, answer, extra

    def _forward(self, verb: str, target: str, token: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        """To emulate. It lets an App act as the account where it is installed; GitHub, and we, as the App's bot."""
        known = f"bot-{SLUGS[self.apps[token]]}" if token in self.apps else token
        return self.ask(verb, target, f"token {known}", body)

    def ask(self, verb: str, target: str, authorization: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        """emulate's own answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": authorization, "content-type": "application/json"}
        request = Request(self.emulate + target, data, headers, method=verb)
        try:
            with urlopen(request, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None, {}
        except HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text else None, {}

    def _peer(self, told: dict[str, Any]) -> dict[str, Any]:
        status, answer, _headers = self.ask("POST", "/_peer", "token admin", told)
        assert status == 200, answer
        return dict(answer)


def _written(answer: Any) -> bytes:
    if answer is None:
        return b""
    return answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()


def server(front: Front) -> ThreadingHTTPServer:
    """An HTTP server for the front on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionAbortedError:
                self.close_connection = True

        def _any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            text = self.rfile.read(length) if length else b""
            body = json.loads(text) if text else None
            path, mark, query = self.path.replace("/api/v3/", "/").replace("/api/graphql", "/graphql").partition("?")
            target = f"{unquote(path)}{mark}{query}"
            headers = {key.lower(): value for key, value in self.headers.items()}
            try:
                status, answer, extra = front.answer(self.command, target, headers, body)
                front.lose(self.command, target)
            except Answered as own:
                status, answer, extra = own.status, own.body, own.headers
            data = _written(answer)
            extra = {"content-type": "application/json; charset=utf-8", **extra}
            if self.command == "GET" and status == 200:
                extra["etag"] = f'W/"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
                if headers.get("if-none-match") == extra["etag"]:
                    status, data = 304, b""
            token = headers.get("authorization", "").partition(" ")[2]
            front.asked.append(Asked(self.command, target, status, token, body))
            self.send_response(status)
            for key, value in extra.items():
                self.send_header(key, value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: the tests read `front.asked`."""

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.daemon_threads = True
    return found
