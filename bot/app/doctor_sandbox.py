"""`megawatts doctor` on where untrusted code runs: a hosted runner, a pod or a machine; what it forbids; the fix."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.verdict import Status, Verdict

APPARMOR = "proc/sys/kernel/apparmor_restrict_unprivileged_userns"
CLONE = "proc/sys/kernel/unprivileged_userns_clone"
MOST = "proc/sys/user/max_user_namespaces"
ACCOUNT = "var/run/secrets/kubernetes.io"


@dataclass(frozen=True, slots=True)
class Host:
    """What the kernel and the surroundings say. `forbids`: why user namespaces cannot be made, '' if they can."""

    place: str
    """`hosted runner`, `runner`, `pod` or `machine`."""
    forbids: str = ""


def host(root: Path = Path("/"), environment: Mapping[str, str] | None = None, uid: int | None = None) -> Host:
    """Look at this host. As root bubblewrap needs no user namespace, so that nothing forbids it."""
    env = os.environ if environment is None else environment
    return Host(_place(root, env), "" if (os.geteuid() if uid is None else uid) == 0 else _forbids(root))


def _place(root: Path, env: Mapping[str, str]) -> str:
    if env.get("GITHUB_ACTIONS") == "true":
        return "hosted runner" if env.get("RUNNER_ENVIRONMENT") == "github-hosted" else "runner"
    return "pod" if env.get("KUBERNETES_SERVICE_HOST") or (root / ACCOUNT).exists() else "machine"


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
        because = f"{where}: Landlock is used, which cannot boot the bot (stage runtime, V-12); {_fix(found)}"
        return Verdict("sandbox host", Status.INCONCLUSIVE, because)
    why = f" ({lacking})" if lacking else ""
    return Verdict("sandbox host", Status.FAIL, f"{where}: no sandbox works{why}; {_fix(found)}")


def _fix(found: Host) -> str:
    if found.place == "pod":
        return "validate in a pod of its own with `hostUsers: false`, or let GitHub Actions validate"
    if "AppArmor" in found.forbids:
        rule = "an AppArmor rule for bwrap (docs/sandbox.md)"
        return f"add {rule}, or run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` before it"
    if found.forbids:
        return "set that to a number above 0 (sysctl), or validate elsewhere"
    return "install bubblewrap and libseccomp2, or a kernel of 6.12 or newer"


def examine() -> Verdict:
    """This host, with the sandbox that really works on it."""
    from bot.adapters.sandbox import find  # noqa: PLC0415  (tries them)
    from bot.core.errors import Misconfigured  # noqa: PLC0415

    try:
        box = find()
    except Misconfigured as error:
        return advise(host(), "", str(error).partition(": untrusted")[0])
    return advise(host(), box.name)
