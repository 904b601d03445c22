"""Starts git with an argument list, an empty environment and every door to other programs shut."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import IO, BinaryIO, cast

from git.cmd import Git
from git.exc import GitCommandNotFound

from bot.core.errors import Misconfigured, Unavailable

_CONFIG = Path(__file__).with_name("hardened.gitconfig")

_SHUT = (
    # The repository's own configuration is not trusted to start programs or to change what commands mean.
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.bare=true",
    "core.sshCommand=false",
    "core.askPass=",
    "core.quotePath=true",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
    "tag.gpgSign=false",
    "commit.gpgSign=false",
    "log.showSignature=false",
    "protocol.allow=never",
    "submodule.recurse=false",
)
OPTIONS = tuple(word for setting in _SHUT for word in ("-c", setting))

IDENTITY = {
    "GIT_AUTHOR_NAME": "megawatts",
    "GIT_AUTHOR_EMAIL": "megawatts@localhost",
    "GIT_COMMITTER_NAME": "megawatts",
    "GIT_COMMITTER_EMAIL": "megawatts@localhost",
}


@dataclass(frozen=True, slots=True)
class Result:
    """How a git command ended. `out` is raw: file names need not be text."""

    code: int
    out: bytes
    err: str

    @property
    def line(self) -> str:
        """The first line of the output."""
        return self.out.split(b"\n", 1)[0].decode("utf-8", "replace")


def environment(extra: Mapping[str, str] | None = None) -> list[str]:
    """Words for `env -i`: GitPython can only add to the caller's environment, and that may hold secrets."""
    values = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(_CONFIG),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        **(extra or {}),
    }
    return ["env", "-i", *(f"{name}={value}" for name, value in values.items())]


class Plumbing:
    """Git commands on one git directory. It is used as a bare one: work tree and attributes files are never read."""

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir
        self._git = Git(str(git_dir))

    def run(
        self,
        *argv: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        codes: tuple[int, ...] = (0,),
        config: tuple[str, ...] = (),
    ) -> Result:
        """Run `git argv`. An exit code that is not in `codes` raises Unavailable with git's own words."""
        result = self._finish(self._words(argv, env, config), stdin)
        if result.code not in codes:
            raise Unavailable("git", f"`git {argv[0]}` in {self.git_dir} ended with {result.code}: {_last(result.err)}")
        return result

    @contextmanager
    def stream(self, *argv: str, stdin: bytes = b"") -> Iterator[IO[bytes]]:
        """The output of `git argv` as a stream, for what may not fit in memory at once."""
        with _input(stdin) as source:
            process = self._git.execute(self._words(argv, None, ()), istream=source, as_process=True)
            inner = cast("Popen[bytes] | None", process.proc)
            try:
                if inner is None or inner.stdout is None:
                    raise Unavailable("git", f"`git {argv[0]}` did not start")
                yield inner.stdout
            finally:
                _end(inner)

    def _words(self, argv: tuple[str, ...], env: Mapping[str, str] | None, config: tuple[str, ...]) -> list[str]:
        extra = [word for setting in config for word in ("-c", setting)]
        outside = environment({"GIT_DIR": str(self.git_dir), **(env or {})})
        return [*outside, "git", *OPTIONS, *extra, *argv]

    def _finish(self, words: list[str], stdin: bytes) -> Result:
        return finish(self._git, words, stdin)


def finish(git: Git, words: list[str], stdin: bytes = b"") -> Result:
    """Run the words to their end."""
    with _input(stdin) as source:
        try:
            code, out, err = git.execute(
                words,
                istream=source,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        except GitCommandNotFound as error:
            raise Misconfigured("git was not found on PATH: install git") from error
    return Result(code, out, _text(err))


@contextmanager
def _input(data: bytes) -> Iterator[BinaryIO | None]:
    """A file that holds the data: git reads it at its own pace, so neither side can block the other."""
    if not data:
        yield None
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield cast("BinaryIO", file)


def _end(process: Popen[bytes] | None) -> None:
    """Whatever was left unread is not wanted any more."""
    if process is None:
        return
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    process.kill()
    process.wait()


def _text(err: str | bytes) -> str:
    """GitPython leaves stderr as bytes where its annotation says text."""
    return err if isinstance(err, str) else err.decode("utf-8", "replace")


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no message"
