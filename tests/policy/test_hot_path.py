"""Code never comes as data: what the closed list does not name, plain and small, asks for a deploy."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import FileChange
from bot.policy.hot_path import FOLDER, LARGEST, MOST, data_only, is_data
from tests.policy.builders import PROPERTY

DATA = (
    "bot/chat/intents/joke.toml", "bot/chat/prompts/system.md", "bot/chat/texts/de.toml", "bot/chat/tuning.toml",
    "bot/chat/flags.toml",
)  # fmt: skip


def change(
    path: str, action: str = "modify", *, old: str = "", mode: str = "100644", binary: bool = False
) -> FileChange:
    return FileChange(PurePosixPath(path), PurePosixPath(old or path), action, mode, binary=binary)


def small(_path: PurePosixPath) -> int:
    return 100


@pytest.mark.parametrize("path", DATA)
@pytest.mark.parametrize("action", ["add", "modify", "delete"])
def test_data_of_the_list_may_change_and_things_nobody_reads_ride_along(path: str, action: str) -> None:
    riders = [change("changelog.d/7.fix.md", "add"), change("docs/members.md"), change("tests/chat/test_a.py", "add")]
    assert data_only([change(path, action), *riders], small).passed


@pytest.mark.parametrize(
    "path",
    [
        "bot/chat/service.py",
        "bot/chat/intents/joke.py",
        "bot/chat/texts/__init__.py",
        "bot/chat/intents/deep/joke.toml",
        "bot/chat/intents/../../core/x.toml",
        "bot/chat/intents",
        "bot/chat/prompts/.toml",
        "bot/chat/intents/.toml",
        "bot/chat/moderation.toml",
        "bot/chat/tuning.toml.py",
        "bot/chat/prompts/sitecustomize.pth",
        "bot/agent/models.toml",
        "bot/chat/texts/de.md",
        ".github/charter.toml",
        "pyproject.toml",
        "docs/../bot/core/ids.py",
        "tests",
        "testsuite/x.toml",
        "intents/joke.toml",
    ],
)
def test_whatever_else_changes_asks_for_a_deploy(path: str) -> None:
    found = data_only([change(DATA[0]), change(path, "add")], small)
    assert not found.passed
    assert found.because == f"{path} is not data that can be read without a new process"


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (change(DATA[0], mode="120000"), "is not a plain file"),
        (change(DATA[0], mode="160000"), "is not a plain file"),
        (change(DATA[0], mode="100755"), "is not a plain file"),
        (change(DATA[0], "type"), "is not a plain file"),
        (change(DATA[0], binary=True), "is not text"),
        (change(DATA[0], "rename", old="bot/chat/service.py"), "bot/chat/service.py is not data"),
        (change("bot/chat/service.py", "rename", old=DATA[0]), "bot/chat/service.py is not data"),
    ],
)
def test_a_link_a_program_and_a_rename_from_or_to_code_are_refused(one: FileChange, said: str) -> None:
    found = data_only([one], small)
    assert not found.passed
    assert said in found.because


def test_a_huge_file_and_a_huge_number_are_refused() -> None:
    assert data_only([change(DATA[0])], lambda _path: LARGEST).passed
    assert not data_only([change(DATA[0])], lambda _path: LARGEST + 1).passed
    many = [change(f"bot/chat/intents/i{number}.toml", "add") for number in range(MOST + 1)]
    assert data_only(many[:-1], small).passed
    assert not data_only(many, small).passed


PARTS = st.sampled_from(
    ["bot", "chat", "intents", "prompts", "texts", "tuning.toml", "a.toml", "a.md", "a.py", "..", "docs"]
)
PATHS = st.lists(PARTS, min_size=1, max_size=6).map("/".join)
CHANGES = st.lists(
    st.builds(
        change, PATHS, st.sampled_from(["add", "modify", "delete", "rename", "type"]), old=PATHS,
        mode=st.sampled_from(["100644", "100755", "120000", "160000"]), binary=st.booleans(),
    ),
    max_size=5,
)  # fmt: skip


@PROPERTY
@given(CHANGES)
def test_what_passes_is_plain_data_in_its_folder_or_read_by_nobody(changes: list[FileChange]) -> None:
    if not data_only(changes, small).passed:
        return
    for one in changes:
        for path in one.paths:
            assert path.suffix != ".py" or path.parts[0] in {"docs", "tests"}
            assert ".." not in path.parts
            assert path.parts[0] in {"docs", "tests"} or FOLDER in path.parents
        if is_data(one.path) and one.action != "delete":
            assert (one.mode, one.binary) == ("100644", False)


@PROPERTY
@given(CHANGES, CHANGES)
def test_nothing_that_is_refused_passes_in_company(some: list[FileChange], more: list[FileChange]) -> None:
    together = data_only([*some, *more], small).passed
    assert together == (data_only(some, small).passed and data_only(more, small).passed)
