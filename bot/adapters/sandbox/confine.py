"""Runs as a process of its own: confines itself by Landlock and a system call filter, then becomes the program.

Started as `python -I -S confine.py PLAN GATE STATUS NOTICES` (open handles; the last is -1 where nobody listens) by
bot.adapters.sandbox.landlock, so it imports nothing of this house. It stays as the parent of all that the program
starts, and ends them all.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from _socket import SCM_RIGHTS, SOL_SOCKET, socket
from typing import Any

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 1, 22, 38, 36
SECCOMP_MODE_FILTER, SECCOMP_SET_MODE_FILTER = 2, 1
NEW_LISTENER, WAIT_KILLABLE = 1 << 3, 1 << 5
"""The second since Linux 5.19: a signal does not make the program ask twice."""
INSTRUCTION = 8
"""Bytes of one BPF instruction."""


class Program(ctypes.Structure):
    """`struct sock_fprog` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def main(plan_handle: int, gate: int, status: int, notices: int) -> int:
    """The program's exit code, 128 + the number of the signal that ended it."""
    with os.fdopen(plan_handle, "rb") as file:
        plan = json.loads(file.read())
    signal.signal(signal.SIGTERM, _stop)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    os.read(gate, 1)
    os.close(gate)
    child = os.fork()
    if child == 0:
        os.set_inheritable(status, False)
        become(plan, status, notices)
    os.close(status)
    if notices >= 0:
        os.close(notices)
    code = await_child(child)
    end_all()
    return code


def _stop(_number: int, _frame: object) -> None:
    end_all()
    os._exit(128 + signal.SIGKILL)


def prctl(option: int, argument: int, pointer: Any = 0) -> None:
    """prctl(2). Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(argument), pointer, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def become(plan: dict[str, Any], status: int, notices: int) -> None:
    """Bind, confine and execute; a failure before the program begins is written to `status`."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        os.chdir(plan["root"])
        for kind, bound in plan["bounds"]:
            resource.setrlimit(kind, (bound, bound))
        landlock(plan)
        if plan["uid"]:
            os.setgroups([plan["walkers"]])
            os.setresgid(plan["uid"], plan["uid"], plan["uid"])
            os.setresuid(plan["uid"], plan["uid"], plan["uid"])
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        if notices >= 0:
            hand_over(listen(bytes.fromhex(plan["told"]), plan["seccomp"]), notices)
        for rules in plan["filters"]:
            filter_calls(bytes.fromhex(rules))
    except Exception as error:  # noqa: BLE001  (told to the launcher)
        os.write(status, f"{type(error).__name__}: {error}".encode()[:500])
        os._exit(125)
    try:
        os.execvpe(plan["argv"][0], plan["argv"], plan["env"])  # noqa: S606  (an argument list, no shell)
    except OSError as error:
        os.write(2, f"{plan['argv'][0]}: {error}\n".encode())
        os._exit(127)


def landlock(plan: dict[str, Any]) -> None:
    """Files by list; no signals and no abstract sockets out of the domain. Raises if the kernel lacks any of it."""
    sys.path.append(plan["library"])
    from sandlock import Sandbox, confine  # noqa: PLC0415  (found by the path above only)

    confine(Sandbox(fs_readable=plan["readable"], fs_writable=plan["writable"]))


def filter_calls(rules: bytes) -> None:
    """Apply a seccomp filter to this process and all its children."""
    buffer = ctypes.create_string_buffer(rules, len(rules))
    program = Program(len(rules) // INSTRUCTION, ctypes.cast(buffer, ctypes.c_void_p).value)
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program))


def listen(rules: bytes, call: int) -> int:
    """Apply a filter to this thread and all its children; what it hands on waits for the returned listener.

    `call` is the number of seccomp(2). Raises OSError.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(rules, len(rules))
    program = Program(len(rules) // INSTRUCTION, ctypes.cast(buffer, ctypes.c_void_p).value)
    for flags in (NEW_LISTENER | WAIT_KILLABLE, NEW_LISTENER):
        handle = int(libc.syscall(call, SECCOMP_SET_MODE_FILTER, flags, ctypes.byref(program)))
        if handle >= 0:
            return handle
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def hand_over(handle: int, notices: int) -> None:
    """Send the listener out, and keep neither it nor the socket."""
    out = socket(fileno=notices)
    out.sendmsg([b"x"], [(SOL_SOCKET, SCM_RIGHTS, handle.to_bytes(4, sys.byteorder))])
    out.close()
    os.close(handle)


def await_child(child: int) -> int:
    """Wait for the program itself, reaping meanwhile what it orphaned."""
    while True:
        pid, result = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(result)
            return code if code >= 0 else 128 - code


def end_all() -> None:
    """Kill every descendant until none is left: orphans come back to this process, so no children is the end."""
    while True:
        for pid in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return


def descendants(top: int) -> list[int]:
    """All processes below `top`, by their parents in /proc."""
    parents = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  (bare start-up)
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123  (bare start-up)
                parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
    found: list[int] = []
    fresh = {top}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh}
        found += fresh
    return found


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:5])))
