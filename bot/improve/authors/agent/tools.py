"""The tools of a model that writes: what each takes, and what it answers. A refusal is an answer in words."""

import ast
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.core.errors import Denied
from bot.core.model import ToolSchema
from bot.core.text import plain
from bot.improve.authors.agent import places
from bot.improve.authors.agent.draft import Draft
from bot.improve.authors.agent.finish import Finish, settle
from bot.improve.authors.agent.results import told
from bot.improve.authors.agent.sandboxed import Bench, in_checkout

LINES, CHARACTERS = 200, 7_500
"""Of one answer: the loop around a model cuts off what is longer than 8,000 characters."""
LISTED, HITS, TARGETS = 150, 40, 40
TEXT: Mapping[str, Any] = {"type": "string"}
NUMBER: Mapping[str, Any] = {"type": "integer"}
WORDS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}
TYPES: Mapping[str, type] = {"string": str, "integer": int, "array": list}


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: arguments by name with their JSON schema; those in `optional` may be left out."""

    name: str
    description: str
    takes: Mapping[str, Mapping[str, Any]]
    run: Callable[[Mapping[str, Any]], Awaitable[str]]
    optional: frozenset[str] = frozenset()

    @property
    def schema(self) -> ToolSchema:
        """As a model is told of it."""
        needed = [name for name in self.takes if name not in self.optional]
        shape = {"type": "object", "properties": dict(self.takes), "required": needed, "additionalProperties": False}
        return ToolSchema(self.name, self.description, shape)

    def wrong(self, given: object) -> str:
        """What is wrong with these arguments; empty if nothing is."""
        if not isinstance(given, Mapping):
            return f"{self.name} takes an object of arguments"
        if unknown := [str(name)[:40] for name in given if name not in self.takes]:
            return f"{self.name} has no argument {unknown[0]}; it takes {', '.join(self.takes) or 'none'}"
        if missing := [name for name in self.takes if name not in given and name not in self.optional]:
            return f"{self.name} needs {missing[0]}"
        bad = [name for name, value in given.items() if not _fits(value, self.takes[name])]
        return f"{bad[0]} of {self.name} must be {self.takes[bad[0]]['type']}" if bad else ""


def _fits(value: object, schema: Mapping[str, Any]) -> bool:
    if not isinstance(value, TYPES[schema["type"]]) or isinstance(value, bool):
        return False
    return not isinstance(value, list) or all(isinstance(one, str) for one in value)


class Tools:
    """The tools over one draft. `left` says how many seconds the attempt has."""

    def __init__(self, draft: Draft, bench: Bench, finish: Finish, left: Callable[[], float]) -> None:
        self._draft, self._bench, self._finish, self._left = draft, bench, finish, left
        self._tested = True
        """Whether tests ran since the last edit; before the first edit there is nothing to test."""
        self._warned = False

    def all(self) -> tuple[Tool, ...]:
        """Every tool, in the order in which a model sees them."""
        path, where = {"path": TEXT}, "Path from the root of the repository."
        whole = "The whole new text of the file."
        return (
            Tool(
                "list_files",
                f"Files below a folder. {where} Empty: all.",
                {"folder": TEXT},
                self._list,
                _some("folder"),
            ),
            Tool(
                "read",
                f"Lines of a file, each with its number and a tab before it. {where} At most {LINES} lines at once.",
                {**path, "start": NUMBER, "end": NUMBER},
                self._read,
                _some("start", "end"),
            ),
            Tool(
                "search",
                "Lines that match a regular expression (Python's), in files below a folder or in one file.",
                {"pattern": TEXT, "folder": TEXT},
                self._search,
                _some("folder"),
            ),
            Tool(
                "edit",
                "Replace text that stands exactly once in a file, given without line numbers.",
                {**path, "old": TEXT, "new": TEXT},
                self._edit,
            ),
            Tool("create", f"Write a new file. {whole}", {**path, "text": TEXT}, self._create),
            Tool("write", f"Replace all of a file that exists. {whole}", {**path, "text": TEXT}, self._write),
            Tool("delete", "Delete a file.", path, self._delete),
            Tool(
                "run_tests",
                "Run tests of the changed tree: files, or test ids such as tests/test_x.py::test_y. Empty: all tests.",
                {"targets": WORDS},
                self._run_tests,
                _some("targets"),
            ),
            Tool("check", "Run ruff and mypy over the changed files.", {}, self._check),
            Tool(
                "finish",
                "Hand the change in, once tests and checks are good. The kind is the request's unless it was a wish.",
                {"summary": TEXT, "kind": TEXT, "claim": TEXT},
                self._hand_in,
                _some("kind", "claim"),
            ),
        )

    async def _list(self, given: Mapping[str, Any]) -> str:
        found = self._draft.names(_folder(given))
        more = f"\n… {len(found) - LISTED} more: name a folder" if len(found) > LISTED else ""
        return "\n".join(map(str, found[:LISTED])) + more if found else "no files there"

    async def _read(self, given: Mapping[str, Any]) -> str:
        path = places.named(given["path"])
        lines = self._draft.text(path).splitlines()
        start = max(1, given.get("start", 1))
        end = min(len(lines), given.get("end", len(lines)), start + LINES - 1)
        shown = "\n".join(f"{number}\t{lines[number - 1]}" for number in range(start, end + 1))
        return clip(f"{path}, lines {start} to {end} of {len(lines)}:\n{shown}" if shown else f"{path}: no such lines")

    async def _search(self, given: Mapping[str, Any]) -> str:
        try:
            re.compile(given["pattern"][:1000])
        except (re.error, RecursionError, OverflowError) as error:
            raise Denied(f"the pattern is no regular expression: {error}") from None
        names = self._draft.names(_folder(given))
        rows = await self._bench.search(self._draft, given["pattern"][:1000], names, HITS)
        more = f"\n… the first {HITS} only" if len(rows) == HITS else ""
        return clip("\n".join(rows) + more) if rows else f"nothing matches in {len(names)} files"

    async def _edit(self, given: Mapping[str, Any]) -> str:
        self._draft.edit(path := places.named(given["path"]), given["old"], given["new"])
        return self._edited(path)

    async def _create(self, given: Mapping[str, Any]) -> str:
        self._draft.create(path := places.named(given["path"]), given["text"])
        return self._edited(path)

    async def _write(self, given: Mapping[str, Any]) -> str:
        self._draft.write(path := places.named(given["path"]), given["text"])
        return self._edited(path)

    async def _delete(self, given: Mapping[str, Any]) -> str:
        self._draft.delete(path := places.named(given["path"]))
        self._tested = False
        return f"{path} is deleted"

    def _edited(self, path: PurePosixPath) -> str:
        self._tested = False
        if path.suffix != ".py":
            return f"{path} is written"
        try:
            ast.parse(self._draft.text(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return f"{path} is written, but it does not parse: {error}"
        return f"{path} is written"

    async def _run_tests(self, given: Mapping[str, Any]) -> str:
        targets = given.get("targets", [])[:TARGETS]
        for target in targets:
            path = places.named(target.partition("::")[0])
            if path not in self._draft.names(path):
                raise Denied(f"there is no test file {path}")
        if len({"::" in target for target in targets}) > 1:
            raise Denied("give files or test ids, not both at once")
        run = await self._bench.tests(self._draft, targets, self._left())
        self._tested = not run.timed_out and bool(run.tests)
        return clip(told(in_checkout(run, str(self._bench.scratch))))

    async def _check(self, _given: Mapping[str, Any]) -> str:
        said = await self._bench.check(self._draft)
        if not said:
            return "no Python file is changed"
        return clip("\n".join(f"{name}: {text or 'nothing to say'}" for name, text in said.items()))

    async def _hand_in(self, given: Mapping[str, Any]) -> str:
        changed = self._draft.changed()
        if not changed:
            raise Denied("nothing is changed yet")
        if not self._tested and self._bench.profile.runner is not None and not self._warned:
            self._warned = True
            raise Denied("no tests ran since the last change: call run_tests first, then finish")
        settle(self._finish, given, changed, self._bench.profile)
        return "handed in; you are done"


def _folder(given: Mapping[str, Any]) -> PurePosixPath:
    text = given.get("folder", "")
    return PurePosixPath() if text in {"", ".", "./"} else places.named(text)


def _some(*names: str) -> frozenset[str]:
    return frozenset(names)


def clip(text: str) -> str:
    """Text for a model: no unseen characters, and no more than it should read at once."""
    clean = plain(text)
    rest = len(clean) - CHARACTERS
    return clean if rest <= 0 else f"{clean[:CHARACTERS]}\n… {rest} more characters"
