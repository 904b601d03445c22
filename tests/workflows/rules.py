"""What each of our workflows must hold, beside what linters know. Each rule names what breaks it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

STRANGERS = {"pull_request", "merge_group"}
"""Events whose code nobody has looked at yet."""
TRIGGERS = {*STRANGERS, "push", "schedule", "workflow_dispatch", "workflow_call"}
RIGHTS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("image", "build"): {"contents": "read", "packages": "write"},
    ("image", "scan"): {"packages": "read"},
    ("image", "sign"): {"packages": "write", "id-token": "write", "attestations": "write"},
    ("image", "promote"): {"contents": "read", "packages": "read"},
    ("promote", "promote"): {"contents": "read", "packages": "read"},
    ("release", "release"): {"contents": "write"},
    ("red-team", "report"): {"contents": "read", "statuses": "write"},
}
"""Rights of a job; any other may read the tree and nothing else."""
LEAST: Mapping[str, str] = {"contents": "read"}
SECRETS = {("image", "PROMOTER_PRIVATE_KEY"), ("promote", "PROMOTER_PRIVATE_KEY")}
_USES = re.compile(r"\buses: *(?P<used>\S+)(?: *#(?P<note>.*))?")
_PIN = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


def loaded(text: str) -> dict[str, Any]:
    """The workflow; YAML 1.1 takes the key `on` for a truth value."""
    found = yaml.load(text, yaml.CSafeLoader)
    found["on"] = found.pop(True, found.get("on"))
    return dict(found)


def broken(name: str, text: str) -> list[str]:
    """The rules that this workflow breaks."""
    flow = loaded(text)
    return [
        *_triggers(flow),
        *_rights(name, flow),
        *_jobs(flow),
        *_scripts(flow),
        *_actions(text, flow),
        *_kept(name, text),
    ]


def events(flow: Mapping[str, Any]) -> set[str]:
    told = flow["on"]
    return {told} if isinstance(told, str) else set(told)


def steps(flow: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for job in flow["jobs"].values():
        yield from job.get("steps", ())


def _triggers(flow: Mapping[str, Any]) -> Iterator[str]:
    for event in sorted(events(flow) - TRIGGERS):
        yield f"trigger: {event}"


def _rights(name: str, flow: Mapping[str, Any]) -> Iterator[str]:
    if flow.get("permissions") != {}:
        yield "permissions: the workflow gives rights to all of its jobs"
    for job, told in flow["jobs"].items():
        allowed = LEAST if events(flow) & STRANGERS else RIGHTS.get((name, job), LEAST)
        found = told.get("permissions")
        if not isinstance(found, dict) or any(allowed.get(one) != right for one, right in found.items()):
            yield f"permissions: {job} has {found}"


def _jobs(flow: Mapping[str, Any]) -> Iterator[str]:
    concurrency = flow.get("concurrency") or {}
    if not concurrency.get("group"):
        yield "concurrency: no group"
    if not events(flow) & STRANGERS and concurrency.get("cancel-in-progress") is not False:
        yield "concurrency: what publishes is cut off half-way"
    for job, told in flow["jobs"].items():
        if "uses" not in told and not isinstance(told.get("timeout-minutes"), int):
            yield f"timeout: {job} has none"


def _scripts(flow: Mapping[str, Any]) -> Iterator[str]:
    """No expression stands in a script: what it stands for becomes program text."""
    for step in steps(flow):
        if "${{" in str(step.get("run", "")):
            yield f"script: {step['run'].strip()[:60]}"
        if step.get("continue-on-error"):
            yield "script: a failure is let pass"


def _actions(text: str, flow: Mapping[str, Any]) -> Iterator[str]:
    for found in _USES.finditer(text):
        used, note = found["used"], found["note"] or ""
        if not used.startswith("./") and not (_PIN.fullmatch(used) and re.fullmatch(r" v\d+\.\d+\.\d+", note)):
            yield f"pin: {used}"
    for step in steps(flow):
        told = step.get("with") or {}
        if str(step.get("uses", "")).startswith("actions/checkout@") and told.get("persist-credentials") is not False:
            yield "checkout: leaves the token in git's configuration"


def _kept(name: str, text: str) -> Iterator[str]:
    """Nothing goes from one run to another, and secrets only where they are needed."""
    code = "\n".join(line.split(" #")[0] for line in text.splitlines() if not line.lstrip().startswith("#"))
    for word in sorted(set(re.findall(r"actions/cache[\w/-]*|cache-(?:from|to)|\bcache:|setup-\w+@", code))):
        yield f"cache: {word}"
    for secret in sorted(set(re.findall(r"secrets\.(\w+)", code)) | set(re.findall(r"secrets: *(inherit)", code))):
        if (name, secret) not in SECRETS:
            yield f"secret: {secret}"
    if events(loaded(text)) & STRANGERS and re.search(r"github\.token|GITHUB_TOKEN", code):
        yield "secret: a token beside code that nobody has looked at"
