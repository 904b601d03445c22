"""The lists of system calls and the filters made of them."""

import pytest

from bot.adapters.sandbox import seccomp, syscalls
from bot.core.errors import Misconfigured
from tests.servers.absent import absent


@pytest.fixture(scope="module")
def filters():
    try:
        return seccomp.programs(), seccomp.programs(namespaces=False)
    except Misconfigured as error:
        absent(error)


def test_no_call_is_both_allowed_and_forbidden():
    assert not set(syscalls.ALLOWED) & set(syscalls.FORBIDDEN)


def test_calls_judged_by_their_arguments_are_not_allowed_whole():
    for name in ("clone", "clone3", "socket", "socketpair", "chmod", "fchmod", "fchmodat", "fchmodat2"):
        assert name not in syscalls.ALLOWED


@pytest.mark.parametrize("name", ["ptrace", "mount", "bpf", "unshare", "setns", "keyctl", "io_uring_setup"])
def test_the_kernels_own_doors_are_named(name):
    assert name in syscalls.FORBIDDEN


def test_filters_are_whole_instructions_within_the_kernels_bound(filters):
    for pair in filters:
        for program in pair:
            assert len(program) % 8 == 0
            assert 0 < len(program) // 8 <= 4096


def test_without_namespaces_the_filter_is_another(filters):
    with_namespaces, without = filters
    assert with_namespaces[0] != without[0]
    assert with_namespaces[1] == without[1]


def test_where_calls_are_listened_to_the_other_filter_is_another_too():
    for namespaces in (True, False):
        listed, notifying = seccomp.told(namespaces=namespaces)
        assert listed != seccomp.programs(namespaces=namespaces)[0]
        assert 0 < len(notifying) // 8 <= 4096


def test_each_call_that_is_looked_at_is_one_that_the_list_has():
    for name in syscalls.WRITING:
        assert name in syscalls.ALLOWED or name == "openat2"


def test_it_is_compiled_once(filters):
    assert seccomp.programs() is seccomp.programs()


def test_a_missing_library_is_named(monkeypatch):
    def missing(_name):
        raise RuntimeError("Unable to find libseccomp")

    monkeypatch.setattr(seccomp.importlib, "import_module", missing)
    with pytest.raises(Misconfigured, match="libseccomp2"):
        seccomp._library()
