"""GitHub's GraphQL, executed against its own public schema over the rows of one repository."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, build_schema, execute, parse, validate

from tests.servers.github.programs import schema

if TYPE_CHECKING:
    from tests.servers.github.hosted import Hosted

Row = dict[str, Any]


@cache
def graph() -> "Graph":
    """One for the whole run: reading the schema takes a second."""
    return Graph()


class Graph:
    """Parses the schema once. A document that it does not allow is refused, as GitHub refuses it."""

    def __init__(self) -> None:
        self.schema = build_schema(schema().read_text(encoding="utf-8"), assume_valid=True)

        self._known: dict[str, DocumentNode] = {}

    def problems(self, document: str) -> list[str]:
        return [error.message for error in validate(self.schema, parse(document))]

    def answer(self, house: "Hosted", who: str, body: Row) -> Row:
        """The answer to one request, in GitHub's own form, errors included."""
        root = View(house, who).root()
        if body["query"] not in self._known:
            if problems := self.problems(body["query"]):
                return {"errors": [{"message": text, "type": "INVALID"} for text in problems]}
            self._known[body["query"]] = parse(body["query"])
        done = execute(self.schema, self._known[body["query"]], root, variable_values=body.get("variables"))
        assert isinstance(done, ExecutionResult)
        if done.errors:
            errors = [{"message": e.message, "type": (e.extensions or {}).get("type", "INVALID")} for e in done.errors]
            return {"data": done.data, "errors": errors}
        return {"data": done.data}


