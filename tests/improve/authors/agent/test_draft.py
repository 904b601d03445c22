"""A change in the making: exact edits, the ward's words for what is sealed, and a checkout that stays as it is."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import Kind, Origin
from bot.core.errors import Denied
from bot.improve.authors.agent import draft as drafts
from bot.improve.authors.agent.draft import Draft, Rules, changed_lines, only_adds
from tests.improve.authors.agent.scripted import CHARTER, TREE
from tests.improve.testing.toys import write

A = PurePosixPath("toy/a.py")
NEW = PurePosixPath("toy/b.py")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "tree", TREE)


@pytest.fixture
def draft(root: Path) -> Draft:
    return Draft(root, Rules(CHARTER, Kind.REFACTOR, Origin.ANALYST))


def test_an_edit_replaces_what_stands_once_and_the_checkout_stays(draft: Draft, root: Path) -> None:
    draft.edit(A, "x * 2", "x + x")
    assert draft.text(A).endswith("return x + x\n")
    assert draft.contents() == {A: draft.text(A).encode()}
    assert (root / A).read_text() == TREE["toy/a.py"]


@pytest.mark.parametrize(("old", "said"), [("nowhere", "does not stand"), ("int", "stands 2 times"), ("", "is empty")])
def test_an_edit_that_is_not_exact_changes_nothing(draft: Draft, old: str, said: str) -> None:
    with pytest.raises(Denied, match=said):
        draft.edit(A, old, "y")
    assert draft.changed() == {}


def test_line_ends_are_kept(tmp_path: Path) -> None:
    root = write(tmp_path, {})
    (root / "toy").mkdir()
    (root / A).write_bytes(b"a = 1\r\nb = 2\r\n")
    draft = Draft(root, Rules(CHARTER, Kind.FIX, Origin.ANALYST))
    draft.edit(A, "a = 1\nb", "a = 3\nb")
    assert draft.contents()[A] == b"a = 3\r\nb = 2\r\n"


def test_files_are_made_written_and_taken_away(draft: Draft) -> None:
    draft.create(NEW, "x = 1\n")
    draft.write(A, "y = 1\n")
    draft.delete(PurePosixPath("tests/test_a.py"))
    assert draft.changed() == {PurePosixPath("tests/test_a.py"): None, A: "y = 1\n", NEW: "x = 1\n"}
    names = ("__init__.py", "a.py", "b.py", "core/__init__.py", "core/rules.py")
    assert draft.names(PurePosixPath("toy")) == [PurePosixPath("toy", name) for name in names]
    assert draft.names(PurePosixPath("tests/test_a.py")) == []
    assert draft.names(NEW) == [NEW], "a new file can be searched and run by its name"
    assert draft.names(PurePosixPath("docs/a.md")) == [PurePosixPath("docs/a.md")]
    with pytest.raises(Denied, match="there is no file"):
        draft.text(PurePosixPath("tests/test_a.py"))


def test_what_ends_as_it_began_is_no_change(draft: Draft) -> None:
    draft.write(A, "y = 1\n")
    draft.write(A, TREE["toy/a.py"])
    draft.create(NEW, "x")
    draft.delete(NEW)
    assert draft.changed() == {}


def test_there_must_be_a_file_to_write_and_none_to_create(draft: Draft) -> None:
    with pytest.raises(Denied, match="there already"):
        draft.create(A, "x")
    with pytest.raises(Denied, match="there is no file"):
        draft.write(NEW, "x")
    with pytest.raises(Denied, match="there is no file"):
        draft.delete(NEW)
    with pytest.raises(Denied, match="which is a file"):
        draft.create(PurePosixPath("toy/a.py/c.py"), "x")


@pytest.mark.parametrize(
    "path", ["toy/core/rules.py", "toy/core/new.py", ".github/charter.toml", "setup.py", "tests/conftest.py"]
)
def test_what_is_sealed_is_refused_at_once_in_the_wards_words(draft: Draft, root: Path, path: str) -> None:
    name = PurePosixPath(path)
    with pytest.raises(Denied, match=r"sealed, only people change it: .*ward"):
        draft.write(name, "x = 1\n") if (root / name).exists() else draft.create(name, "x = 1\n")
    assert draft.changed() == {}


def test_sealed_files_cannot_be_deleted_or_emptied(draft: Draft) -> None:
    name = PurePosixPath("toy/core/rules.py")
    for change in (lambda: draft.delete(name), lambda: draft.write(name, ""), lambda: draft.edit(name, "3", "4")):
        with pytest.raises(Denied, match="sealed"):
            change()


def test_a_change_larger_than_is_reviewed_is_refused_and_leaves_the_one_before(draft: Draft) -> None:
    draft.create(NEW, "x = 1\n" * 50)
    with pytest.raises(Denied, match="60 changed lines"):
        draft.create(PurePosixPath("toy/c.py"), "y = 1\n" * 20)
    for number in range(2):
        draft.create(PurePosixPath(f"toy/d{number}.py"), "z\n")
    with pytest.raises(Denied, match="3 files"):
        draft.create(PurePosixPath("toy/e.py"), "z\n")
    assert len(draft.changed()) == 3


def test_text_that_is_none_is_refused(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("a\0b", "\ud800"):
        with pytest.raises(Denied, match="no text has"):
            draft.create(NEW, text)
    monkeypatch.setattr(drafts, "LONGEST", 5)
    with pytest.raises(Denied, match="at most 5"):
        draft.create(NEW, "x" * 6)
    (draft._root / "toy/data.bin").write_bytes(b"\xff\xfe")
    with pytest.raises(Denied, match="not text"):
        draft.text(PurePosixPath("toy/data.bin"))


def test_a_ward_for_additions_lets_lines_be_added_and_none_taken_away(root: Path) -> None:
    from bot.core.charter import Ward
    from bot.core.tier import Tier

    charter = replace(CHARTER, wards=(Ward("*", Tier.SEALED), Ward("/tests/", Tier.SAFE, only_adds=True)))
    draft, test = Draft(root, Rules(charter, Kind.TEST, Origin.ANALYST)), PurePosixPath("tests/test_a.py")
    draft.edit(test, "== 4\n", "== 4\n    assert double(0) == 0\n")
    with pytest.raises(Denied, match="sealed"):
        draft.edit(test, "    assert double(2) == 4\n", "")


LINES = st.lists(st.sampled_from("abc"), max_size=8)


@given(LINES, LINES)
def test_adding_is_what_takes_no_line_away(before: list[str], added: list[str]) -> None:
    old = "\n".join(before)
    assert only_adds(old, "\n".join([*added, *before]))
    assert not before or not only_adds("\n".join([*before, "d"]), old)


@given(LINES, LINES)
def test_changed_lines_are_never_more_than_a_diff_has(before: list[str], after: list[str]) -> None:
    from difflib import ndiff

    diff = sum(line[0] in "+-" for line in ndiff(before, after))
    assert 0 <= changed_lines("\n".join(before), "\n".join(after)) <= diff
