"""GitHub as far as a setup asks for it: one repository in memory, spoken to over HTTP by the real client.

Every request is kept, so that tests can hold it against GitHub's own specification.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[int, Any]
TOKEN = "ghp_" + "t" * 36
ROOT = Path(__file__).parents[3]


def sha(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def pinned() -> dict[str, dict[str, tuple[str, str]]]:
    """Repositories of the actions that this product's own workflows use, with the tags that these say."""
    texts = [path.read_text() for path in (ROOT / ".github").rglob("*.yml")]
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for action, commit, tag in re.findall(r"uses: *([\w.-]+/[\w.-]+)\S*@([0-9a-f]{40}) # (v\S+)", "\n".join(texts)):
        found.setdefault(action, {})[tag] = ("commit", commit)
    return found


@dataclass
class Repository:
    """What the peer holds, and how it misbehaves where a test says so."""

    name: str = "octo/bot"
    branch: str = "main"
    files: dict[str, str] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    labels: list[dict[str, Any]] = field(default_factory=list)
    rulesets: dict[int, dict[str, Any]] = field(default_factory=dict)
    environments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    trees: dict[str, dict[str, Any]] = field(default_factory=dict)
    commits: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, list[str]], Any]] = field(default_factory=list)
    fails: dict[str, Answer] = field(default_factory=dict)
    """Answers by "VERB pattern" that come in the place of the real ones."""
    skew: timedelta = timedelta()
    scopes: str = ""
    hides_bypass: bool = False
    apps: dict[int, dict[str, str]] = field(default_factory=dict)
    """Permissions by App id."""
    app_id: int = 0
    """The App that signed the request in hand."""
    suspended: bool = False
    codes: dict[str, Any] = field(default_factory=dict)
    """Apps that were registered, by the one-time code."""
    events: list[str] = field(default_factory=list)
    hook: dict[str, str] = field(default_factory=dict)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, bool] = field(default_factory=lambda: {"allow_merge_commit": True})
    actions: dict[str, dict[str, tuple[str, str]]] = field(default_factory=pinned)
    """Tags of other repositories: kind and id of the object that each names."""
    tags: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What annotated tags name, by the id of the tag."""
    codeowners_errors: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.refs.setdefault(self.branch, sha("begin"))
        self.commits[self.refs[self.branch]] = {"tree": sha("begin tree"), "parents": [], "message": "begin"}

    def changes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [(verb, path) for verb, path, _, _ in self.asked if verb != "GET"]

    def merge(self) -> None:
        """A person merges every open pull request."""
        for pull in self.pulls:
            if pull["state"] == "open":
                tree = self.trees[self.commits[self.refs[pull["head"]]]["tree"]]
                self.files |= {row["path"]: row["content"] for row in tree["tree"]}
                self.modes |= {row["path"]: row["mode"] for row in tree["tree"]}
                pull["state"] = "closed"

    def answer(self, verb: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:
        self.asked.append((verb, path, query, body))
        for key, value in self.fails.items():
            wanted, _, pattern = key.partition(" ")
            if verb == wanted and re.fullmatch(pattern, path):
                return value
        own = path.startswith(f"/repos/{self.name}")
        place = path.removeprefix(f"/repos/{self.name}") if own else path
        for wanted, pattern, handler in ROUTES if own else ELSEWHERE:
            found = re.fullmatch(pattern, place)
            if verb == wanted and found:
                return handler(self, query, body, *map(unquote, found.groups()))
        return 404, {"message": "Not Found"}


def _tag_ref(repo: Repository, _query: Any, _body: Any, action: str, tag: str) -> Answer:
    named = repo.actions.get(action, {}).get(tag)
    if named is None:
        return 404, {"message": "Not Found"}
    return 200, {"ref": f"refs/tags/{tag}", "object": {"type": named[0], "sha": named[1]}}


def _tag(repo: Repository, _query: Any, _body: Any, _action: str, name: str) -> Answer:
    kind, sha_ = repo.tags[name]
    return 200, {"sha": name, "object": {"type": kind, "sha": sha_}}


def _page(rows: list[Any], query: dict[str, list[str]]) -> list[Any]:
    size, page = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
    return rows[(page - 1) * size : page * size]


def _tree(repo: Repository, query: dict[str, list[str]], _body: Any, branch: str) -> Answer:
    if branch not in repo.refs:
        return 404, {"message": "Not Found"}
    rows = [
        {"path": path, "type": "blob", "mode": "100644", "sha": sha(text), "size": len(text)}
        for path, text in repo.files.items()
    ]
    return 200, {
        "sha": sha("tree"),
        "tree": [{"path": "bot", "type": "tree", "sha": sha("bot")}, *rows],
        "truncated": False,
    }


def _blob(repo: Repository, _query: Any, _body: Any, name: str) -> Answer:
    text = next(text for text in repo.files.values() if sha(text) == name)
    return 200, {"encoding": "base64", "content": base64.encodebytes(text.encode()).decode()}


def _ruleset(repo: Repository, number: int) -> dict[str, Any]:
    """Whole, with what GitHub adds by itself."""
    body = repo.rulesets[number]
    rules = [dict(rule) for rule in body["rules"]]
    for rule in rules:
        if rule["type"] == "pull_request":
            rule["parameters"] = rule["parameters"] | {"allowed_merge_methods": ["merge", "squash", "rebase"]}
    whole = {**body, "id": number, "source_type": "Repository", "rules": rules}
    if repo.hides_bypass:
        whole.pop("bypass_actors")
    return whole


def _rulesets(repo: Repository, query: dict[str, list[str]], _body: Any) -> Answer:
    rows = [{"id": number, "name": body["name"]} for number, body in repo.rulesets.items()]
    return 200, _page(rows, query)


def _put_ruleset(repo: Repository, _query: Any, body: Any, number: str = "") -> Answer:
    own = int(number or len(repo.rulesets) + 1)
    if not number and any(one["name"] == body["name"] for one in repo.rulesets.values()):
        return 422, {"message": "Name must be unique"}
    repo.rulesets[own] = body
    return (200 if number else 201), _ruleset(repo, own)


def _environments(repo: Repository, query: dict[str, list[str]], _body: Any) -> Answer:
    rows = [
        {"name": name, "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
        for name in repo.environments
    ]
    return 200, {"total_count": len(rows), "environments": _page(rows, query)}


def _put_environment(repo: Repository, _query: Any, _body: Any, name: str) -> Answer:
    repo.environments.setdefault(name, [])
    return 200, {"name": name}


def _policies(repo: Repository, query: dict[str, list[str]], _body: Any, name: str) -> Answer:
    return 200, {"branch_policies": _page(repo.environments[name], query)}


def _put_policy(repo: Repository, _query: Any, body: Any, name: str) -> Answer:
    repo.environments[name].append(body)
    return 200, body


def _label(repo: Repository, _query: Any, body: Any) -> Answer:
    if any(one["name"].casefold() == body["name"].casefold() for one in repo.labels):
        return 422, {"message": "Validation Failed", "errors": [{"code": "already_exists"}]}
    repo.labels.append(body)
    return 201, body


def _names(kind: str) -> Callable[..., Answer]:
    def told(repo: Repository, query: dict[str, list[str]], _body: Any) -> Answer:
        return 200, {kind: _page([{"name": name} for name in getattr(repo, kind)], query)}

    return told


def _ref(repo: Repository, _query: Any, _body: Any, name: str) -> Answer:
    if name not in repo.refs:
        return 404, {"message": "Not Found"}
    return 200, {"ref": f"refs/heads/{name}", "object": {"sha": repo.refs[name], "type": "commit"}}


def _commit(repo: Repository, _query: Any, _body: Any, name: str) -> Answer:
    return 200, {"sha": name, "tree": {"sha": repo.commits[name]["tree"]}}


def _new_tree(repo: Repository, _query: Any, body: Any) -> Answer:
    name = sha(json.dumps(body))
    repo.trees[name] = body
    return 201, {"sha": name}


def _new_commit(repo: Repository, _query: Any, body: Any) -> Answer:
    name = sha(json.dumps(body))
    repo.commits[name] = body
    return 201, {"sha": name}


def _new_ref(repo: Repository, _query: Any, body: Any) -> Answer:
    name = body["ref"].removeprefix("refs/heads/")
    if name in repo.refs:
        return 422, {"message": "Reference already exists"}
    repo.refs[name] = body["sha"]
    return 201, {"ref": body["ref"]}


def _pulls(repo: Repository, query: dict[str, list[str]], _body: Any) -> Answer:
    head = query["head"][0].partition(":")[2]
    return 200, [one for one in repo.pulls if one["head"] == head and one["state"] == query["state"][0]]


def _new_pull(repo: Repository, _query: Any, body: Any) -> Answer:
    number = len(repo.pulls) + 1
    pull = {**body, "number": number, "state": "open", "html_url": f"https://github.com/{repo.name}/pull/{number}"}
    repo.pulls.append(pull)
    return 201, pull


def _effective(repo: Repository, branch: str) -> list[dict[str, Any]]:
    """The rules that hold on a branch."""
    about = (
        one for one in repo.rulesets.values() if f"refs/heads/{branch}" in one["conditions"]["ref_name"]["include"]
    )
    return [dict(rule) for one in about for rule in one["rules"]]


def _installation(repo: Repository, _query: Any, _body: Any) -> Answer:
    return 200, {
        "id": 7,
        "app_id": repo.app_id,
        "app_slug": "bot-engine",
        "permissions": repo.apps[repo.app_id],
        "events": repo.events,
        "suspended_at": "2026-01-01T00:00:00Z" if repo.suspended else None,
    }


def _conversion(repo: Repository, _query: Any, _body: Any, code: str) -> Answer:
    """A code is good once."""
    if code not in repo.codes:
        return 404, {"message": "Not Found"}
    return 201, repo.codes.pop(code)


ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("GET", "", lambda repo, *_: (200, {"default_branch": repo.branch, "full_name": repo.name, **repo.settings})),
    ("GET", "/git/trees/(.+)", _tree),
    ("GET", "/git/blobs/(.+)", _blob),
    ("GET", "/labels", lambda repo, query, _: (200, _page(repo.labels, query))),
    ("POST", "/labels", _label),
    ("GET", "/rulesets", _rulesets),
    ("POST", "/rulesets", _put_ruleset),
    ("GET", r"/rulesets/(\d+)", lambda repo, _q, _b, number: (200, _ruleset(repo, int(number)))),
    ("PUT", r"/rulesets/(\d+)", _put_ruleset),
    ("GET", "/environments", _environments),
    ("PUT", "/environments/([^/]+)", _put_environment),
    ("GET", "/environments/([^/]+)/deployment-branch-policies", _policies),
    ("POST", "/environments/([^/]+)/deployment-branch-policies", _put_policy),
    ("GET", "/actions/secrets", _names("secrets")),
    ("GET", "/actions/variables", _names("variables")),
    ("GET", "/git/ref/heads/(.+)", _ref),
    ("GET", "/git/commits/(.+)", _commit),
    ("POST", "/git/trees", _new_tree),
    ("POST", "/git/commits", _new_commit),
    ("POST", "/git/refs", _new_ref),
    ("GET", "/pulls", _pulls),
    ("POST", "/pulls", _new_pull),
    ("GET", "/codeowners/errors", lambda repo, *_: (200, {"errors": repo.codeowners_errors})),
    ("GET", "/installation", _installation),
    ("GET", "/rules/branches/(.+)", lambda repo, query, _b, branch: (200, _page(_effective(repo, branch), query))),
]  # fmt: skip
ELSEWHERE: list[tuple[str, str, Callable[..., Answer]]] = [
    ("GET", "/repos/([^/]+/[^/]+)/git/ref/tags/(.+)", _tag_ref),
    ("GET", "/repos/([^/]+/[^/]+)/git/tags/(.+)", _tag),
    ("GET", "/user", lambda *_: (200, {"login": "ann"})),
    ("GET", "/rate_limit", lambda *_: (200, {"resources": {}})),
    ("GET", "/app/hook/config", lambda repo, *_: (200, repo.hook)),
    ("GET", "/app/hook/deliveries", lambda repo, *_: (200, repo.deliveries)),
    ("POST", "/app-manifests/([^/]+)/conversions", _conversion),
    ("POST", r"/app/installations/7/access_tokens", lambda repo, *_: (201, {
        "token": TOKEN, "expires_at": "2999-01-01T00:00:00Z", "permissions": {},
    })),
]  # fmt: skip


def signer(authorization: str) -> int:
    """The App whose JWT this is; 0 if it is none. That the signature is right is GitHub's to check."""
    kind, _, token = authorization.partition(" ")
    if kind != "Bearer" or token.count(".") != 2:
        return 0
    middle = token.split(".")[1]
    return int(json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))["iss"])


@contextmanager
def served(repo: Repository) -> Iterator[str]:
    """The peer on a port; its address."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            repo.app_id = signer(self.headers.get("Authorization", ""))
            if (
                "/app-manifests/" in self.path
                or repo.app_id in repo.apps
                or self.headers.get("Authorization", "").endswith(TOKEN)
            ):
                status, data = repo.answer(self.command, parts.path, parse_qs(parts.query), body)
            else:
                status, data = 401, {"message": "Bad credentials"}
            raw = json.dumps(data).encode()
            self.send_response_only(status)
            self.send_header("Date", format_datetime(datetime.now(UTC) + repo.skew, usegmt=True))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            if repo.scopes:
                self.send_header("X-OAuth-Scopes", repo.scopes)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_PATCH = _do  # noqa: N815  (http.server names them so)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
