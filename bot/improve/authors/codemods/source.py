"""One file as text and as a syntax tree, and edits to it that leave every other byte as it is."""

import ast
import hashlib
import io
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.improve.authors.codemods.scope import Scope, stored_names

Function = ast.FunctionDef | ast.AsyncFunctionDef
Block = list[ast.stmt]
TERMINAL = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, slots=True)
class Edit:
    """One place to rewrite: lines from 1, both ends included, and the pieces of text that change."""

    line: int
    end_line: int
    symbol: str
    """Dotted name of the function around it; empty at module level."""
    was: str
    pieces: tuple[tuple[int, int, str], ...]
    """Byte offsets, start and end, and the new text; in order, without overlap."""
    around: str = ""
    """First line of the statement around it: tells apart what stands twice in one function."""

    @property
    def digest(self) -> str:
        """Identity of the place, whatever its line: 12 hex digits."""
        key = f"{self.symbol}\0{self.around}\0{' '.join(self.was.split())}"
        return hashlib.sha256(key.encode()).hexdigest()[:12]


class Source:
    """A parsed file. Raises ValueError for what is not plain Python with ordinary lines."""

    def __init__(self, text: str) -> None:
        if text.startswith("\ufeff") or "\f" in text or "\r" in text.replace("\r\n", ""):
            raise ValueError("a byte order mark, form feeds or old line ends")
        self.text = text
        self.data = text.encode()
        try:
            self.tree = ast.parse(text)
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise ValueError(f"it does not parse: {type(error).__name__}") from error
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.stored = stored_names(self.tree)
        starts = [0]
        for line in self.data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts
        self._windows: dict[int, list[tuple[ast.AST, Block]]] = {}

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    @cached_property
    def comments(self) -> frozenset[int]:
        """Lines that hold a comment."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return frozenset(t.start[0] for t in tokens if t.type == tokenize.COMMENT)

    @cached_property
    def inner(self) -> frozenset[int]:
        """Lines that begin inside of a string: their indentation is data."""
        texts = (n for n in self.nodes if isinstance(n, ast.JoinedStr | ast.Constant))
        spans = ((n.lineno, n.end_lineno or n.lineno) for n in texts if isinstance(n, ast.JoinedStr) or _text(n))
        return frozenset(line for first, last in spans for line in range(first + 1, last + 1))

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Byte offset at which a node starts; decorators are left out."""
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        return self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def line_start(self, line: int) -> int:
        return self._starts[line - 1]

    def code(self, node: ast.expr | ast.stmt) -> str:
        """A node's text as it stands, without parentheses around it."""
        return self.data[self.start(node) : self.end(node)].decode()

    def lines(self, first: int, last: int) -> list[str]:
        """Lines of text with their ends."""
        return self.data[self._starts[first - 1] : self._starts[last]].decode().splitlines(keepends=True)

    def indent(self, stmt: ast.stmt) -> str:
        return self.data[self._starts[stmt.lineno - 1] : self.start(stmt)].decode()

    def commented(self, first: int, last: int) -> bool:
        return any(first <= line <= last for line in self.comments)

    def alone(self, *stmts: ast.stmt) -> bool:
        """Whether each statement has its lines for itself, comments at their ends left aside."""
        return all(self._alone(stmt) for stmt in stmts)

    def _alone(self, stmt: ast.stmt) -> bool:
        after = self.data[self.end(stmt) : self._starts[stmt.end_lineno or stmt.lineno]].strip()
        return not self.indent(stmt).strip() and (not after or after.startswith(b"#"))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, outer ones first."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def blocks(self) -> tuple[tuple[ast.AST, Block], ...]:
        """Every list of statements with its owner, outer ones first."""
        found: list[tuple[ast.AST, Block]] = []
        for node in self.nodes:
            lists = [getattr(node, field, None) for field in ("body", "orelse", "finalbody")]
            found += [(node, block) for block in lists if isinstance(block, list) and block]
        return tuple(found)

    def windows(self, size: int) -> Sequence[tuple[ast.AST, Block]]:
        """Runs of neighbouring statements, each on lines of its own."""
        if size not in self._windows:
            every = ((o, b[at : at + size]) for o, b in self.blocks for at in range(len(b) - size + 1))
            self._windows[size] = [(owner, window) for owner, window in every if self.alone(*window)]
        return self._windows[size]

    def function(self, node: ast.AST) -> Function | None:
        """The function that a node runs in; None at module and class level, and in lambdas."""
        around = self.parents.get(node)
        while around is not None and not isinstance(around, Function | ast.ClassDef | ast.Lambda):
            around = self.parents.get(around)
        return around if isinstance(around, Function) else None

    def scope(self, node: ast.AST) -> Scope | None:
        """What is known of the names of the function around a node; None outside of functions."""
        function = self.function(node)
        return Scope(function, self.parents) if function is not None else None

    def in_text(self, node: ast.AST) -> bool:
        """Whether a node stands in an f-string: before Python 3.12 its place is not known there."""
        around = self.parents.get(node)
        while around is not None and not isinstance(around, ast.JoinedStr):
            around = self.parents.get(around)
        return around is not None

    def symbol(self, node: ast.AST) -> str:
        names: list[str] = []
        around: ast.AST | None = node
        while around is not None:
            if isinstance(around, Function | ast.ClassDef):
                names.append(around.name)
            around = self.parents.get(around)
        return ".".join(reversed(names))

    def builtin(self, *names: str) -> bool:
        """Whether these names mean Python's own: nothing in the file binds them, and there is no star import."""
        return self.stored.isdisjoint((*names, "*"))

    def replace(self, window: Sequence[ast.stmt], *new: str) -> Edit | None:
        """The window's statements replaced by these lines, indented as they are. None if a comment would go, or
        where the indentation of a line is data."""
        first, last = window[0], window[-1]
        end_line = last.end_lineno or last.lineno
        kept = self.inner.isdisjoint(range(first.lineno, end_line + 1)) and self.alone(*window)
        if not kept or self.commented(first.lineno, end_line):
            return None
        text = (self.newline + self.indent(first)).join(new)
        return self.edit(first, (self.start(first), self.end(last), text), end_line=end_line)

    def edit(self, at: ast.stmt | ast.expr, *pieces: tuple[int, int, str], end_line: int = 0) -> Edit:
        """An edit of these pieces, named by the place of `at`."""
        last = end_line or at.end_lineno or at.lineno
        was = self.data[self.start(at) : self._starts[last]].decode()
        return Edit(at.lineno, last, self.symbol(at), was, pieces, self._around(at))

    def _around(self, node: ast.AST) -> str:
        """The first line of the statement around a node."""
        around = self.parents.get(node)
        while around is not None and not isinstance(around, ast.stmt):
            around = self.parents.get(around)
        return self.lines(around.lineno, around.lineno)[0].strip() if around is not None else ""

    def apply(self, edit: Edit) -> str:
        """The file with this edit made."""
        data = self.data
        for start, end, text in sorted(edit.pieces, reverse=True):
            data = data[:start] + text.encode() + data[end:]
        return data.decode()


def _text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
