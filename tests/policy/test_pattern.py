"""The pattern language against GitHub's published examples ("About code owners") and its listed exceptions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.pattern import last_match, matches, may_reach, problem
from tests.policy.builders import PROPERTY

PUBLISHED = [
    ("*", "a.py", True),
    ("*", "deep/down/a.py", True),
    ("*.js", "a.js", True),
    ("*.js", "x/y/a.js", True),
    ("*.js", "x/y/a.jsx", False),
    ("/build/logs/", "build/logs/a.log", True),
    ("/build/logs/", "build/logs/deep/a.log", True),
    ("/build/logs/", "x/build/logs/a.log", False),
    ("docs/*", "docs/getting-started.md", True),
    ("docs/*", "docs/build-app/troubleshooting.md", False),
    ("docs/*", "x/docs/a.md", False),
    ("apps/", "apps/a", True),
    ("apps/", "x/apps/deep/a", True),
    ("apps/", "apps", False),
    ("/docs/", "docs/a/b.md", True),
    ("/docs/", "x/docs/a.md", False),
    ("/scripts/", "scripts/a", True),
    ("**/logs", "logs/a", True),
    ("**/logs", "build/logs/deep/a", True),
    ("**/logs", "build/logs", True),
    ("**/logs", "build/catalogs", False),
    ("/apps/github", "apps/github", True),
    ("/apps/github", "apps/github/a", True),
    ("/apps/github", "apps/github2", False),
]

GITIGNORE = [
    ("/*", "a.py", True),
    ("/*", "x/a.py", False),
    ("/*.md", "README.md", True),
    ("/*.md", "docs/a.md", False),
    ("**", "a/b", True),
    ("**/*", "a/b", True),
    ("a/**", "a/b/c", True),
    ("a/**", "a", False),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("a/**/b", "a/xb", False),
    ("/tests/**/test_*.py", "tests/test_a.py", True),
    ("/tests/**/test_*.py", "tests/x/y/test_a.py", True),
    ("/tests/**/test_*.py", "tests/conftest.py", False),
    ("/a?c", "abc", True),
    ("/a?c", "a/c", False),
    ("/a*c", "ac", True),
    ("/a*c", "a/c", False),
    (r"/my\ docs/", "my docs/a", True),
    (r"/c\#/", "c#/a", True),
    (r"/a\*b", "a*b", True),
    (r"/a\*b", "axb", False),
    ("/a.b", "axb", False),
    ("README.md", "deep/README.md", True),
    ("README.md", "readme.md", False),
    ("/a+b", "a+b", True),
]


@pytest.mark.parametrize(("pattern", "path", "wanted"), PUBLISHED + GITIGNORE)
def test_matches(pattern: str, path: str, wanted: bool) -> None:
    assert problem(pattern) == ""
    assert matches(pattern, path) is wanted


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("", "names no path"),
        ("/", "names no path"),
        ("!docs/", "cannot express"),
        ("#docs", "cannot express"),
        (r"\#docs", "cannot express"),
        ("docs/[ab].md", "[ ]"),
        ("my docs/", "bare space"),
        ("docs#a", "bare space or `#`"),
        ("docs\\", "lone"),
        ("a//b", "empty"),
        ("/../etc", "`..`"),
        ("./a", "`.`"),
        ("a/***", "whole segment"),
        ("a**b", "whole segment"),
        ("a/b**", "whole segment"),
        ("do\u202ecs/", "invisible"),
        ("a\nb", "invisible"),
    ],
)
def test_malformed_patterns_are_named_and_match_nothing(pattern: str, says: str) -> None:
    assert says in problem(pattern)
    assert not matches(pattern, pattern.strip("/") or "a")


def test_the_last_match_wins() -> None:
    patterns = ["*", "/docs/", "*.md"]
    assert last_match(patterns, "docs/a.md") == 2
    assert last_match(patterns, "docs/a.txt") == 1
    assert last_match(patterns, "a.txt") == 0
    assert last_match(["/docs/"], "a.txt") is None
    assert last_match([], "a.txt") is None


@pytest.mark.parametrize(
    ("pattern", "place", "wanted"),
    [
        ("*", "bot/core/", True),
        ("*.md", "bot/core/", True),
        ("/docs/", "bot/core/", False),
        ("/bot/", "bot/core/", True),
        ("/bot/*", "bot/core/", False),
        ("/bot/**/x.py", "bot/core/", True),
        ("/bot/c*", "bot/core/", True),
        ("/bot/x*", "bot/core/", False),
        ("/bot/core/a/b.py", "bot/core/", True),
        ("/bot/core/*", "bot/core/", True),
        ("*.md", "CODEOWNERS", False),
        ("CODE*", "CODEOWNERS", True),
    ],
)
def test_may_reach(pattern: str, place: str, wanted: bool) -> None:
    assert may_reach(pattern, place) is wanted


SEGMENT = st.text("ab*?", min_size=1, max_size=3).filter(lambda s: "**" not in s)
PATTERN = st.builds(
    lambda parts, lead, trail: lead + "/".join(parts) + trail,
    st.lists(SEGMENT | st.just("**"), min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
    st.sampled_from(["", "/"]),
).filter(lambda pattern: not problem(pattern))
NAME = st.text("ab", min_size=1, max_size=3)


@PROPERTY
@given(PATTERN, st.lists(NAME, min_size=1, max_size=2), st.lists(NAME, min_size=1, max_size=3))
def test_a_pattern_that_matches_below_a_place_may_reach_it(pattern: str, place: list[str], below: list[str]) -> None:
    folder = "/".join(place) + "/"
    if matches(pattern, folder + "/".join(below)):
        assert may_reach(pattern, folder)


@PROPERTY
@given(PATTERN, st.lists(NAME, min_size=1, max_size=4))
def test_a_trailing_slash_never_matches_more(pattern: str, names: list[str]) -> None:
    path = "/".join(names)
    if matches(pattern.rstrip("/") + "/", path) and not pattern.endswith("*"):
        assert matches(pattern.rstrip("/"), path)
