"""What bubblewrap needs in the controller's pod, on this kernel: the seccomp profile and /proc unmasked, to the letter.

A user namespace with a /proc of its own and the profile loaded stands for the pod that the chart makes.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sandbox import syscalls

pytestmark = [pytest.mark.integration, pytest.mark.sandbox]
ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "deploy" / "seccomp" / "megawatts-sandbox.json"
APPARMOR = ROOT / "deploy" / "apparmor" / "megawatts-sandbox"
NAMESPACES = ("unshare", "mount", "umount2", "pivot_root", "sethostname")
"""What bubblewrap calls and a boxed program never may."""
PYTHON = sys.executable if os.geteuid() else "/usr/bin/python3"
"""As root our own interpreter may lie in root's folder, which nobody inside can walk to."""
POD = """
import json, sys
import pyseccomp
from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.adapters.sandbox.landlock import Landlock
from bot.adapters.sandbox.probe import probe

rules = json.loads(sys.argv[1])
if rules:
    box = pyseccomp.SyscallFilter(defaction=pyseccomp.ERRNO(rules["defaultErrnoRet"]))
    for group in rules["syscalls"]:
        if group.get("errnoRet") == rules["defaultErrnoRet"]:
            continue  # as the rest: the library takes no rule that says it twice
        action = pyseccomp.ALLOW if group["action"] == "SCMP_ACT_ALLOW" else pyseccomp.ERRNO(group["errnoRet"])
        for name in group["names"]:
            number = pyseccomp.resolve_syscall(pyseccomp.system_arch(), name)
            if number >= 0:
                box.add_rule(action, number)
    box.load()
lacking = {}
for kind in (Bubblewrap, Landlock):
    try:
        lacking[kind.__name__] = probe(kind(), sys.argv[2])
    except Exception as error:
        lacking[kind.__name__] = str(error)
print(json.dumps(lacking))
"""
INSIDE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
OWN_PROC = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")


def rules(*without: str) -> Any:
    found = json.loads(PROFILE.read_text())
    for group in found["syscalls"]:
        group["names"] = [name for name in group["names"] if name not in without]
    return found


def lacking(profile: Any, mask: str = "") -> dict[str, str]:
    """What each sandbox lacks in such a pod; '' for one that holds."""
    site = next(path for path in sys.path if path.endswith("site-packages"))
    with tempfile.TemporaryDirectory(prefix="pod-") as folder:
        Path(folder).chmod(0o777)
        env = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "TMPDIR": folder,
            "HOME": folder,
            "PYTHONPATH": f"{ROOT}:{site}",
        }
        asked = [*INSIDE, PYTHON, "-B", "-c", POD, json.dumps(profile), PYTHON]
        masked = ["sh", "-c", f'{mask} exec "$@"', "pod", *asked]
        done = subprocess.run([*OWN_PROC, *masked], env=env, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@cache
def bare() -> str:
    """Why no such pod can be made here; '' if it can."""
    if shutil.which("unshare") is None:
        return "there is no unshare (package util-linux)"
    try:
        return lacking(None)["Bubblewrap"]
    except (AssertionError, OSError, KeyError, ValueError) as error:
        return str(error)[:200]


@pytest.fixture
def pod() -> Any:
    if bare():
        pytest.skip(f"no nested user namespaces here: {bare()}")
    return lacking


def test_bubblewrap_holds_in_a_pod_with_the_profile(pod: Any) -> None:
    assert pod(rules()) == {"Bubblewrap": "", "Landlock": ""}


def test_it_holds_where_an_engine_knows_no_answer_of_its_own_for_the_rest(pod: Any) -> None:
    """Docker 20.10 reads no `defaultErrnoRet` and refuses the rest with EPERM; a thread needs ENOSYS once."""
    older = rules() | {"defaultErrnoRet": 1}
    assert pod(older) == {"Bubblewrap": "", "Landlock": ""}
    older["syscalls"] = [group for group in older["syscalls"] if group["names"] != ["clone3"]]
    assert set(pod(older).values()) == {"can't start new thread"}


@pytest.mark.parametrize("name", NAMESPACES)
def test_without_one_of_its_calls_it_does_not_and_landlock_does(pod: Any, name: str) -> None:
    found = pod(rules(name))
    assert found["Bubblewrap"]
    assert found["Landlock"] == ""


def test_with_proc_masked_it_does_not_and_landlock_does(pod: Any) -> None:
    found = pod(rules(), "mount -t tmpfs none /proc/fs &&")
    assert "proc" in found["Bubblewrap"]
    assert found["Landlock"] == ""


def test_the_profile_allows_what_the_sandbox_needs_and_no_door_of_the_kernel() -> None:
    document = rules()
    allowed, refused, unknown = (set(group["names"]) for group in document["syscalls"])
    actions = [group["action"] for group in document["syscalls"]]
    answers = [group.get("errnoRet") for group in document["syscalls"]]
    assert (document["defaultAction"], document["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 38)
    assert (actions, answers) == (["SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_ERRNO"], [None, 1, 38])
    assert unknown == {"clone3"}, "its arguments cannot be filtered; the C library then calls clone"
    assert set(syscalls.ALLOWED) <= allowed
    assert allowed & set(syscalls.FORBIDDEN) == set(NAMESPACES)
    assert refused == set(syscalls.FORBIDDEN) - set(NAMESPACES)
    assert not allowed & {"clone3", "ptrace", "bpf", "keyctl", "setns", "init_module", "kexec_load", "io_uring_setup"}


def test_the_profile_of_apparmor_is_named_as_its_file_and_denies_the_hosts_switches() -> None:
    text = APPARMOR.read_text()
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    (head,) = [line for line in lines if line.startswith("profile ")]
    assert head.split()[1] == APPARMOR.name
    assert not re.search("unconfined|complain", head)
    assert text.count("{") == text.count("}")
    inside = lines[lines.index(head) + 1 : -1]
    assert [line for line in inside if not line.endswith(",") and not line.startswith("include")] == []
    assert {"userns,", "mount,", "umount,", "pivot_root,"} <= set(inside)
    assert {"deny @{PROC}/sys/** w,", "deny @{PROC}/sysrq-trigger rwklx,", "deny /sys/** w,"} <= set(inside)
