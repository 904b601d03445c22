"""What a repository needs beside its branch rules: labels, environments, and names of secrets and variables."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.core.change import Kind
from bot.core.charter import Charter


class Action(StrEnum):
    """What a setup would do about one thing."""

    CREATE = "create"
    UPDATE = "update"
    SAME = "same"
    KEEP = "keep"
    LATER = "later"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the table that a dry run shows."""

    area: str
    name: str
    action: Action
    because: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A label of pull requests and issues. `colour`: six hex digits."""

    name: str
    colour: str
    what: str


LABELS = (
    Label("megawatts", "5319e7", "Made by the engine"),
    Label("revert", "b60205", "Takes a merge back"),
    Label("security", "d93f0b", "Is not reverted without a person"),
    Label("model-made", "c5def5", "Written by a language model"),
    *(Label(kind.value, "bfd4f2", f"A change of kind {kind.value}") for kind in Kind if kind is not Kind.REVERT),
)
"""Labels that the loop reads or sets. Those that name an author or a rule are made when they are first used."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of GitHub Actions; only these branches and tags may use it."""

    name: str
    branches: tuple[str, ...]
    tags: tuple[str, ...]
    what: str


def environments(charter: Charter, named: Iterable[str]) -> tuple[Environment, ...]:
    """An environment for each that the workflows name: from the base branch, and from versions where it releases."""
    found = []
    for name in sorted(set(named)):
        tags = ("v*",) if "release" in name else ()
        found.append(Environment(name, (charter.base_branch,), tags, "secrets of it are out of a pull request's reach"))
    return tuple(found)


_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_NAMED = re.compile(r"\b(secrets|vars)\.([A-Za-z_][A-Za-z0-9_]*)")
_ENVIRONMENT = re.compile(r"^\s+environment:\s*(?:\n\s+name:\s*)?([A-Za-z0-9_-]+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Named:
    """What workflows ask a repository for, by name; never a value."""

    secrets: frozenset[str]
    variables: frozenset[str]
    environments: frozenset[str]


def named(workflows: Mapping[str, str]) -> Named:
    """What these workflows (text by path) name. GitHub itself gives GITHUB_TOKEN."""
    inside = (words for text in workflows.values() for words in _EXPRESSION.findall(text))
    pairs = {pair for words in inside for pair in _NAMED.findall(words)}
    secrets = {name for kind, name in pairs if kind == "secrets"} - {"GITHUB_TOKEN"}
    places = {name for text in workflows.values() for name in _ENVIRONMENT.findall(text)}
    variables = {name for kind, name in pairs if kind == "vars"}
    return Named(frozenset(secrets), frozenset(variables), frozenset(places))


_JOB = re.compile(r"^  ([A-Za-z0-9_-]+):\s*(?:#.*)?$")
_JOB_NAME = re.compile(r"^    name:\s*(.+?)\s*$")


def jobs(workflows: Mapping[str, str]) -> frozenset[str]:
    """Names under which the jobs of these workflows report: their `name`, else their key."""
    found: set[str] = set()
    for path, text in workflows.items():
        if path.startswith(".github/workflows/"):
            found |= set(_jobs(text.splitlines()).values())
    return frozenset(found)


def _jobs(lines: Iterable[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    inside, key = False, ""
    for line in lines:
        if line and not line[0].isspace() and not line.startswith("#"):
            inside = line.startswith("jobs:")
        elif inside and (job := _JOB.match(line)):
            key = job[1]
            names[key] = key
        elif inside and key and (named := _JOB_NAME.match(line)):
            names[key] = named[1].strip("\"'")
    return names
