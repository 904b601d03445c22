"""Writes a test as a person would: named after the behaviour, one call, one literal."""

import ast
import builtins
import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.improve.authors.mutant_tests_search import Witness
from bot.improve.inputs.values import show

WORDS = {
    "0": "zero", "1": "one", "-1": "minus_one", "''": "empty_text", "b''": "no_bytes", "[]": "empty_list",
    "()": "empty_tuple", "{}": "empty_dict", "set()": "empty_set", "frozenset()": "empty_set", "None": "none",
    "True": "true", "False": "false", "0.0": "zero", "1.0": "one", "' '": "a_blank",
}  # fmt: skip
LONGEST_NAME = 72
LONGEST_WORD = 24


@dataclass(frozen=True, slots=True)
class Style:
    """How the repository writes its tests."""

    unittest: bool = False
    typed: bool = False


def name_of(function: str, params: Sequence[str], witness: Witness) -> str:
    """`test_percent_of_zero_total_is_zero`: the arguments where they are few and short, then the outcome."""
    plain = function.strip("_")
    given = _given(params, [_source(value) for value in witness.call.args])
    outcome = f"raises_{_snake(witness.raises)}" if witness.raises else _outcome(witness.source)
    for parts in ((plain, given, outcome), (plain, outcome), (plain, given), (plain, "example")):
        name = "_".join(part for part in ("test", *parts) if part)
        if all(parts) and len(name) <= LONGEST_NAME and name.isidentifier():
            return name
    return f"test_{plain}_example"


def _given(params: Sequence[str], values: Sequence[str]) -> str:
    words = [_word(value) for value in values]
    if not words or not all(words) or len(words) > 3:
        return ""
    if len(words) == 1:
        return f"of_{words[0]}"
    return "of_" + "_and_".join(f"{param}_{word}" for param, word in zip(params, words, strict=False))


def _outcome(source: str) -> str:
    word = _word(source)
    return f"is_{word}" if word else ""


def _word(source: str) -> str:
    """A value as a word of a name; empty if it has none that helps a reader."""
    if source in WORDS:
        return WORDS[source]
    if re.fullmatch(r"-?\d+(\.\d+)?", source):
        return source.replace("-", "minus_").replace(".", "_point_") if len(source) <= 8 else ""
    member = re.fullmatch(r"\w+\.(\w+)", source)
    if member:
        return member.group(1).lower()
    text = re.fullmatch(r"'([A-Za-z][A-Za-z0-9 _-]*)'", source)
    if text and len(text.group(1)) <= LONGEST_WORD:
        return re.sub(r"[ -]+", "_", text.group(1).strip().lower())
    return ""


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _source(value: object) -> str:
    return show(value)


def statements(function: str, witness: Witness, *, unittest: bool) -> list[str]:
    """The body of the test."""
    call = witness.call.source(function)
    if witness.raises:
        context = f"self.assertRaises({witness.raises})" if unittest else f"pytest.raises({witness.raises})"
        return [f"with {context}:", f"    {call}"]
    if witness.kind == "float" and not float(witness.source).is_integer():
        if unittest:
            return [f"self.assertAlmostEqual({call}, {witness.source})"]
        return [f"assert {call} == pytest.approx({witness.source})"]
    if witness.source in {"None", "True", "False"}:
        if unittest:
            return [f"self.assertIs({call}, {witness.source})"]
        return [f"assert {call} is {witness.source}"]
    return [f"self.assertEqual({call}, {witness.source})" if unittest else f"assert {call} == {witness.source}"]


def imports(module: str, function: str, witnesses: Iterable[Witness], known: Mapping[str, str]) -> dict[str, set[str]]:
    """Names to import by module. `known`: where the product's module has the names that the calls use from."""
    needed: dict[str, set[str]] = {module: {function}}
    for witness in witnesses:
        for owner, name in witness.needs:
            needed.setdefault(owner, set()).add(name)
        for name in _names(witness.call.source(function)) - {function}:
            needed.setdefault(known.get(name, module), set()).add(name)
    return needed


def _names(source: str) -> set[str]:
    found = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    return {name for name in found if not hasattr(builtins, name) and not keyword.iskeyword(name)}


def origins(text: str) -> dict[str, str]:
    """By name: the module that a file imports it from."""
    return {
        alias.name: node.module
        for node in ast.parse(text).body
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        for alias in node.names
        if alias.asname is None
    }


def compose(subject: str, needed: Mapping[str, Iterable[str]], tests: Mapping[str, Sequence[str]], style: Style) -> str:
    """A whole test file. `tests`: bodies by name; `subject` is what the file is about, for its docstring."""
    bodies = "\n".join(line for body in tests.values() for line in body)
    plain = {"unittest"} if style.unittest else {"pytest"} if "pytest." in bodies else set[str]()
    head = [f'"""Edge cases of {subject} that other tests leave open."""', ""]
    head += [f"import {name}" for name in sorted(plain)] + [""] * bool(plain)
    head += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(needed.items())]
    returns = " -> None" if style.typed else ""
    if not style.unittest:
        blocks = [
            "\n".join([f"def {name}(){returns}:", *(f"    {line}" for line in body)]) for name, body in tests.items()
        ]
        return "\n".join(head) + "\n\n\n" + "\n\n\n".join(blocks) + "\n"
    methods = [
        "\n".join([f"    def {n}(self){returns}:", *(f"        {line}" for line in body)]) for n, body in tests.items()
    ]
    return "\n".join(head) + "\n\n\nclass EdgeCases(unittest.TestCase):\n" + "\n\n".join(methods) + "\n"
