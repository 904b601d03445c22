"""The shape of the Falco rules: every name is known, every rule looks at our pods only, every output says where."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.dockerfile import effective, parse

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
ITEMS: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy" / "falco" / "megawatts_rules.yaml").read_text())
RULES = {one["rule"]: one for one in ITEMS if "rule" in one}
MACROS = {one["macro"]: one["condition"] for one in ITEMS if "macro" in one}
LISTS = {one["list"]: one["items"] for one in ITEMS if "list" in one}
FIELDS = {
    "container.image.repository", "evt.is_open_write", "evt.rawres", "evt.type", "fd.name", "fd.net", "fd.num",
    "fd.sip", "fd.sport", "fd.typechar", "k8s.ns.name", "k8s.pod.name", "proc.cmdline", "proc.exepath", "proc.name",
    "proc.pname", "proc.tty", "user.uid",
}  # fmt: skip
"""Source: Falco, supported fields for conditions and outputs."""
WORDS = {"and", "or", "not", "in", "startswith", "endswith", "contains", "glob", "exists", "true", "false"}
KEYS = {
    "rule": {"rule", "desc", "condition", "output", "priority", "tags"},
    "macro": {"macro", "condition"},
    "list": {"list", "items"},
    "required_engine_version": {"required_engine_version"},
}
SYSCALLS = {
    "bpf", "connect", "execve", "execveat", "mount", "open", "openat", "openat2", "ptrace", "sendmsg", "sendto",
    "setns", "umount2", "unshare",
}  # fmt: skip


def problems(condition: str) -> list[str]:
    """What in a condition is not known: parentheses, fields, macros, lists, words."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", condition)
    found = [] if bare.count("(") == bare.count(")") else ["parentheses"]
    values = " ".join(re.findall(r"\bin \(([^()]*)\)", bare))
    for word in re.findall(r"[a-z_][\w.-]*(?:\[[^\]]*\])?", re.sub(r"(?:/|\b\d)[\w./-]*", " ", bare)):
        listed = re.search(rf"\b{re.escape(word)}\b", values) is not None
        known = FIELDS | MACROS.keys() | LISTS.keys() | WORDS | {"megawatts-bot", "megawatts-controller"}
        if word not in known and not (listed and word in SYSCALLS | {"f"}):
            found.append(word)
    return found


def spread(condition: str) -> str:
    """The condition with every macro replaced by what it stands for."""
    for _ in range(5):
        condition = re.sub(r"\bmegawatts_\w+", lambda m: MACROS.get(m[0], m[0]), condition)
    return condition


def test_every_item_has_the_keys_of_its_kind() -> None:
    for item in ITEMS:
        (kind,) = KEYS.keys() & item.keys()
        assert item.keys() == KEYS[kind], item
    assert len(RULES) + len(MACROS) + len(LISTS) == len(ITEMS) - 1, "a name that stands twice replaces the first"


@pytest.mark.parametrize("name", [*RULES, *MACROS])
def test_a_condition_names_only_what_there_is(name: str) -> None:
    condition = RULES[name]["condition"] if name in RULES else MACROS[name]
    assert problems(condition) == []


@pytest.mark.parametrize("wrong", [
    "megawatts_pods and megawatts_spawned", "megawatts_pod and (proc.nam = x", "megawatts_pod and proc.nme = x",
    "evt.type in (opn)", "megawatts_pod andd megawatts_spawned",
])  # fmt: skip
def test_a_misspelt_condition_is_seen(wrong: str) -> None:
    assert problems(wrong)


@pytest.mark.parametrize("name", list(RULES))
def test_a_rule_looks_at_our_pods_only_and_says_which(name: str) -> None:
    rule = RULES[name]
    assert "k8s.ns.name in (megawatts_namespaces)" in spread(rule["condition"])
    told = set(re.findall(r"%([\w.]+)", rule["output"]))
    assert told <= FIELDS
    assert {"k8s.pod.name", "k8s.ns.name"} <= told
    assert rule["priority"] in {"CRITICAL", "ERROR", "WARNING"}
    assert rule["tags"][0] == "megawatts"
    assert re.search(r" T\d{4}$", " " + rule["tags"][-1])
    assert "environ" not in rule["output"].lower().replace("environment", ""), "an alert must not carry a secret"


def test_every_list_and_macro_is_used() -> None:
    text = " ".join([*(one["condition"] for one in RULES.values()), *MACROS.values()])
    assert [name for name in (*LISTS, *MACROS) if not re.search(rf"\b{name}\b", text)] == []


def test_the_namespaces_and_images_are_those_that_are_deployed() -> None:
    documents = [
        one
        for path in (ROOT / "deploy" / "argocd").glob("*.yaml")
        for one in yaml.safe_load_all(path.read_text())
        if one["kind"] == "Namespace"
    ]
    assert {one["metadata"]["name"] for one in documents} == set(LISTS["megawatts_namespaces"])
    values = yaml.safe_load((ROOT / "charts" / "megawatts" / "values.yaml").read_text())
    for part in ("bot", "controller"):
        name = values[part]["image"]["repository"].rpartition("/")[2]
        assert MACROS[f"megawatts_{part}"].endswith(f"endswith {name})")


def test_what_the_image_starts_is_no_alarm() -> None:
    stages = parse((ROOT / "deploy" / "docker" / "Dockerfile").read_text())
    (entry,) = effective(stages, "bot", "ENTRYPOINT")
    assert entry.startswith('["/opt/megawatts/.venv/bin/')
    assert "proc.exepath startswith /opt/megawatts/.venv/bin/" in MACROS["megawatts_own_program"]


def test_ports_of_the_bots_network_policy_are_known() -> None:
    for name in ("staging", "production"):
        values = yaml.safe_load((ROOT / "deploy" / "environments" / name / "bot.yaml").read_text())
        ports = {one["port"] for one in values["networkPolicy"]["botEgress"]}
        assert ports | {53, 443} <= set(LISTS["megawatts_bot_ports"])
