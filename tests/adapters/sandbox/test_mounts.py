"""What is shown inside, and what may never be."""

from pathlib import Path

import pytest

from bot.adapters.sandbox import mounts
from bot.core.errors import Misconfigured


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def binds(options):
    """Of bwrap's words: what is bound where, in order."""
    return [
        (how, source, to)
        for how, source, to in zip(options, options[1:], options[2:], strict=False)
        if how in {"--bind", "--ro-bind"}
    ]


def test_the_tree_is_read_only_and_keeps_its_path(tree):
    assert ("--ro-bind", str(tree), str(tree)) in binds(mounts.options(tree, [], [], scratch_mb=8))


def test_only_what_is_lent_is_writable(tree, tmp_path):
    lent = tmp_path / "lent"
    lent.mkdir()
    found = binds(mounts.options(tree, [lent], [], scratch_mb=8))
    assert [to for how, _, to in found if how == "--bind"] == [str(lent)]


def test_a_writable_folder_inside_the_tree_lies_on_top(tree):
    inner = tree / "out"
    inner.mkdir()
    order = [to for _, _, to in binds(mounts.options(tree, [inner], [], scratch_mb=8))]
    assert order.index(str(tree)) < order.index(str(inner))


def test_writable_wins_over_readable(tree, tmp_path):
    found = binds(mounts.options(tree, [tmp_path], [tmp_path], scratch_mb=8))
    assert [how for how, _, to in found if to == str(tmp_path)] == ["--bind"]


def test_the_root_and_devices_are_shut_after_all_is_in_place(tree):
    options = mounts.options(tree, [], [], scratch_mb=8)
    assert options[-4:] == ["--remount-ro", "/dev", "--remount-ro", "/"]


def test_nothing_of_the_host_but_the_system_and_the_interpreter_is_bound(tree):
    allowed = {"/usr", *(f"/{name}" for name in mounts.SYSTEM), str(tree), *map(str, mounts.interpreters())}
    assert {to for _, _, to in binds(mounts.options(tree, [], [], scratch_mb=8))} <= allowed


def test_scratch_has_a_size(tree):
    options = mounts.options(tree, [], [], scratch_mb=8)
    for place in ("/tmp", "/dev/shm"):
        at = options.index(place)
        assert options[at - 3 : at] == ["--size", str(8 << 20), "--tmpfs"]


def test_parents_can_be_walked_through(tree):
    options = mounts.options(tree, [], [], scratch_mb=8)
    at = options.index(str(tree.parent))
    assert options[at - 3 : at] == ["--perms", "0555", "--dir"]


@pytest.mark.parametrize("path", ["/", "/etc", "/usr/lib", "/proc/1", "/dev", "/sys/fs", "/run"])
def test_the_system_is_never_lent(path):
    with pytest.raises(Misconfigured, match=r"belongs to the system|does not exist"):
        mounts.checked(Path(path))


def test_a_link_to_the_system_is_not_lent_either(tmp_path):
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(Misconfigured, match="belongs to the system"):
        mounts.checked(tmp_path / "link")


@pytest.mark.parametrize("path", ["relative", "/tmp/../etc"])
def test_only_plain_absolute_paths(path):
    with pytest.raises(Misconfigured, match="absolute path"):
        mounts.checked(Path(path))


def test_the_environment_is_small_and_the_callers_wins():
    assert mounts.environment({"HOME": "/x", "A": "1"}) == {
        "PATH": "/usr/bin:/bin",
        "HOME": "/x",
        "TMPDIR": "/tmp",
        "USER": "box",
        "LANG": "C.UTF-8",
        "A": "1",
    }


@pytest.mark.parametrize("name", ["LD_PRELOAD", "LD_LIBRARY_PATH", "GLIBC_TUNABLES"])
def test_the_loader_is_not_steered(name):
    with pytest.raises(Misconfigured, match=name):
        mounts.environment({name: "x"})
