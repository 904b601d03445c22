"""What counts as a write out of what was lent, and that a hostile path is told harmlessly."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.sandbox_evidence import CALLS, SOCKETS
from bot.policy.sandbox_writes import LONGEST, Act, attempt, forbidden, harmless, may_write, shown

LENT = {"/tree": False, "/tree/out": True, "/tree/out/kept": False, "/tmp": True}


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/tree/a", False), ("/tree/out/a", True), ("/tree/out", True), ("/tree/out/kept/a", False),
        ("/tree/outer/a", False), ("/tmp/a", True), ("/tmpx", False), ("/etc/passwd", False), ("/", False),
    ],
)  # fmt: skip
def test_the_deepest_folder_counts(path: str, may: bool) -> None:
    assert may_write(path, LENT) is may


def test_what_would_have_changed_nothing_is_no_attempt() -> None:
    there = {act: attempt(act, exists=True, parent=True) for act in Act}
    gone = {act: attempt(act, exists=False, parent=True) for act in Act}
    assert there == {Act.OPEN: True, Act.CREATE: False, Act.MAKE: False, Act.REMOVE: True}
    assert gone == {Act.OPEN: True, Act.CREATE: True, Act.MAKE: True, Act.REMOVE: False}
    assert not any(attempt(act, exists=False, parent=False) for act in Act)


@pytest.mark.parametrize(
    "path",
    [
        "/tree/a/__pycache__/x.cpython-311.pyc.123", "/tree/a/__pycache__", "/tree/.pytest_cache/v/x", "/dev/null",
        "/tree/pytest-cache-files-x1/y",
        "/kept/hypothesis-py/constants/.tmp-1", "/proc/self/fd/1", "/proc/7/comm", "/dev/pts/0", "/dev/stdout",
    ],
)  # fmt: skip
def test_what_ordinary_tools_do_is_left_out(path: str) -> None:
    assert harmless(path)


@pytest.mark.parametrize(
    "path", ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/dev/sda", "/dev/shm/../x", "/proc/selfish/a"]
)
def test_what_only_looks_alike_counts(path: str) -> None:
    assert not harmless(path)


@given(st.text(max_size=300), st.sampled_from(["", "/tree"]))
def test_a_path_is_told_in_few_plain_characters(text: str, root: str) -> None:
    told = shown(f"/tree/{text}", root)
    assert re.fullmatch(r"[A-Za-z0-9_./+=:@~?-]*", told)
    assert len(told) <= LONGEST


def test_a_path_of_the_tree_is_told_without_the_hosts_folders() -> None:
    assert shown("/boxes/1/tree/bot/a.py", "/boxes/1/tree") == "bot/a.py"
    assert shown("/etc/passwd", "/boxes/1/tree") == "/etc/passwd"
    assert shown(f"/tree/{'d/' * 100}end.py", "/tree").endswith("d/end.py")


def test_a_secret_in_a_path_is_not_told() -> None:
    secret = "ghp_" + "A1b2" * 9
    assert secret not in shown(f"/tree/{secret}", "/tree")
    assert "A1b2A1b2" not in shown(f"/tree/{secret}/x", "/tree")


def test_a_call_is_named_by_what_was_forbidden_of_it() -> None:
    assert forbidden("mount", [0, 0, 0]) == (CALLS, ["mount"])
    assert forbidden("clone", [0, 0, 0]) == (CALLS, ["clone(namespaces)"])
    assert forbidden("socket", [2, 1, 0]) == (SOCKETS, ["socket(AF_INET)"])
    assert forbidden("socket", [10, 2, 0]) == (SOCKETS, ["socket(AF_INET6)"])
    assert forbidden("socket", [38, 5, 0]) == (CALLS, ["socket(38)"])


def test_what_libc_asks_for_by_itself_is_left_out_and_nothing_else_of_that_family() -> None:
    assert forbidden("socket", [16, 3, 0]) == (CALLS, [])
    assert forbidden("socket", [16, 3, 9]) == (CALLS, ["socket(16)"])
    assert forbidden("socket", [1, 1, 0]) == (CALLS, [])
