"""One client for REST and GraphQL: conditional requests, a count of calls, and rest when GitHub asks for it."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from github import Github, GithubException
from requests import RequestException

from bot.adapters.github import errors
from bot.adapters.github.app_auth import API_URL, AppKey, Auth, app_identity, library_auth
from bot.adapters.github.errors import DOOR, Answer
from bot.core.errors import Denied, Misconfigured, Unavailable

if TYPE_CHECKING:
    from github.Requester import Requester

PAGE = 100
_MOST_PAGES = 100
_KEPT = 500
_ACCEPT = {"Accept": "application/vnd.github+json"}


@dataclass(slots=True)
class Calls:
    """What was asked. `free`: answered "not modified", which costs nothing of the hourly limit."""

    made: int = 0
    free: int = 0
    remaining: int | None = None
    """Calls left in this hour, as GitHub last said."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts: the login that GitHub shows, and the App's number (0 for a person's token)."""

    login: str
    app_id: int = 0


@dataclass(slots=True)
class _Rest:
    """When GitHub may be asked again, in seconds of the epoch."""

    until: float = 0.0
    strikes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Api:
    """GitHub as one identity. Calls block: run them in a thread. One at a time, as GitHub asks of its clients.

    Raises Unavailable (network, 5xx, rate limits, with the seconds to wait), Denied (403, 404, 409, 422) and
    Misconfigured (a token that is not accepted).
    """

    def __init__(self, auth: Auth, base_url: str = API_URL, *, clock: Callable[[], float] = time.time) -> None:
        self.base_url = base_url.rstrip("/")
        if not self.base_url.startswith(("https://", "http://")):
            raise Misconfigured(f"GITHUB_API_URL {base_url[:80]!r} is no address: give one like {API_URL}")
        self.calls = Calls()
        self._auth = auth
        self._clock = clock
        self._known: dict[str, tuple[str, Answer]] = {}
        self._rest = _Rest()
        self._who: Identity | None = None
        self._requester = _requester(auth, self.base_url)

    def get(self, path: str, **parameters: str) -> Any:
        """The answer to a question; the one before again, for free, if GitHub says that nothing changed."""
        return self.ask(path, parameters).data

    def find(self, path: str, **parameters: str) -> Any:
        """As `get`, or None where there is nothing."""
        answer = self.ask(path, parameters, missing=True)
        return None if answer.status == 404 else answer.data

    def pages(self, path: str, key: str = "", **parameters: str) -> list[Any]:
        """Every row of a list, page by page; `key` names the list where the answer is an object."""
        rows: list[Any] = []
        for page in range(1, _MOST_PAGES + 1):
            data = self.ask(path, {**parameters, "per_page": str(PAGE), "page": str(page)}).data
            found = data[key] if key else data
            rows.extend(found)
            if len(found) < PAGE:
                return rows
        raise Denied(f"{path} has more than {_MOST_PAGES * PAGE} rows: that is not a repository for this program")

    def ask(self, path: str, parameters: Mapping[str, str], *, missing: bool = False) -> Answer:
        """One conditional GET."""
        place = f"{path}?{sorted(parameters.items())}"
        known = self._known.get(place)
        headers = {**_ACCEPT, **({"If-None-Match": known[0]} if known else {})}
        answer = self._send("GET", path, dict(parameters), headers, None)
        if answer.status == 304 and known:
            return known[1]
        if answer.status == 200:
            self._keep(place, answer)
            return answer
        if missing and answer.status == 404:
            return answer
        raise errors.mapped(answer, f"GET {path}")

    def send(self, verb: str, path: str, body: Mapping[str, Any]) -> Any:
        """A change, or its error."""
        return self.attempt(verb, path, body, ()).data

    def attempt(self, verb: str, path: str, body: Mapping[str, Any], codes: tuple[int, ...]) -> Answer:
        """A change. Refusals with one of these codes are the caller's to read; others are raised."""
        answer = self._send(verb, path, None, dict(_ACCEPT), body)
        if 200 <= answer.status < 300 or answer.status in codes:
            return answer
        raise errors.mapped(answer, f"{verb} {path}")

    def graphql(self, name: str, /, **variables: Any) -> Any:
        """The answer to the document `queries/<name>.graphql`."""
        body = {"query": document(name), "variables": variables}
        answer = self._send("POST", self._requester.graphql_url, None, {}, body)
        if answer.status != 200:
            raise errors.mapped(answer, f"GraphQL {name}")
        data = answer.data if isinstance(answer.data, Mapping) else {}
        if data.get("errors") or "data" not in data:
            error = errors.graphql(data.get("errors"), f"GraphQL {name}", answer.headers, self._clock())
            if isinstance(error, Unavailable) and error.retry_after is not None:
                self._rest.until = self._clock() + error.retry_after
            raise error
        return data["data"]

    def identity(self) -> Identity:
        """Who acts here. Asked once."""
        if self._who is None:
            self._who = self._identity()
        return self._who

    def token(self) -> str:
        """The secret for git, renewed if it has run out. Never to be shown or put in an argument list."""
        auth = self._requester.auth
        try:
            token = auth.token if auth is not None else ""
        except GithubException as error:
            raise self._failed(error, "a new installation token") from None
        except RequestException as error:
            raise errors.unreached(error) from None
        return token

    def _identity(self) -> Identity:
        if not isinstance(self._auth, AppKey):
            return Identity(str(self.get("/user")["login"]))
        try:
            return Identity(*app_identity(self._auth, self.base_url))
        except GithubException as error:
            raise self._failed(error, "who we are") from None
        except RequestException as error:
            raise errors.unreached(error) from None

    def _failed(self, error: Any, what: str) -> Exception:
        answer = Answer(int(error.status), {k.lower(): str(v) for k, v in (error.headers or {}).items()}, error.data)
        if answer.status == 404:
            return Misconfigured("the GitHub App is not installed there: check its installation's number")
        return errors.mapped(answer, what, errors.pause(answer, self._clock()))

    def _keep(self, place: str, answer: Answer) -> None:
        etag = answer.headers.get("etag")
        if etag:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[place] = (etag, answer)

    def _send(self, verb: str, path: str, parameters: Any, headers: dict[str, str], body: Any) -> Answer:
        with self._rest.lock:
            left = self._rest.until - self._clock()
            if left > 0:
                raise Unavailable(DOOR, f"it asked us to wait {left:.0f} s more", retry_after=left)
            answer = self._once(verb, path, parameters, headers, body)
            self.calls.made += 1
            self.calls.free += answer.status == 304
            remaining = answer.headers.get("x-ratelimit-remaining", "")
            self.calls.remaining = int(remaining) if remaining.isdigit() else self.calls.remaining
            seconds = errors.pause(answer, self._clock(), self._rest.strikes)
            if seconds is None:
                self._rest.strikes = 0
                return answer
            self._rest.strikes += 1
            self._rest.until = self._clock() + seconds
            raise errors.mapped(answer, f"{verb} {path.rpartition('://')[2]}", seconds)

    def _once(self, verb: str, path: str, parameters: Any, headers: dict[str, str], body: Any) -> Answer:
        try:
            return errors.read(*self._requester.requestJson(verb, path, parameters, headers, body))
        except RequestException as error:
            raise errors.unreached(error) from None
        except GithubException as error:
            raise self._failed(error, "a new installation token") from None


def _requester(auth: Auth, base_url: str) -> "Requester":
    return Github(
        auth=library_auth(auth),
        base_url=base_url,
        timeout=15,
        user_agent="megawatts",
        per_page=PAGE,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    ).requester


_IMPORT = re.compile(r'^#import "([a-z_]+)\.graphql"$', re.MULTILINE)


@cache
def document(name: str) -> str:
    """The text of a GraphQL document, with the fragments that it names in `#import` (as graphql-tag's loader)."""
    text = files("bot.adapters.github").joinpath("queries", f"{name}.graphql").read_text(encoding="utf-8")
    return text + "".join(document(fragment) for fragment in _IMPORT.findall(text))
