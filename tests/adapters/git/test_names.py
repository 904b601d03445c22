"""Names from outside: what passes can do no harm on any file system, nor to git's command line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.git.names import ENGINE_BRANCH, check_branch, check_path, check_revision
from bot.core.errors import Denied, Misconfigured


@pytest.mark.parametrize("name", ["feature/x", "megawatts/0123456789ab", "v1.2.3", "renovate/typer-0.x", "a+b_c"])
def test_ordinary_branches_pass(name: str) -> None:
    assert check_branch(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("--upload-pack=x", "../x", "a/../b", "a//b", "/a", "a/", ".a", "a.lock", "a b", "a\nb", "a\u202eb", "x~1"),
        *("@{-1}", "HEAD", "a" * 121, "1" * 40, "refs/heads/-x", "x:y", "*", "", "a/.b", "a/b.", "é", "x^{}"),
    ],
)
def test_hostile_branches_are_refused(name: str) -> None:
    with pytest.raises(Denied):
        check_branch(name)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_branch_that_passes_is_plain_ascii_and_no_option(name: str) -> None:
    try:
        check_branch(name)
    except Denied:
        return
    assert name.isascii()
    assert not name.startswith(("-", ".", "/"))
    assert ".." not in name


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_path_that_passes_stays_inside(path: str) -> None:
    try:
        check_path(path)
    except Denied:
        return
    assert not path.startswith("/")
    assert ".." not in path.split("/")
    assert not any(part.casefold() == ".git" for part in path.split("/"))


@settings(deadline=None)
@given(st.text(max_size=20))
def test_a_revision_that_passes_is_one_word_and_no_option(rev: str) -> None:
    try:
        check_revision(rev)
    except Misconfigured:
        return
    assert not rev.startswith("-")
    assert not any(c in rev for c in " \n\0:")


def test_the_engine_s_grammar_is_fixed() -> None:
    assert ENGINE_BRANCH.fullmatch("revert/0123456789ab")
    for name in ("megawatts/0123456789AB", "megawatts/0123", "megawatts/0123456789ab/x", "other/0123456789ab"):
        assert not ENGINE_BRANCH.fullmatch(name)
