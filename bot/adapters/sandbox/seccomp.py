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
TERMINAL_INPUT = (0x5412, 0x541C, 0x5423)
"""TIOCSTI, TIOCLINUX, TIOCSETD."""


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
    refuse = lib.ERRNO(errno.EPERM)
    return _calls(lib, refuse, namespaces=namespaces), _terminals(lib)


@functools.cache
def told(*, namespaces: bool = True) -> tuple[bytes, bytes]:
    """The same list, and the filter that hands forbidden calls, and those that write, to a listener (`notices`).

    Of several filters' answers the kernel takes the stricter one, and an error is stricter than a notice: so the first
    lets forbidden calls pass to the second. It must never be loaded without that: the second comes first.
    """
    lib = _library()
    return _calls(lib, lib.ALLOW, namespaces=namespaces), _notifying(lib, namespaces=namespaces)


@functools.cache
def number(name: str) -> int:
    """A system call's number here; negative where this architecture has no such call."""
    lib = _library()
    try:
        found = lib.resolve_syscall(lib.system_arch(), name)
    except (OSError, ValueError):
        return -1
    return found if isinstance(found, int) else -1


def _calls(lib: Any, refuse: int, *, namespaces: bool) -> bytes:
    return _more_calls(lib, refuse) if namespaces else _fewer_calls(lib, refuse)


def _more_calls(lib: Any, refuse: int) -> bytes:
    rules = _listed(lib, frozenset(), refuse)
    _sockets(lib, rules, lib.ALLOW, refuse)
    _modes(lib, rules, lib.ALLOW, refuse)
    return _export(rules)


def _fewer_calls(lib: Any, told: int) -> bytes:
    refuse = lib.ERRNO(errno.EPERM)
    gone = frozenset(" ".join((syscalls.MODES, syscalls.REACH, syscalls.SHARED)).split())
    rules = _listed(lib, gone | {name for name, _ in syscalls.OTHERS}, told)
    for name in gone:
        _add(rules, refuse, name)
    _add(rules, told, "socket")
    for name, position in syscalls.OTHERS:
        _add(rules, lib.ALLOW, name, lib.Arg(position, lib.EQ, 0))
        _add(rules, refuse, name, lib.Arg(position, lib.NE, 0))
    stream = (lib.Arg(0, lib.EQ, AF_UNIX), lib.Arg(1, lib.MASKED_EQ, SOCK_TYPE, SOCK_STREAM))
    _add(rules, lib.ALLOW, "socketpair", *stream)
    return _export(rules)


def _notifying(lib: Any, *, namespaces: bool) -> bytes:
    rules = lib.SyscallFilter(defaction=lib.ALLOW)
    whole = {*syscalls.FORBIDDEN, *syscalls.WRITING} - set(syscalls.OPENING)
    for name in sorted(whole | (set() if namespaces else {"socket"})):
        _add(rules, lib.NOTIFY, name)
    for name, position in syscalls.OPENING.items():
        for bit in syscalls.WRITE_FLAGS:
            _add(rules, lib.NOTIFY, name, lib.Arg(position, lib.MASKED_EQ, bit, bit))
    _namespaces(lib, rules, None, lib.NOTIFY)
    for request in TERMINAL_INPUT:
        _add(rules, lib.NOTIFY, "ioctl", lib.Arg(1, lib.MASKED_EQ, 0xFFFFFFFF, request))
    if namespaces:
        _sockets(lib, rules, None, lib.NOTIFY)
        _modes(lib, rules, None, lib.NOTIFY)
    return _export(rules)


def _listed(lib: Any, without: frozenset[str], refuse: int) -> Any:
    rules = lib.SyscallFilter(defaction=lib.ERRNO(errno.ENOSYS))
    for name in syscalls.ALLOWED:
        if name not in without:
            _add(rules, lib.ALLOW, name)
    for name in syscalls.FORBIDDEN:
        _add(rules, refuse, name)
    _namespaces(lib, rules, lib.ALLOW, refuse)
    return rules


def _library() -> Any:
    try:
        return importlib.import_module("pyseccomp")
    except (ImportError, OSError, RuntimeError) as error:
        raise Misconfigured(f"the sandbox needs libseccomp (package libseccomp2): {error}") from error


def _add(rules: Any, action: int | None, name: str, *conditions: Any) -> None:
    """Add a rule, if there is an action; a name unknown to this architecture or libseccomp stays at the default."""
    if action is not None and (found := number(name)) >= 0:
        rules.add_rule(action, found, *conditions)


def _namespaces(lib: Any, rules: Any, allow: int | None, refuse: int) -> None:
    """New processes and threads, but no new namespaces. `clone3` hides its flags behind a pointer: ENOSYS."""
    _add(rules, allow, "clone", lib.Arg(0, lib.MASKED_EQ, NEW_NAMESPACES, 0))
    for bit in _bits(NEW_NAMESPACES):
        _add(rules, refuse, "clone", lib.Arg(0, lib.MASKED_EQ, bit, bit))


def _sockets(lib: Any, rules: Any, allow: int | None, refuse: int) -> None:
    """Local and internet sockets only (the network namespace is empty): no netlink, packet, vsock, alg, ..."""
    for call in ("socket", "socketpair"):
        for family in (AF_UNIX, AF_INET, AF_INET6):
            _add(rules, allow, call, lib.Arg(0, lib.EQ, family))
        _add(rules, refuse, call, lib.Arg(0, lib.EQ, 0))
        for family in range(3, AF_INET6):
            _add(rules, refuse, call, lib.Arg(0, lib.EQ, family))
        _add(rules, refuse, call, lib.Arg(0, lib.GT, AF_INET6))


def _terminals(lib: Any) -> bytes:
    """No pushing of input into a terminal. The kernel compares 32 bits of the request, so does this.

    A filter of its own, since in one filter a call is either listed whole or by its arguments.
    """
    rules = lib.SyscallFilter(defaction=lib.ALLOW)
    for request in TERMINAL_INPUT:
        _add(rules, lib.ERRNO(errno.EPERM), "ioctl", lib.Arg(1, lib.MASKED_EQ, 0xFFFFFFFF, request))
    return _export(rules)


def _modes(lib: Any, rules: Any, allow: int | None, refuse: int) -> None:
    """Modes may be changed, but nobody makes a set-user-id or set-group-id file in a shared folder."""
    for call, position in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("fchmodat2", 2)):
        for bit in _bits(SET_ID_BITS):
            _add(rules, refuse, call, lib.Arg(position, lib.MASKED_EQ, bit, bit))
        _add(rules, allow, call, lib.Arg(position, lib.MASKED_EQ, SET_ID_BITS, 0))


def _bits(mask: int) -> Iterable[int]:
    return (1 << i for i in range(32) if mask >> i & 1)


def _export(rules: Any) -> bytes:
    handle = os.memfd_create("seccomp", os.MFD_CLOEXEC)
    with os.fdopen(handle, "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
