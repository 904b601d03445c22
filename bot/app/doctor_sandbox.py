"""`megawatts doctor` on where untrusted code runs: runner, pod, container or machine; what is forbidden; the fix."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.verdict import Status, Verdict

APPARMOR = "proc/sys/kernel/apparmor_restrict_unprivileged_userns"
CLONE = "proc/sys/kernel/unprivileged_userns_clone"
MOST = "proc/sys/user/max_user_namespaces"
ACCOUNT = "var/run/secrets/kubernetes.io"
MARKS = (".dockerenv", "run/.containerenv")
"""Files that Docker and Podman leave in a container. Source: podman-run(1); Docker's own is documented nowhere."""

STATUS, MOUNTS = "proc/self/status", "proc/self/mountinfo"
USERS, LABEL = "proc/self/uid_map", "proc/self/attr/current"
EVERYBODY = ["0", "0", "4294967295"]
"""The map of the first user namespace. Source: user_namespaces(7)."""
DEPLOY = 'docs/deploy.md, "The controller\'s sandbox"'


@dataclass(frozen=True, slots=True)
class Host:
    """What the kernel and the surroundings say."""

    place: str
    """`hosted runner`, `runner`, `pod`, `container` or `machine`."""
    forbids: str = ""
    """Why user namespaces cannot be made; '' if they can."""
    lacks: tuple[str, ...] = ()
    """What bubblewrap may be lacking: in a pod values of the chart, in a container options of the engine."""


def host(root: Path = Path("/"), environment: Mapping[str, str] | None = None, uid: int | None = None) -> Host:
    """Look at this host. As root bubblewrap needs no user namespace, so that nothing forbids it."""
    env = os.environ if environment is None else environment
    place = _place(root, env)
    forbids = "" if (os.geteuid() if uid is None else uid) == 0 else _forbids(root)
    return Host(place, forbids, tuple(_lacks(root, place)) if place in _WORDS else ())


def _place(root: Path, env: Mapping[str, str]) -> str:
    if env.get("GITHUB_ACTIONS") == "true":
        return "hosted runner" if env.get("RUNNER_ENVIRONMENT") == "github-hosted" else "runner"
    if env.get("KUBERNETES_SERVICE_HOST") or (root / ACCOUNT).exists():
        return "pod"
    return "container" if any((root / mark).exists() for mark in MARKS) else "machine"


_WORDS = {
    "pod": (
        "procMount: Unmasked", "a seccompProfile that lets it make namespaces", "an appArmorProfile that lets it mount",
    ),
    "container": (
        "systempaths=unconfined", "seccomp=deploy/seccomp/megawatts-sandbox.json", "apparmor=megawatts-sandbox",
    ),
}  # fmt: skip
"""What /proc, the filter and AppArmor's label have to become, as the chart and as `--security-opt` say it."""


def _lacks(root: Path, place: str) -> Iterator[str]:
    """Each line that would have to be another one. A filter does not say what it lets through."""
    proc, seccomp, apparmor = _WORDS[place]
    if place == "pod" and _read(root / USERS).split() == EVERYBODY:
        yield "hostUsers: false"
    if any(len(row) > 4 and row[4].startswith("/proc/") for row in map(str.split, _read(root / MOUNTS).splitlines())):
        yield proc
    filters = [row.split()[1:] for row in _read(root / STATUS).splitlines() if row.startswith("Seccomp:")]
    if filters == [["2"]]:
        yield seccomp
    if _read(root / LABEL).endswith("(enforce)"):
        yield apparmor


def _forbids(root: Path) -> str:
    if _read(root / MOST) == "0":
        return "no user namespaces (user.max_user_namespaces is 0)"
    if _read(root / CLONE) == "0":
        return "no user namespaces without root (kernel.unprivileged_userns_clone is 0)"
    if _read(root / APPARMOR) == "1":
        return "user namespaces restricted by AppArmor"
    return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def advise(found: Host, box: str, lacking: str = "") -> Verdict:
    """What the sandbox that was found here can hold. `box`: its name, '' if none works; `lacking`: why not."""
    where = f"this {found.place}" + (f" has {found.forbids}" if found.forbids else "")
    if box == "bubblewrap":
        return Verdict("sandbox host", Status.PASS, f"{where}{'; ' if found.forbids else ': '}bubblewrap holds")
    if box == "landlock":
        because = f"{where}: Landlock holds, and all stages run; bubblewrap would hold more: {_fix(found)}"
        return Verdict("sandbox host", Status.PASS, because)
    why = f" ({lacking})" if lacking else ""
    return Verdict("sandbox host", Status.FAIL, f"{where}: no sandbox works{why}; {_fix(found)}")


def _fix(found: Host) -> str:
    if "AppArmor" in found.forbids:
        rule = "an AppArmor rule for bwrap (docs/sandbox.md)"
        where = "on the node" if found.place == "pod" else "before it"
        return f"add {rule}, or run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` {where}"
    if found.forbids:
        return "set that to a number above 0 (sysctl), or validate elsewhere"
    if found.place == "pod":
        what = f"give the controller {', '.join(found.lacks)}" if found.lacks else "see what the error says"
        return f"{what} ({DEPLOY}), or nodes of Linux 6.12 or newer, or let GitHub Actions validate"
    if found.place == "container" and found.lacks:
        return f"start the controller's image with --security-opt {' and '.join(found.lacks)} ({DEPLOY})"
    return "install bubblewrap and libseccomp2, or a kernel of 6.12 or newer"


def examine() -> Verdict:
    """This host, with the sandbox that really works on it."""
    from bot.adapters.sandbox import find  # noqa: PLC0415  (tries them)
    from bot.core.errors import Misconfigured  # noqa: PLC0415

    try:
        box = find()
    except Misconfigured as error:
        return advise(host(), "", str(error).partition(": untrusted")[0])
    except (RuntimeError, OSError) as error:
        # A filter that refuses more than it should; the other checks still answer.
        return advise(host(), "", f"trying failed: {error}")
    return advise(host(), box.name)
