"""Security: what a workflow may not do: secrets beside a stranger's code, moving actions, event text in scripts."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.improve.doors import Gate
from bot.improve.stages._problems import Problem
from bot.improve.stages._source import text

FOLDERS = (PurePosixPath(".github"), PurePosixPath(".gitea"), PurePosixPath(".forgejo"))
USES = re.compile(r"^\s*-?\s*uses:\s*['\"]?([^'\"\s#]+)")
PINNED = re.compile(r"@[0-9a-f]{40}$|@sha256:[0-9a-f]{64}$")
EVENT = re.compile(r"\$\{\{[^}]*(?:github\.event\b|github\.head_ref|inputs\.|github\.ref_name)[^}]*\}\}")
SAFE_EVENT = re.compile(
    r"github\.event(?:_name|\.(?:number|pull_request\.(?:number|head\.sha|base\.sha)|action|after|before))\b"
)
SCRIPT = re.compile(r"^(\s*)(?:-\s+)?(?:run|script)\s*:\s*(.*)$")


def workflows(gate: Gate) -> Iterator[Problem]:
    """Rules that head's workflows break and base's did not."""
    for change in gate.changes:
        if change.action == "delete" or not _is_workflow(change.path):
            continue
        known = {message for _, _, message in broken(text(gate.base, change.old_path) or "")}
        for rule, line, message in broken(text(gate.head, change.path) or ""):
            if message not in known:
                yield Problem(rule, change.path, line, message)


def _is_workflow(path: PurePosixPath) -> bool:
    return path.suffix in {".yml", ".yaml"} and any(folder in path.parents for folder in FOLDERS)


def broken(content: str) -> Iterator[tuple[str, int, str]]:
    """Every broken rule of one workflow, read line by line: a file that is no YAML breaks no fewer."""
    inside = -1
    for number, line in enumerate(content.split("\n"), start=1):
        code = line.split(" #")[0]
        if re.search(r"\b(?:pull_request_target|workflow_run)\b", code) and not code.lstrip().startswith("#"):
            yield "workflow-trigger", number, "runs a stranger's change with the repository's secrets: " + code.strip()
        if (used := USES.match(code)) and not used[1].startswith("./") and not PINNED.search(used[1]):
            yield "workflow-pin", number, f"the action {used[1]} is not pinned to a commit"
        if re.match(r"\s*permissions\s*:\s*write-all", code):
            yield "workflow-permissions", number, "asks for every permission"
        indent = len(line) - len(line.lstrip())
        if inside >= 0 and line.strip() and indent <= inside:
            inside = -1
        script = SCRIPT.match(line)
        if script:
            inside = len(script[1])
        if (script or inside >= 0) and any(not SAFE_EVENT.search(found) for found in EVENT.findall(line)):
            yield "workflow-injection", number, f"text of an event becomes part of a script: {line.strip()[:80]}"
