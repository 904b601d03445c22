"""A server that no longer starts is a skip on a developer's machine and a failure in CI."""

import re
from pathlib import Path

import pytest

from tests.servers.absent import absent

TESTS = Path(__file__).parents[1]


def test_in_ci_what_is_absent_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="must have what this test needs: no redis"):
        absent(RuntimeError("no redis"))


@pytest.mark.parametrize("value", [None, ""])
def test_elsewhere_it_is_left_out_and_says_why(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("CI", raising=False)
    if value is not None:
        monkeypatch.setenv("CI", value)
    with pytest.raises(pytest.skip.Exception, match="no redis"):
        absent("no redis")


def test_no_test_skips_for_a_server_by_itself() -> None:
    """What a server's own error says is for `absent`: a plain skip would be silent in CI too."""
    caught = re.compile(r"except (?:\w+\.)?(?:Missing|NoServerError)\b[^\n]*:\n +pytest\.skip\(")
    assert caught.search("    except servers.Missing as error:\n        pytest.skip(str(error))\n")
    files = [*TESTS.rglob("test_*.py"), *TESTS.rglob("conftest.py")]
    assert [str(path.relative_to(TESTS)) for path in files if caught.search(path.read_text(encoding="utf-8"))] == []
