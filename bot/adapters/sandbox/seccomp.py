"""The system calls a boxed program may make, compiled once per process to a BPF program."""

import errno
import functools
import importlib
import os
from collections.abc import Iterable
from typing import Any

from bot.adapters.sandbox import syscalls
from bot.core.errors import Misconfigured

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
SOCK_STREAM, SOCK_TYPE = 1, 0xF
"""A datagram pair could still send to another name, a stream pair cannot."""
SET_ID_BITS = 0o6000
NEW_NAMESPACES = 0x7E020080
"""CLONE_NEW{TIME,NS,CGROUP,UTS,IPC,USER,PID,NET}."""
TIOCSTI, TIOCLINUX, TIOCSETD = 0x5412, 0x541C, 0x5423


@functools.cache
def programs(*, namespaces: bool = True) -> tuple[bytes, bytes]:
    """Two filters as bytes for `seccomp(2)`; the kernel takes the stricter answer.

    Three answers: a listed call is allowed; a forbidden one is refused with EPERM, so that the program
    sees a refusal; whatever is unknown (a later kernel's call) does not exist (ENOSYS), which is what
    libraries expect of an older kernel and fall back from. Calls of another architecture kill.
    Without namespaces of its own the program gets no sockets and no shared memory, and touches neither
    other processes' settings nor the modes and owners of files.
    """
    lib = _library()
    return (_calls(lib) if namespaces else _fewer_calls(lib)), _terminals(lib)


def _calls(lib: Any) -> bytes:
    rules = _listed(lib, frozenset())
    _sockets(lib, rules, lib.ERRNO(errno.EPERM))
    _modes(lib, rules, lib.ERRNO(errno.EPERM))
    return _export(rules)


def _fewer_calls(lib: Any) -> bytes:
    refuse = lib.ERRNO(errno.EPERM)
    gone = frozenset(" ".join((syscalls.MODES, syscalls.REACH, syscalls.SHARED)).split())
    rules = _listed(lib, gone | {name for name, _ in syscalls.OTHERS})
    for name in (*gone, "socket"):
        _add(rules, refuse, name)
    for name, position in syscalls.OTHERS:
        _add(rules, lib.ALLOW, name, lib.Arg(position, lib.EQ, 0))
        _add(rules, refuse, name, lib.Arg(position, lib.NE, 0))
    stream = (lib.Arg(0, lib.EQ, AF_UNIX), lib.Arg(1, lib.MASKED_EQ, SOCK_TYPE, SOCK_STREAM))
    _add(rules, lib.ALLOW, "socketpair", *stream)
    return _export(rules)


def _listed(lib: Any, without: frozenset[str]) -> Any:
    rules = lib.SyscallFilter(defaction=lib.ERRNO(errno.ENOSYS))
    for name in syscalls.ALLOWED:
        if name not in without:
            _add(rules, lib.ALLOW, name)
    for name in syscalls.FORBIDDEN:
        _add(rules, lib.ERRNO(errno.EPERM), name)
    _namespaces(lib, rules, lib.ERRNO(errno.EPERM))
    return rules


def _library() -> Any:
    try:
        return importlib.import_module("pyseccomp")
    except (ImportError, OSError, RuntimeError) as error:
        raise Misconfigured(f"the sandbox needs libseccomp (package libseccomp2): {error}") from error


def _add(rules: Any, action: int, name: str, *conditions: Any) -> None:
    """Add a rule; a name that this architecture or libseccomp does not know stays at the default (ENOSYS)."""
    lib = _library()
    try:
        number = lib.resolve_syscall(lib.system_arch(), name)
    except (OSError, ValueError):
        return
    if isinstance(number, int) and number >= 0:
        rules.add_rule(action, number, *conditions)


def _namespaces(lib: Any, rules: Any, refuse: int) -> None:
    """New processes and threads, but no new namespaces. `clone3` hides its flags behind a pointer: ENOSYS."""
    flags = lib.Arg(0, lib.MASKED_EQ, NEW_NAMESPACES, 0)
    _add(rules, lib.ALLOW, "clone", flags)
    for bit in _bits(NEW_NAMESPACES):
        _add(rules, refuse, "clone", lib.Arg(0, lib.MASKED_EQ, bit, bit))


def _sockets(lib: Any, rules: Any, refuse: int) -> None:
    """Local and internet sockets only (the network namespace is empty): no netlink, packet, vsock, alg, ..."""
    for call in ("socket", "socketpair"):
        for family in (AF_UNIX, AF_INET, AF_INET6):
            _add(rules, lib.ALLOW, call, lib.Arg(0, lib.EQ, family))
        _add(rules, refuse, call, lib.Arg(0, lib.EQ, 0))
        for family in range(3, AF_INET6):
            _add(rules, refuse, call, lib.Arg(0, lib.EQ, family))
        _add(rules, refuse, call, lib.Arg(0, lib.GT, AF_INET6))


def _terminals(lib: Any) -> bytes:
    """No pushing of input into a terminal. The kernel compares 32 bits of the request, so does this.

    A filter of its own, since in one filter a call is either listed whole or by its arguments.
    """
    rules = lib.SyscallFilter(defaction=lib.ALLOW)
    for request in (TIOCSTI, TIOCLINUX, TIOCSETD):
        _add(rules, lib.ERRNO(errno.EPERM), "ioctl", lib.Arg(1, lib.MASKED_EQ, 0xFFFFFFFF, request))
    return _export(rules)


def _modes(lib: Any, rules: Any, refuse: int) -> None:
    """Modes may be changed, but nobody makes a set-user-id or set-group-id file in a shared folder."""
    for call, position in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("fchmodat2", 2)):
        for bit in _bits(SET_ID_BITS):
            _add(rules, refuse, call, lib.Arg(position, lib.MASKED_EQ, bit, bit))
        _add(rules, lib.ALLOW, call, lib.Arg(position, lib.MASKED_EQ, SET_ID_BITS, 0))


def _bits(mask: int) -> Iterable[int]:
    return (1 << i for i in range(32) if mask >> i & 1)


def _export(rules: Any) -> bytes:
    handle = os.memfd_create("seccomp", os.MFD_CLOEXEC)
    with os.fdopen(handle, "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
