"""Reads and writes what belongs to a repository beside its code: rules, labels, environments, names of secrets.

Used with a person's token while a fork is set up, and to look whether all is as it should be; the loop does not use it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from bot.adapters.github.api import Api
from bot.core.errors import Denied, Misconfigured

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_.-]+")
BRANCH = "onboarding/megawatts"
"""Where onboarding pull requests begin; the engine's own branches begin otherwise, and nobody else writes there."""
_LARGEST = 512 * 1024


def check_repository(name: str) -> str:
    """The name, if it is `OWNER/NAME`; else Misconfigured."""
    if not _REPOSITORY.fullmatch(name) or name.rpartition("/")[2] in {".", ".."}:
        raise Misconfigured(f"{name[:80]!r} is no repository on GitHub: write OWNER/NAME")
    return name


class RepositorySettings:
    """One repository on GitHub. Calls block; errors are those of `Api`."""

    def __init__(self, api: Api, repository: str) -> None:
        self.repository = check_repository(repository)
        self._api = api
        self._root = f"/repos/{self.repository}"

    def default_branch(self) -> str:
        """The branch that GitHub opens. Denied if there is no such repository."""
        return str(self._api.get(self._root)["default_branch"])

    def texts(self, branch: str, wanted: re.Pattern[str]) -> dict[str, str]:
        """The text files of a branch whose path matches, by path."""
        tree = self._api.find(f"{self._root}/git/trees/{branch}", recursive="1")
        if tree is None:
            raise Denied(f"{self.repository} has no branch {branch}: push it first, or name another base branch")
        if tree.get("truncated"):
            raise Denied(f"{self.repository} has more files than GitHub lists at once: use a checkout and --write")
        blobs = [row for row in tree["tree"] if row["type"] == "blob" and wanted.fullmatch(row["path"])]
        return {row["path"]: self._text(row) for row in blobs if row.get("size", 0) <= _LARGEST}

    def _text(self, row: Mapping[str, Any]) -> str:
        blob = self._api.get(f"{self._root}/git/blobs/{row['sha']}")
        try:
            return base64.b64decode(blob["content"]).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Denied(f"{row['path']} in {self.repository} is no text: replace it by hand") from error

    def labels(self) -> frozenset[str]:
        """Names, in lower case, as GitHub compares them."""
        return frozenset(str(row["name"]).casefold() for row in self._api.pages(f"{self._root}/labels"))

    def add_label(self, name: str, colour: str, what: str) -> None:
        self._api.attempt("POST", f"{self._root}/labels", {"name": name, "color": colour, "description": what}, (422,))

    def rulesets(self) -> dict[str, dict[str, Any]]:
        """Every ruleset of the repository itself, whole, by name."""
        rows = self._api.pages(f"{self._root}/rulesets", includes_parents="false")
        return {str(row["name"]): self._api.get(f"{self._root}/rulesets/{int(row['id'])}") for row in rows}

    def put_ruleset(self, body: Mapping[str, Any], number: int | None) -> None:
        """Make a ruleset, or change the one with that number."""
        if number is None:
            self._api.send("POST", f"{self._root}/rulesets", body)
        else:
            self._api.send("PUT", f"{self._root}/rulesets/{number}", body)

    def environments(self) -> dict[str, frozenset[tuple[str, str]]]:
        """By name, who may use each: ("branch" or "tag", pattern). Empty: anything may."""
        rows = self._api.pages(f"{self._root}/environments", "environments")
        return {str(row["name"]): self._policies(row) for row in rows}

    def _policies(self, row: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
        policy = row.get("deployment_branch_policy")
        if not policy:
            return frozenset()
        if policy.get("protected_branches"):
            return frozenset({("branch", "(protected)")})
        where = f"{self._root}/environments/{row['name']}/deployment-branch-policies"
        return frozenset(
            (str(one.get("type", "branch")), str(one["name"])) for one in self._api.pages(where, "branch_policies")
        )

    def put_environment(self, name: str, allowed: frozenset[tuple[str, str]]) -> None:
        """Make an environment that only these branches and tags may use; what may already is left."""
        where = f"{self._root}/environments/{name}"
        policy = {"protected_branches": False, "custom_branch_policies": True}
        self._api.send("PUT", where, {"deployment_branch_policy": policy})
        for kind, pattern in sorted(allowed - self.environments().get(name, frozenset())):
            self._api.send("POST", f"{where}/deployment-branch-policies", {"name": pattern, "type": kind})

    def names(self, kind: str) -> frozenset[str]:
        """Names of the repository's `secrets` or `variables` of GitHub Actions; values are never asked for."""
        return frozenset(str(row["name"]) for row in self._api.pages(f"{self._root}/actions/{kind}", kind))

    def propose(self, base: str, files: Mapping[str, tuple[str, bool]], title: str, body: str) -> str:
        """A pull request that adds or replaces these files (text, executable); its address. May be repeated."""
        branch = f"{BRANCH}-{_digest(files)}"
        owner = self.repository.partition("/")[0]
        pulls = f"{self._root}/pulls"
        there = self._api.get(pulls, head=f"{owner}:{branch}", state="open")
        if there:
            return str(there[0]["html_url"])
        self._branch(branch, base, files, title)
        opened = self._api.send("POST", pulls, {"title": title, "head": branch, "base": base, "body": body})
        return str(opened["html_url"])

    def _branch(self, branch: str, base: str, files: Mapping[str, tuple[str, bool]], title: str) -> None:
        """One commit on the base, under a name that its contents give it: the same files, the same branch."""
        git = f"{self._root}/git"
        if self._api.find(f"{git}/ref/heads/{branch}") is not None:
            return
        parent = str(self._api.get(f"{git}/ref/heads/{base}")["object"]["sha"])
        before = str(self._api.get(f"{git}/commits/{parent}")["tree"]["sha"])
        rows = [
            {"path": path, "mode": "100755" if executable else "100644", "type": "blob", "content": text}
            for path, (text, executable) in sorted(files.items())
        ]
        tree = self._api.send("POST", f"{git}/trees", {"base_tree": before, "tree": rows})["sha"]
        commit = {"message": f"{title}\n", "tree": tree, "parents": [parent]}
        sha = self._api.send("POST", f"{git}/commits", commit)["sha"]
        self._api.send("POST", f"{git}/refs", {"ref": f"refs/heads/{branch}", "sha": sha})


def _digest(files: Mapping[str, tuple[str, bool]]) -> str:
    whole = "\0".join(f"{path}\0{executable}\0{text}" for path, (text, executable) in sorted(files.items()))
    return hashlib.sha256(whole.encode()).hexdigest()[:10]
