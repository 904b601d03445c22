"""One repository as GitHub holds it: git on disk, emulate's rows of it, and what emulate does not know."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from tests.servers.github import owners

NOBODY = "0" * 40
Told = tuple[int, Any, dict[str, str]]


@dataclass
class Rules:
    """What the base branch demands of a merge."""

    checks: dict[str, int | None] = field(default_factory=dict)
    owners: bool = False
    """A code owner has to approve, and nobody but those of `bypass` is let off."""
    bypass: frozenset[int] = frozenset()
    queue: bool = False
    """Merges go through a merge queue."""


@dataclass(frozen=True)
class Came:
    """A request, and who made it."""

    verb: str
    path: str
    query: dict[str, list[str]]
    body: Any
    who: str
    app: int


class Hosted:
    """The state of one repository, and the routes answered here. Used under the front's lock."""

    def __init__(self, name: str, git_dir: Path, owners: tuple[str, ...] = ("ada",)) -> None:
        self.name, self.git_dir, self.owners = name, git_dir, owners
        self.rules = Rules()
        self.statuses: dict[str, list[dict[str, Any]]] = {}
        self.edited: dict[tuple[str, int], tuple[str, str]] = {}
        """Who wrote a body last and when: ("pull" or "issue", number)."""
        self.resolved: set[int] = set()
        """Comments whose thread is resolved."""
        self.said_on: dict[str, list[dict[str, Any]]] = {}
        """Comments on commits."""
        self.apps: dict[int, int] = {}
        """App by check run."""
        self.closers: dict[int, str] = {}
        self.queue: list[int] = []
        self.auto: dict[int, str] = {}
        self.writers: set[str] = {"ada", "grace", "maintainer"}
        self.default = "main"
        self.rows: dict[str, Any] = {}
        self.before_merge: Callable[[], None] | None = None
        self._known: set[str] = set()
        self._last: dict[str, str] = {}
        self._heads: dict[int, str] = {}
        self._ids = count(9000)
        self._peer: Callable[[dict[str, Any]], dict[str, Any]] | None = None

    # --- git -------------------------------------------------------------------------------------------------------

    def git(self, *argv: str, stdin: str = "") -> str:
        env = {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_DIR": str(self.git_dir), "HOME": "/nonexistent",
            **{f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
               for what, value in (("NAME", "GitHub"), ("EMAIL", "noreply@github.invalid"))},
        }  # fmt: skip
        words = ["git", "-c", "safe.directory=*", *argv]
        done = subprocess.run(words, env=env, input=stdin, text=True, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def refs(self) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags").splitlines()
        return dict(line.split(" ") for line in lines)

    def tell(self, peer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Let emulate know what git holds now, and keep its rows."""
        self._peer = peer
        refs = self.refs()
        told: dict[str, Any] = {"repo": self.name}
        if refs != self._last:
            told |= {"refs": refs, "default_branch": self.default, "commits": self._fresh()}
        self.rows = peer(told)
        self._last = refs
        self._keep_heads()

    def _fresh(self) -> list[dict[str, Any]]:
        out = self.git("log", "--all", "--reverse", "--date-order", "--format=%H%x00%T%x00%P%x00%cI%x00%s")
        found = []
        for line in out.splitlines():
            sha, tree, parents, date, subject = line.split("\0")
            if sha not in self._known:
                self._known.add(sha)
                row = {"sha": sha, "tree": tree, "parents": parents.split(), "date": date, "message": subject}
                found.append(row)
        return found

    def _keep_heads(self) -> None:
        """GitHub holds the head of each pull request for good, whatever becomes of its branch."""
        for row in self.rows["pullRequests"]:
            if self._heads.get(row["number"]) != row["head_sha"]:
                self.git("update-ref", f"refs/pull/{row['number']}/head", row["head_sha"])
                self._heads[row["number"]] = row["head_sha"]

    # --- routes ----------------------------------------------------------------------------------------------------

    def route(self, came: Came) -> Told | None:
        """An answer of our own, or None: then it is emulate's."""
        rest = came.path.removeprefix(f"/repos/{self.name}")
        known = {"query": came.query, "body": came.body, "who": came.who, "app": came.app}
        for kind, pattern, method in _ROUTES:
            found = re.fullmatch(pattern, rest)
            if found and kind == came.verb:
                answer: Told | None = getattr(self, method)(*found.groups(), **known)
                return answer
        return None

    def told(self, came: Came, answer: Told) -> Told:
        """emulate's answer as GitHub would give it."""
        status, data, headers = answer
        if came.verb in {"POST", "PATCH"} and status < 300 and "/check-runs" in came.path:
            self.apps[int(data["id"])] = came.app
        if came.verb == "PATCH" and status < 300 and came.body.get("state") == "closed":
            self.closers[int(came.path.rsplit("/", 1)[-1])] = came.who
        if came.verb == "PATCH" and status < 300 and "body" in came.body:
            kind, number = came.path.rsplit("/", 2)[-2:]
            if kind in {"pulls", "issues"} and number.isdigit():
                self.edited[(kind.removesuffix("s"), int(number))] = (came.who, _now())
        if isinstance(data, dict) and "check_runs" in data:
            data["check_runs"] = [self._run(row) for row in data["check_runs"]]
        return status, data, headers

    def _run(self, row: dict[str, Any]) -> dict[str, Any]:
        app = self.apps.get(int(row["id"]), 0)
        return {**row, "app": {"id": app, "slug": f"app-{app}"} if app else None}

    def say_status(self, sha: str, *, body: Any, who: str, **_rest: Any) -> Told:
        if len(body.get("description") or "") > 140:
            return 422, {"message": "Validation Failed", "errors": [{"message": "description is too long"}]}, {}
        if not self._has(sha):
            return 422, {"message": f"No commit found for SHA: {sha}"}, {}
        row = {
            "id": next(self._ids), "node_id": "x", "url": "https://x.invalid", "avatar_url": None, "target_url": None,
            "created_at": _now(), "updated_at": _now(), "state": body["state"], "context": body["context"],
            "description": body.get("description"), "creator": {"login": who, "id": 1, "type": "User"},
        }  # fmt: skip
        self.statuses.setdefault(sha, []).insert(0, row)
        return 201, row, {}

    def list_statuses(self, sha: str, *, query: dict[str, list[str]], **_rest: Any) -> Told:
        page, size = int(query.get("page", ["1"])[0]), int(query.get("per_page", ["30"])[0])
        return 200, self.statuses.get(sha, [])[(page - 1) * size : page * size], {}

    def say_on_commit(self, sha: str, *, body: Any, who: str, **_rest: Any) -> Told:
        row = {"id": next(self._ids), "body": body["body"], "commit_id": sha, "user": {"login": who}}
        self.said_on.setdefault(sha, []).append(row)
        return 201, row, {}

    def list_on_commit(self, sha: str, *, query: dict[str, list[str]], **_rest: Any) -> Told:
        page, size = int(query.get("page", ["1"])[0]), int(query.get("per_page", ["30"])[0])
        return 200, self.said_on.get(sha, [])[(page - 1) * size : page * size], {}

    def branch_rules(self, _branch: str, **_rest: Any) -> Told:
        rows: list[dict[str, Any]] = []
        if self.rules.checks:
            checks = [{"context": name, "integration_id": app} for name, app in self.rules.checks.items()]
            parameters = {"required_status_checks": checks, "strict_required_status_checks_policy": True}
            rows.append({"type": "required_status_checks", "parameters": parameters})
        return 200, rows, {}

    def permission(self, login: str, **_rest: Any) -> Told:
        role = "write" if login in self.writers else "read"
        return 200, {"permission": role, "role_name": role, "user": {"login": login}}, {}

    def issue_of_pull(self, number: str, **_rest: Any) -> Told | None:
        """Every pull request is an issue too on GitHub, and says who closed it."""
        if not any(row["number"] == int(number) for row in self.rows["pullRequests"]):
            return None
        closer = self.closers.get(int(number))
        row = next(row for row in self.rows["issues"] if row["number"] == int(number))
        return 200, {**row, "pull_request": {}, "closed_by": {"login": closer} if closer else None}, {}

    def make_check_run(self, *, app: int, **_rest: Any) -> Told | None:
        return None if app else (403, {"message": "You must authenticate via a GitHub App."}, {})

    def make_pull(self, *, body: Any, **_rest: Any) -> Told | None:
        """GitHub opens one pull request a branch, and none without a branch; emulate makes the branch."""
        problem = ""
        if f"refs/heads/{body['head']}" not in self.refs():
            problem = f"head {body['head']} is invalid"
        for row in self.rows["pullRequests"]:
            if row["state"] == "open" and row["head_ref"] == body["head"] and row["base_ref"] == body["base"]:
                problem = f"A pull request already exists for {body['head']}."
        if problem:
            return 422, {"message": "Validation Failed", "errors": [{"message": problem}]}, {}
        return None

    def review(self, number: str, *, body: Any, who: str, **_rest: Any) -> Told | None:
        """Nobody approves their own pull request on GitHub; emulate lets them."""
        own = self.login(self.pull(int(number))["user_id"]) == who
        if own and body.get("event") in {"APPROVE", "REQUEST_CHANGES"}:
            return 422, {"message": "Review cannot be requested from pull request author."}, {}
        return None

    def reviewers(self, number: str, *, body: Any, **_rest: Any) -> Told | None:
        strange = [name for name in body.get("reviewers", []) if name not in self.writers]
        if strange or body.get("team_reviewers"):
            return 422, {"message": "Reviews may only be requested from collaborators."}, {}
        return None

    # --- merging ---------------------------------------------------------------------------------------------------

    def merge(self, number: str, *, body: Any, app: int, **_rest: Any) -> Told:
        """A true merge: in git, onto the base branch as it is now, if the rules allow it."""
        if self.before_merge is not None:
            self.before_merge()
        row = self.pull(int(number))
        refs = self.refs()
        base, head = refs[f"refs/heads/{row['base_ref']}"], refs.get(f"refs/heads/{row['head_ref']}")
        if row["merged"] or row["state"] == "closed" or row["draft"]:
            return 405, {"message": "Pull Request is not mergeable"}, {}
        if body.get("sha") and body["sha"] != head:
            return 409, {"message": "Head branch was modified. Review and try the merge again."}, {}
        assert head is not None
        if self.rules.queue and app not in self.rules.bypass:
            return 405, {"message": "Changes must be made through the merge queue"}, {}
        if why := self._unmet(row, head, app):
            return 405, {"message": f"Repository rule violations found\n\n{why}"}, {}
        words = f"{body.get('commit_title') or 'Merge'}\n\n{body.get('commit_message') or ''}"
        made = self.put_together(row["base_ref"], base, head, words)
        if made is None:
            return 405, {"message": "Pull Request is not mergeable"}, {}
        self.ended(int(number), made)
        return 200, {"sha": made, "merged": True, "message": "Pull Request successfully merged"}, {}

    def put_together(self, branch: str, base: str, head: str, words: str) -> str | None:
        try:
            tree = self.git("merge-tree", "--write-tree", base, head).splitlines()[0]
        except RuntimeError:
            return None
        made = self.git("commit-tree", tree, "-p", base, "-p", head, "-F", "-", stdin=words.strip() + "\n")
        self.git("update-ref", f"refs/heads/{branch}", made, base)
        return made

    # --- merge queue -----------------------------------------------------------------------------------------------

    def group(self, number: int) -> str:
        """What the queue puts together for a pull request: a merge on the base branch as it is now, by its own name."""
        row, refs = self.pull(number), self.refs()
        base, head = refs[f"refs/heads/{row['base_ref']}"], refs[f"refs/heads/{row['head_ref']}"]
        tree = self.git("merge-tree", "--write-tree", base, head).splitlines()[0]
        made = self.git("commit-tree", tree, "-p", base, "-p", head, "-m", f"Merge pull request #{number}")
        self.git("update-ref", self.group_ref(number, base), made)
        return made

    def group_ref(self, number: int, base: str) -> str:
        return f"refs/heads/gh-readonly-queue/{self.pull(number)['base_ref']}/pr-{number}-{base}"

    def turn(self) -> str:
        """The queue looks at its first group: `merged`, `dropped` for a failed status, or it `waits`."""
        number = self.queue[0]
        row, refs = self.pull(number), self.refs()
        ref, made = next((r, sha) for r, sha in refs.items() if f"/pr-{number}-" in r)
        last = {said["context"]: said["state"] for said in reversed(self.statuses.get(made, []))}
        bad = [name for name in self.rules.checks if last.get(name) in {"failure", "error"}]
        if not bad and self._unmet(row, made, 0):
            return "waits"
        self.queue.remove(number)
        self.git("update-ref", "-d", ref)
        if bad:
            return "dropped"
        self.git("update-ref", f"refs/heads/{row['base_ref']}", made, ref.rsplit("-", 1)[-1])
        self.ended(number, made)
        return "merged"

    def ended(self, number: int, made: str) -> None:
        """Tell emulate that it is merged."""
        assert self._peer is not None
        now = _now()
        change = {
            "number": number, "merged": True, "merged_at": now, "closed_at": now, "state": "closed",
            "merge_commit_sha": made,
        }  # fmt: skip
        self._peer({"repo": self.name, "pulls": [change]})

    def _unmet(self, row: dict[str, Any], head: str, app: int) -> str:
        for name, by in self.rules.checks.items():
            runs = [run for run in self.rows["checkRuns"] if run["head_sha"] == head and run["name"] == name]
            good = [run for run in runs if by is None or self.apps.get(run["id"]) == by]
            states = [s for s in self.statuses.get(head, []) if s["context"] == name]
            done = (good and good[-1]["conclusion"] == "success") or (states and states[0]["state"] == "success")
            if not done:
                return f'Required status check "{name}" is expected.'
        if self.rules.owners and app not in self.rules.bypass:
            seen = [r for r in self.rows["reviews"] if r["pull_number"] == row["number"] and r["commit_id"] == head]
            approved = {self.login(r["user_id"]) for r in seen if r["state"] == "APPROVED"}
            return owners.lacking(self.git, f"refs/heads/{row['base_ref']}", head, approved, self.owners)
        return ""

    # --- reading ---------------------------------------------------------------------------------------------------

    def pull(self, number: int) -> dict[str, Any]:
        return next(row for row in self.rows["pullRequests"] if row["number"] == number)

    def login(self, user: int) -> str:
        return str(self.rows["users"][str(user)])

    def has_node(self, variables: dict[str, Any]) -> bool:
        return any(row["node_id"] == variables.get("pull") for row in self.rows.get("pullRequests", []))

    def _has(self, sha: str) -> bool:
        try:
            self.git("cat-file", "-e", f"{sha}^{{commit}}")
        except RuntimeError:
            return False
        return True


_SHA = r"([0-9a-f]{40})"
_ROUTES = (
    ("POST", rf"/statuses/{_SHA}", "say_status"),
    ("GET", rf"/commits/{_SHA}/statuses", "list_statuses"),
    ("POST", rf"/commits/{_SHA}/comments", "say_on_commit"),
    ("GET", rf"/commits/{_SHA}/comments", "list_on_commit"),
    ("GET", r"/rules/branches/(.+)", "branch_rules"),
    ("GET", r"/collaborators/([^/]+)/permission", "permission"),
    ("GET", r"/issues/(\d+)", "issue_of_pull"),
    ("POST", r"/check-runs", "make_check_run"),
    ("POST", r"/pulls", "make_pull"),
    ("POST", r"/pulls/(\d+)/reviews", "review"),
    ("POST", r"/pulls/(\d+)/requested_reviewers", "reviewers"),
    ("PUT", r"/pulls/(\d+)/merge", "merge"),
)


def _now() -> str:
    """As emulate writes it; GitHub's own stamps have no fractions."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
