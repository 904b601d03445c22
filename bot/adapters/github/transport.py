"""Git over the network: the secret travels in git's environment, never in arguments, addresses, files or messages."""

import base64
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.adapters.git.names import SHA, check_branch
from bot.adapters.git.plumbing import OPTIONS, environment
from bot.adapters.git.repository import GitRepository
from bot.core.errors import Denied, MegawattsError, Misconfigured, Unavailable
from bot.core.ids import Sha

_PATIENCE = 120
_SCHEMES = ("https", "http", "git", "file")
_USER = "x-access-token"
"""GitHub takes this name with any kind of token.

Source: docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app (git over HTTPS)
"""


@dataclass(frozen=True, slots=True)
class Finished:
    """How git ended, in its own words."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Remote:
    """One repository elsewhere. `token` is asked at each use, since it may be renewed; empty: none is sent."""

    url: str
    token: Callable[[], str] = field(default=lambda: "", repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in _SCHEMES:
            raise Misconfigured(f"the git address {self.url[:80]!r} is not one of {', '.join(_SCHEMES)}")
        if parts.username or parts.password:
            raise Misconfigured("the git address holds a name or password: give the token by itself")

    def fetch(self, into: GitRepository, *refspecs: str) -> None:
        """Get objects and refs. Unavailable or Misconfigured if that does not work."""
        flags = ("-q", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force", "--update-head-ok")
        done = self._run(into.git.git_dir, "fetch", *flags, "--", self.url, *refspecs)
        if done.code:
            raise _failed(done, "fetch")

    def refs(self, repo: GitRepository, *patterns: str) -> dict[str, Sha]:
        """Where refs are now, by full name; a tag of a commit gives the commit."""
        done = self._run(repo.git.git_dir, "ls-remote", "-q", "--", self.url, *patterns)
        if done.code:
            raise _failed(done, "ls-remote")
        pairs = [line.split("\t", 1) for line in done.out.splitlines() if "\t" in line]
        plain = {name: Sha(sha) for sha, name in pairs if not name.endswith("^{}")}
        return plain | {name.removesuffix("^{}"): Sha(sha) for sha, name in pairs if name.endswith("^{}")}

    def push(self, source: GitRepository, ref: str, oid: str, *, expecting: Sha | None) -> None:
        """Point a ref at an object if it is where the caller thinks (None: new). May be repeated.

        Denied if it is elsewhere, or the repository's rules refuse it.
        """
        check_branch(ref.split("/", 2)[-1])
        if not SHA.fullmatch(oid):
            raise Misconfigured(f"{oid[:80]!r} is not a full object id")
        lease = f"--force-with-lease={ref}:{expecting or ''}"
        argv = ("push", "-q", "--porcelain", "--no-verify", "--no-signed", lease, "--", self.url, f"{oid}:{ref}")
        done = self._run(source.git.git_dir, *argv)
        if done.code == 0:
            return
        there = self.refs(source, ref).get(ref)
        if there == oid:
            return
        if there != expecting:
            raise Denied(f"{ref} is at {there or 'nothing'}, not at {expecting or 'nothing'}")
        raise _failed(done, "push")

    def delete(self, source: GitRepository, ref: str, *, expecting: Sha) -> None:
        """Take a ref away if it is where the caller thinks; nothing happens if it is gone."""
        lease = f"--force-with-lease={ref}:{expecting}"
        done = self._run(source.git.git_dir, "push", "-q", "--porcelain", lease, "--", self.url, f":{ref}")
        if done.code and ref in self.refs(source, ref):
            raise _failed(done, "push")

    def _run(self, git_dir: Path, *argv: str) -> Finished:
        allowed = ("-c", f"protocol.{urlsplit(self.url).scheme}.allow=always", "-c", "http.followRedirects=false")
        env = _environment(git_dir, self._secret())
        try:
            done = subprocess.run(
                ["git", *OPTIONS, *allowed, *argv],
                env=env,
                capture_output=True,
                check=False,
                timeout=_PATIENCE,
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise Misconfigured("git was not found on PATH: install git") from None
        except subprocess.TimeoutExpired:
            raise Unavailable("git", f"`git {argv[0]}` took more than {_PATIENCE} s") from None
        return Finished(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    def _secret(self) -> Mapping[str, str]:
        """Settings that git reads from its environment (git-config(1), GIT_CONFIG_COUNT); for this address only."""
        if not self.url.startswith("http") or not (token := self.token()):
            return {}
        words = base64.b64encode(f"{_USER}:{token}".encode()).decode()
        name = f"http.{self.url}.extraHeader"
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": name,
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {words}",
        }


def _environment(git_dir: Path, secret: Mapping[str, str]) -> dict[str, str]:
    """The house's environment for git, as values: `env` with words would show the secret in its arguments."""
    words = environment({"GIT_DIR": str(git_dir)})[2:]
    trusted = os.environ.get("GIT_SSL_CAINFO", "")
    return {
        **dict(word.split("=", 1) for word in words),
        # Or later; what git was linked with may still begin lower.
        "GIT_SSL_VERSION": "tlsv1.2",
        **({"GIT_SSL_CAINFO": trusted} if trusted else {}),
        **secret,
    }


def _failed(done: Finished, what: str) -> MegawattsError:
    lines = [line.strip() for line in f"{done.out}\n{done.err}".splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("!", "remote:", "fatal:", "error:"))] or lines
    words = "; ".join(told)[:300] or "no message"
    if "Authentication failed" in words or "could not read Username" in words or "error: 401" in words:
        return Misconfigured(f"git {what}: our token is not accepted: make a new one and restart the controller")
    if "certificate" in words.casefold() and "unable to access" in words:
        fix = "name a file with the authority that signed it, and all others, in GIT_SSL_CAINFO"
        return Misconfigured(f"git {what}: the server's certificate is not trusted ({words}): {fix}")
    if "error: 403" in words or "Permission to" in words:
        return Denied(f"git {what}: forbidden ({words}); it needs the permission contents=write")
    if "not found" in words.casefold() or "does not appear to be a git repository" in words:
        return Misconfigured(f"git {what}: there is no such repository, or our token may not see it ({words})")
    if "[remote rejected]" in words or "GH006" in words or "GH013" in words:
        return Denied(f"git {what}: the repository's rules refuse it ({words})")
    return Unavailable("git", f"{what}: {words}", retry_after=5.0)


def git_address(api_url: str, repository: str) -> str:
    """Where git finds the repository: github.com, or the server whose API it is."""
    parts = urlsplit(api_url)
    host = "github.com" if parts.netloc == "api.github.com" else parts.netloc
    return f"{parts.scheme}://{host}/{repository}.git"
