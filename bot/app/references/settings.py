"""docs/settings.md: every variable of the environment that this product reads, from the code that reads it."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from bot.app.environment import Secret
from bot.app.references.scan import ROOT, Source, cell, code, named, sources
from bot.app.road_settings import RoadSettings
from bot.app.settings import Settings
from bot.chat import tuning
from bot.core.errors import Misconfigured

WHAT = {
    "GITHUB_EVENT_NAME": "Set by GitHub Actions: what started the workflow",
    "GITHUB_EVENT_PATH": "Set by GitHub Actions: the file that holds that event",
    "GITHUB_REPOSITORY": "Set by GitHub Actions as well as by you: the repository that the event is about",
    "GIT_SSL_CAINFO": "Passed on to git for the forge: authorities to trust in the place of the system's",
    "HOME": "Passed on to the process that makes embeddings",
    "KUBERNETES_SERVICE_HOST": "Set by Kubernetes: whether the bot says that it runs there, never where",
    "LANG": "Passed on to the bot that the deployer starts",
    "LC_ALL": "Passed on to the bot that the deployer starts",
    "LD_LIBRARY_PATH": "Passed on to the processes of embeddings and of the small model",
    "MEGAWATTS_CRASH_AT": "For tests: the named point at which a process kills itself",
    "MEGAWATTS_DEBUG": "When set, as the option `--debug`: errors come with their traceback",
    "MEGAWATTS_DEPLOYED_FROM": "Set by the deployer for the bots that it starts: its folder",
    "MEGAWATTS_ENGINE_LOGIN": "For workflows: login of the engine's App, whose pull requests are read strictly",
    "MEGAWATTS_HOME": "Folder with forge, records, audit log; default `.megawatts`; the option `--home` wins",
    "MEGAWATTS_UNSAFE_NO_SANDBOX": "`1`: where no sandbox works, run unapproved code with all of your rights",
    "MEGAWATTS_WATCH": "Set by the boot check for the bot inside the sandbox: where its watchman writes",
    "NEEDS": "For `ci gate`: the outcomes of the jobs it waits for, as the `needs` context in JSON",
    "PATH": "Where git and other programs are found; passed on",
    "SSL_CERT_DIR": "Passed on to the bot that the deployer starts",
    "SSL_CERT_FILE": "Passed on to the bot that the deployer starts",
    "TZ": "Passed on to the bot that the deployer starts",
    "VIRTUAL_ENV": "Interpreter for a repository that has no `.venv` of its own",
}
"""What each variable does that is no setting; one that is read and not described here is an error."""
WHOLE = {
    "bot/app/ci/reports.py": "writes to the files that a workflow's runner names",
    "bot/app/doctor_sandbox.py": "looks for the marks of a hosted runner and of a pod",
    "bot/app/wiring.py": "takes the road's settings out, so that no program started later has their secrets",
    "bot/app/watch_doors.py": "takes them out for the watcher",
    "bot/app/author_wiring.py": "hands the providers' settings to the process that asks models",
    "bot/app/environment.py": "reads the settings by name",
    "bot/app/demo/processes.py": "starts the demo's own processes with the caller's environment",
}
"""Modules that may take the environment as a whole, and why."""
_READERS = frozenset({"get", "pop", "setdefault"})


def settings(root: Path = ROOT) -> str:
    """The page. Raises Misconfigured for a variable that is read but not described, or described and never read."""
    found = variables(root)
    odd = sorted(set(found) ^ set(WHAT))
    if odd:
        raise Misconfigured(f"{odd[0]} is read and not described, or described and not read: mend WHAT in {__name__}")
    rows, road = _rows(Settings), _rows(RoadSettings)
    others = [f"| {code(name)} | {cell(WHAT[name])} | {', '.join(map(code, found[name]))} |" for name in sorted(found)]
    tuned = [
        f"| {code(p.name)} | {p.min:g} to {p.max:g} | {cell(p.unit)} | {cell(p.what)} |"
        for p in tuning.parameters().values()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "Written by `megawatts docs` from the code that reads them; a test compares the two.",
            "`megawatts config show --origin` says what is in force and where it comes from.",
            "",
            "## Environment",
            "",
            "Names may be in any case; an empty value counts as not set. All wrong values are named at once.",
            "",
            "A secret may lie in a file: `NAME_FILE` is its path, such as `DISCORD_BOT_TOKEN_FILE`. The file holds the",
            "secret and nothing else, white space around it aside. It is refused where others than its owner and",
            "group have rights to it.",
            f"Secrets are {', '.join(map(code, _secrets()))}.",
            "",
            "| name | default | what |",
            "|---|---|---|",
            *rows,
            "",
            "## The road: the controller's alone",
            "",
            "No bot process, author or sandbox is given one of these.",
            "",
            "| name | default | what |",
            "|---|---|---|",
            *road,
            "",
            "## Variables that are no settings",
            "",
            "| name | what | read in |",
            "|---|---|---|",
            *others,
            "",
            "## Tuned parameters",
            "",
            "In `bot/chat/tuning.toml`: the engine may propose another value within the bounds, by pull request.",
            "The values stand there and in `megawatts config show`, so that a tuned value changes one file.",
            "",
            "| name | bounds | unit | what |",
            "|---|---|---|---|",
            *tuned,
            "",
        ]
    )


def _secrets() -> list[str]:
    kinds: tuple[type[Settings] | type[RoadSettings], ...] = (Settings, RoadSettings)
    return [one.name.upper() for kind in kinds for one in fields(kind) if isinstance(one.default, Secret)]


def _rows(kind: type[Settings] | type[RoadSettings]) -> list[str]:
    return [_row(one.name.upper(), _default(one.default), one.metadata["what"]) for one in fields(kind)]


def _row(name: str, default: str, what: str) -> str:
    return f"| {code(name)} | {default} | {cell(what)} |"


def _default(value: object) -> str:
    return "unset" if value in {None, ""} else code(str(value).lower() if isinstance(value, bool) else str(value))


def variables(root: Path = ROOT) -> dict[str, tuple[str, ...]]:
    """Every variable that the product reads, with the modules that read it. Raises Misconfigured where it cannot be
    told which one is read."""
    found: dict[str, list[str]] = {}
    for source in sources(root, ("environ", "getenv")):
        for name in _read(source):
            where = found.setdefault(name, [])
            if source.path not in where:
                where.append(source.path)
    return {name: tuple(where) for name, where in found.items()}


def _read(source: Source) -> Iterator[str]:
    parents = {child: node for node in ast.walk(source.tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr == "getenv":
            raise Misconfigured(f"{source.path}:{node.lineno} uses getenv: use os.environ, so that this page sees it")
        if isinstance(node, ast.Attribute) and node.attr == "environ":
            names = _names(node, parents, source)
            if not names and source.path not in WHOLE:
                raise Misconfigured(f"{source.path}:{node.lineno} reads the environment by a name that is no constant")
            yield from names


def _names(node: ast.expr, parents: dict[ast.AST, ast.AST], source: Source) -> tuple[str, ...]:
    """What `os.environ[X]`, `os.environ.get(X)` or `X in os.environ` asks for."""
    parent = parents[node]
    if isinstance(parent, ast.Subscript):
        return named(parent.slice, source) or _looped(parent.slice, parents, source)
    if isinstance(parent, ast.Compare):
        return named(parent.left, source) or _looped(parent.left, parents, source)
    call = parents.get(parent)
    if isinstance(parent, ast.Attribute) and parent.attr in _READERS and isinstance(call, ast.Call) and call.args:
        return named(call.args[0], source)
    return ()


def _looped(node: ast.AST, parents: dict[ast.AST, ast.AST], source: Source) -> tuple[str, ...]:
    """A name that a comprehension around it takes from a module-level list."""
    wanted, at = node, node
    while at in parents:
        at = parents[at]
        if isinstance(at, ast.ListComp | ast.DictComp | ast.SetComp | ast.GeneratorExp):
            for loop in at.generators:
                if isinstance(wanted, ast.Name) and isinstance(loop.target, ast.Name) and loop.target.id == wanted.id:
                    return named(loop.iter, source)
    return ()
