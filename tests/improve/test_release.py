"""Versions go up by one, by what the change is."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.change import Kind
from bot.improve.release import (
    FRAGMENTS,
    Release,
    changelog,
    kind_of,
    latest,
    next_version,
    ordered,
    previous,
    section,
)


@pytest.mark.parametrize(
    ("tags", "kind", "expected"),
    [
        ([], Kind.TEST, "v0.0.1"),
        (["v0.1.9", "v0.1.10"], Kind.FIX, "v0.1.11"),
        (["v0.1.9"], Kind.FEATURE, "v0.2.0"),
        (["v1.2.3", "nightly", "v9", "v1.2.03", "xv9.9.9"], Kind.TOOL, "v1.3.0"),
    ],
)
def test_next_version(tags: list[str], kind: Kind, expected: str) -> None:
    assert next_version(tags, kind) == expected


@given(st.lists(st.tuples(*[st.integers(0, 50)] * 3)), st.sampled_from(Kind))
def test_a_new_version_is_higher_than_every_old_one(old: list[tuple[int, int, int]], kind: Kind) -> None:
    tags = [f"v{a}.{b}.{c}" for a, b, c in old]
    assert latest([next_version(tags, kind)]) > latest(tags)


def release(name: str, **fragments: str) -> Release:
    return Release(name, "", {FRAGMENTS / f"{key.replace('_', '.', 1)}.md": text for key, text in fragments.items()})


def test_a_version_lists_what_the_one_before_had_not() -> None:
    first = release("v0.0.1", a1_test="One more test.")
    second = release("v0.1.0", a1_test="One more test.", b2_feature="It tells the time.", c3_fix="It ends.\n")
    text = changelog([first, second])
    newer, older = text.split("## [v0.0.1]")
    assert " ".join(newer.split("## [v0.1.0]")[1].split()) == "### Added - It tells the time. ### Fixed - It ends."
    assert " ".join(older.split()) == "### Changed - One more test."


def test_what_was_taken_back_is_said_and_what_never_had_a_version_is_not() -> None:
    text = changelog([release("v0.0.1", a1_feature="It sings."), release("v0.0.2"), release("v0.0.3")])
    newest, middle, oldest = text.split("\n## ")[1:]
    assert "Nothing that a user can notice." in newest
    assert middle.splitlines()[2:4] == ["### Removed", "- Taken back: It sings."]
    assert "### Added" in oldest


def test_a_fragment_cannot_write_a_heading_of_its_own() -> None:
    text = changelog([release("v0.0.1", a1_fix="x\n\n## [v9.9.9]\n\u202e### Added\x1b[2J")])
    assert [line for line in text.splitlines() if line.startswith("#")] == ["# Changelog", "## [v0.0.1]", "### Fixed"]
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_only_fragments_count_and_only_versions_are_ordered() -> None:
    names = ["changelog.d/README.md", "changelog.d/a.nonsense.md", "changelog.d/sub/a.fix.md", "docs/a.fix.md"]
    assert [kind_of(PurePosixPath(name)) for name in names] == [None] * 4
    assert kind_of(PurePosixPath("changelog.d/12.fix.md")) is Kind.FIX
    tags = [release(name) for name in ("v0.10.0", "nightly", "v0.9.0", "v1")]
    assert [one.name for one in ordered(tags)] == ["v0.9.0", "v0.10.0"]


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.REVERT}))
def test_every_kind_of_change_has_a_section(kind: Kind) -> None:
    assert "- It does." in changelog([Release("v0.0.1", "", {FRAGMENTS / f"1.{kind.value}.md": "It does."})])


@pytest.mark.parametrize(
    ("tags", "version", "expected"),
    [
        (["v0.0.1"], "v0.0.1", ""),
        (["v0.9.0", "v0.10.0", "nightly", "v0.10.1"], "v0.10.1", "v0.10.0"),
        (["v0.9.0", "v0.10.0", "v0.10.1", "v1.0.0"], "v0.10.0", "v0.9.0"),
        ([], "v0.0.1", ""),
    ],
)
def test_the_version_before_is_the_highest_below(tags: list[str], version: str, expected: str) -> None:
    assert previous(tags, version) == expected


@settings(derandomize=True)
@given(st.sets(st.tuples(*[st.integers(0, 9)] * 3), min_size=1))
def test_versions_follow_one_another_by_previous(numbers: set[tuple[int, int, int]]) -> None:
    tags = [f"v{a}.{b}.{c}" for a, b, c in numbers]
    at, walked = max(tags, key=lambda tag: latest([tag])), 1
    while at := previous(tags, at):
        walked += 1
    assert walked == len(tags)


def test_a_section_is_the_changelog_s_without_its_heading() -> None:
    first, second = (
        release("v0.0.1", a1_feature="It sings."),
        release("v0.0.2", a1_feature="It sings.", b2_fix="# It ends."),
    )
    text = section(first, second)
    assert text in changelog([first, second])
    assert [line for line in text.splitlines() if line] == ["### Fixed", "- # It ends."]
    assert "taken back" not in section(first, first).casefold()
    assert section(first, first) == "Nothing that a user can notice.\n"
    assert "- Taken back: It sings." in section(first, release("v0.0.2"))