class View:
    """A repository as GraphQL objects: plain rows, which graphql-core reads field by field."""

    def __init__(self, house: "Hosted", who: str) -> None:
        self.house, self.who = house, who

    def root(self) -> Row:
        return {
            "repository": lambda _info, **_args: self.repository(),
            "enqueuePullRequest": self.enqueue,
            "enablePullRequestAutoMerge": self.auto_merge,
        }

    def repository(self) -> Row:
        return {
            "pullRequests": self.pulls,
            "pullRequest": lambda _info, number: self.pull(self.house.pull(number)),
            "issue": lambda _info, number: self.issue(number),
            "mergeQueue": {"id": "MQ_1"} if self.house.rules.queue else None,
        }

    def pulls(self, _info: Any, **args: Any) -> Row:
        rows = [row for row in self.house.rows["pullRequests"] if _state(row) in args["states"]]
        rows = [row for row in rows if row["base_ref"] == args["baseRefName"]]
        order = args["orderBy"]
        key: Callable[[Row], Any] = lambda row: (row[order["field"].lower()], row["number"])  # noqa: E731
        rows = sorted(rows, key=key, reverse=order["direction"] == "DESC")
        return _page([self.pull(row) for row in rows], args["first"], args.get("after"))

    def pull(self, row: Row) -> Row:
        merged = row["merge_commit_sha"] if row["merged"] else None
        editor = self.house.edited.get(("pull", row["number"]))
        labels = {label["id"]: label["name"] for label in self.house.rows["labels"]}
        return {
            "id": row["node_id"],
            "number": row["number"],
            "title": row["title"],
            "body": row["body"] or "",
            "state": _state(row),
            "isDraft": row["draft"],
            "headRefName": row["head_ref"],
            "headRefOid": row["head_sha"],
            "isCrossRepository": row["head_repo_id"] != row["base_repo_id"],
            "createdAt": row["created_at"],
            "updatedAt": row["updated_at"],
            "mergedAt": row["merged_at"],
            "author": actor(self.house.login(row["user_id"])),
            "editor": actor(editor[0]) if editor else None,
            "lastEditedAt": editor[1] if editor else None,
            "labels": _nodes([{"name": labels[one]} for one in row["label_ids"]]),
            "mergeCommit": {"oid": merged, "status": self.status(merged)} if merged else None,
            "mergeQueueEntry": {"id": f"MQE_{row['number']}"} if row["number"] in self.house.queue else None,
            "reviewThreads": lambda _info, **_args: self.threads(row),
            "reviews": lambda _info, **_args: _nodes([self.review(one) for one in self.reviews(row)]),
            "commits": _nodes([{"commit": self.commit(row["head_sha"])}]),
        }

    def commit(self, sha: str) -> Row:
        contexts = [self.status_context(one) for one in _latest(self.house.statuses.get(sha, []))]
        contexts += [self.check_run(one) for one in self.house.rows["checkRuns"] if one["head_sha"] == sha]
        rollup = {"contexts": lambda _info, **args: _page(contexts, args["first"], None)} if contexts else None
        return {"oid": sha, "statusCheckRollup": rollup}

    def status(self, sha: str) -> Row | None:
        found = [self.status_context(one) for one in _latest(self.house.statuses.get(sha, []))]
        return {"contexts": found} if found else None

    def status_context(self, row: Row) -> Row:
        return {
            "__typename": "StatusContext",
            "context": row["context"],
            "state": row["state"].upper(),
            "description": row["description"],
            "creator": actor(row["creator"]["login"]),
        }

    def check_run(self, row: Row) -> Row:
        app = self.house.apps.get(row["id"])
        return {
            "__typename": "CheckRun",
            "databaseId": row["id"],
            "name": row["name"],
            "status": row["status"].upper(),
            "conclusion": row["conclusion"].upper() if row["conclusion"] else None,
            "checkSuite": {"app": {"databaseId": app} if app else None},
        }

    def reviews(self, row: Row) -> list[Row]:
        return [one for one in self.house.rows["reviews"] if one["pull_number"] == row["number"]]

    def review(self, row: Row) -> Row:
        return {
            "databaseId": row["id"],
            "state": row["state"],
            "body": row["body"] or "",
            "submittedAt": row["submitted_at"],
            "author": actor(self.house.login(row["user_id"])),
            "commit": {"oid": row["commit_id"]},
        }

    def threads(self, row: Row) -> Row:
        comments = [c for c in self.house.rows["comments"] if c["pull_number"] == row["number"] and c["path"]]
        found = [
            {
                "isResolved": comment["id"] in self.house.resolved,
                "isOutdated": comment["commit_sha"] != row["head_sha"],
                "path": comment["path"],
                "line": comment["line"] or comment["position"],
                "comments": _nodes([self.line_comment(comment)]),
            }
            for comment in comments
        ]
        return {**_nodes(found), "totalCount": len(found)}

    def line_comment(self, row: Row) -> Row:
        return {
            "databaseId": row["id"],
            "body": row["body"],
            "createdAt": row["created_at"],
            "author": actor(self.house.login(row["user_id"])),
            "commit": {"oid": row["commit_sha"]},
        }

    def issue(self, number: int) -> Row:
        row = next(one for one in self.house.rows["issues"] if one["number"] == number)
        editor = self.house.edited.get(("issue", number))
        return {
            "body": row["body"],
            "lastEditedAt": editor[1] if editor else None,
            "editor": actor(editor[0]) if editor else None,
        }

    def _checked(self, given: Row) -> Row:
        row = next(one for one in self.house.rows["pullRequests"] if one["node_id"] == given["pullRequestId"])
        if row["head_sha"] != given["expectedHeadOid"]:
            raise GraphQLError("Head sha didn't match expected sha", extensions={"type": "UNPROCESSABLE"})
        return row

    def enqueue(self, _info: Any, **args: Any) -> Row:
        row = self._checked(args["input"])
        if row["number"] in self.house.queue:
            raise GraphQLError("Pull request is already in the queue", extensions={"type": "UNPROCESSABLE"})
        self.house.queue.append(row["number"])
        self.house.group(row["number"])
        return {"mergeQueueEntry": {"id": f"MQE_{row['number']}", "state": "QUEUED"}}

    def auto_merge(self, _info: Any, **args: Any) -> Row:
        row = self._checked(args["input"])
        self.house.auto[row["number"]] = args["input"]["expectedHeadOid"]
        return {"pullRequest": {"number": row["number"]}}


def actor(login: str) -> Row:
    """GraphQL shows an App's bot without the `[bot]` that REST shows."""
    if login.endswith("[bot]"):
        return {"__typename": "Bot", "login": login.removesuffix("[bot]")}
    return {"__typename": "User", "login": login}


def _state(row: Row) -> str:
    return "MERGED" if row["merged"] else str(row["state"]).upper()


def _latest(rows: list[Row]) -> list[Row]:
    return list({row["context"]: row for row in reversed(rows)}.values())


def _nodes(rows: list[Row]) -> Row:
    return {"nodes": rows}


def _page(rows: list[Row], first: int, after: str | None) -> Row:
    start = int(after or 0)
    more = start + first < len(rows)
    return {
        "nodes": rows[start : start + first],
        "pageInfo": {"hasNextPage": more, "endCursor": str(start + first) if more else None},
        "totalCount": len(rows),
    }
