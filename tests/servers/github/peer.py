"""GitHub for tests: emulate and a front of our own over real git, with people who push, review, edit and close."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from bot.adapters.git.repository import GitRepository
from bot.adapters.github.app_auth import AppKey, Auth, PersonalToken
from bot.adapters.github.desk import Rules
from bot.adapters.github.forge import GitHubForge
from tests.servers.github import programs
from tests.servers.github.front import ACTIONS, ME, SECOND, SLUGS, Fault, Front, server
from tests.servers.github.graph import graph
from tests.servers.github.hosted import Hosted

PEOPLE = ("ada", "eve", "grace", "maintainer", "megabot")
PERMISSIONS = dict.fromkeys(("contents", "pull_requests", "checks", "statuses", "issues", "members"), "write")


@cache
def private_key() -> str:
    """An RSA key, made for this run."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


class GitHub:
    """A running peer. Each test makes a repository of its own on it."""

    def __init__(self, front: Front, url: str, folder: Path, git_url: str) -> None:
        self.front, self.url, self.folder, self.git_url = front, url, folder, git_url
        self._numbers = count(1)

    def repository(self, template: Path) -> "Place":
        """A new repository with the branches of a bare one; its default branch is main."""
        name = f"repo{next(self._numbers)}"
        git_dir = self.folder / "acme" / f"{name}.git"
        shutil.copytree(template, git_dir)
        status, _row, _headers = self.front.ask("POST", "/orgs/acme/repos", "token ada", {"name": name})
        assert status == 201
        house = Hosted(f"acme/{name}", git_dir)
        self.front.houses[house.name] = house
        return Place(self, house, f"{self.git_url}/acme/{name}.git")


class Place:
    """One repository on the peer, and what people do there."""

    def __init__(self, hub: GitHub, house: Hosted, git_url: str) -> None:
        self.hub, self.house, self.git_url = hub, house, git_url

    def forge(self, clone: GitRepository, auth: Auth | None = None, **more: Any) -> GitHubForge:
        """The forge under test, as the App unless told otherwise."""
        more.setdefault("rules", Rules(fresh=0.0))
        more.setdefault("git_url", self.git_url)
        more.setdefault("api_url", self.hub.url)
        return GitHubForge(self.house.name, auth or AppKey(ME, private_key(), 1), clone, **more)

    def second(self) -> AppKey:
        """The App for reverts."""
        return AppKey(SECOND, private_key(), 2)

    def token(self) -> PersonalToken:
        return PersonalToken("megabot")

    def do(self, who: str, verb: str, path: str, body: Any = None, *, app: int = 0) -> Any:
        """What a person (or another App) does by REST. Fails the test if GitHub refuses."""
        token = f"app-{app}" if app else who
        if app:
            self.hub.front.apps.setdefault(token, app)
            SLUGS.setdefault(app, f"app-{app}")
        headers = {"authorization": f"token {token}"}
        status, answer, _headers = self.hub.front.answer(verb, f"/repos/{self.house.name}{path}", headers, body)
        assert status < 300, (verb, path, status, answer)
        return answer

    def review(self, who: str, pull: int, event: str, text: str = "", head: str | None = None) -> int:
        body = {"event": event, "body": text, **({"commit_id": head} if head else {})}
        return int(self.do(who, "POST", f"/pulls/{pull}/reviews", body)["id"])

    def remark(self, who: str, pull: int, head: str, place: tuple[str, int], text: str) -> int:
        path, line = place
        body = {"body": text, "commit_id": head, "path": path, "line": line, "side": "RIGHT", "position": line}
        return int(self.do(who, "POST", f"/pulls/{pull}/comments", body)["id"])

    def check(self, name: str, head: str, conclusion: str | None, app: int = ACTIONS) -> None:
        """A check run of another App; None: it runs still."""
        state = {"status": "completed", "conclusion": conclusion} if conclusion else {"status": "in_progress"}
        self.do("", "POST", "/check-runs", {"name": name, "head_sha": head, **state}, app=app)

    def fault(self, verb: str, pattern: str, status: int = 500, **more: Any) -> None:
        self.hub.front.faults.append(Fault(verb, pattern, status, **more))

    def turn(self) -> str:
        """What the merge queue does next."""
        front = self.hub.front
        with front.lock:
            self.house.tell(front._peer)
            return self.house.turn()

    def pull(self, number: int) -> dict[str, Any]:
        return dict(self.do("ada", "GET", f"/pulls/{number}"))

    def comments(self, number: int) -> list[str]:
        return [str(row["body"]) for row in self.do("ada", "GET", f"/issues/{number}/comments")]

    def asked(self, verb: str = "") -> list[str]:
        """Requests of this repository since the last reset, as "VERB path"."""
        here = [a for a in self.hub.front.asked if self.house.name in a.path or a.path == "/graphql"]
        return [f"{a.verb} {a.path}" for a in here if verb in {"", a.verb}]


@contextmanager
def running(folder: Path) -> Iterator[GitHub]:
    """Start everything; end it afterwards. Raises Missing where it cannot be had."""
    tokens = {name: name for name in (*PEOPLE, "admin")} | {f"bot-{slug}": f"{slug}[bot]" for slug in _bots()}
    seed = {
        "tokens": {token: {"login": login} for token, login in tokens.items()},
        "github": {
            "users": [{"login": login} for login in tokens.values()],
            "orgs": [{"login": "acme", "members": [{"login": "ada", "role": "admin"}]}],
            "apps": [_app(app, number) for number, app in enumerate((ME, SECOND), 1)],
        },
    }
    (folder / "acme").mkdir()
    with ExitStack() as stack:
        emulate = stack.enter_context(programs.emulate(folder, seed))
        git_url = stack.enter_context(programs.daemon(folder))
        front = Front(emulate, {token: login for token, login in tokens.items() if not token.startswith("bot-")})
        found = server(front)
        thread = threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        stack.callback(found.server_close)
        stack.callback(found.shutdown)
        graph()  # read before the first question: on a busy machine that takes longer than an answer may
        yield GitHub(front, f"http://127.0.0.1:{found.server_address[1]}", folder, git_url)


def _bots() -> tuple[str, ...]:
    return (*SLUGS.values(), f"app-{ACTIONS}", "app-999")


def _app(app: int, installation: int) -> dict[str, Any]:
    return {
        "app_id": app,
        "slug": SLUGS[app],
        "name": SLUGS[app],
        "private_key": private_key(),
        "permissions": PERMISSIONS,
        "installations": [{"installation_id": installation, "account": "acme", "repository_selection": "all"}],
    }
