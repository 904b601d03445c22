"""Workflow commands: what GitHub reads is what was meant, whatever the words are."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.ci.annotations import SHOWN, annotations, data, mute
from bot.app.ci.findings import Place


def command(line: str) -> tuple[str, dict[str, str], str]:
    """As the runner reads it: https://github.com/actions/runner (ActionCommand.TryParseV2)."""
    assert line.startswith("::")
    head, _, body = line[2:].partition("::")
    name, _, told = head.partition(" ")
    pairs = dict(pair.split("=", 1) for pair in told.split(",") if pair)

    def back(text: str, more: str = "") -> str:
        for sign in "\r\n" + more:
            text = text.replace(f"%{ord(sign):02X}", sign)
        return text.replace("%25", "%")

    return name, {key: back(value, ":,") for key, value in pairs.items()}, back(body)


def test_a_place_becomes_a_command() -> None:
    assert annotations([Place("lint", "F401", "error", "unused: os", "pkg/a.py", 12)]) == (
        "::error title=lint%3A F401,file=pkg/a.py,line=12::unused: os\n"
    )


def test_without_a_file_it_is_about_the_whole_change() -> None:
    assert annotations([Place("tests", "tests", "notice", "waits")]) == "::notice title=tests::waits\n"


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_words_are_read_back_as_they_were_and_end_no_command(message: str, path: str) -> None:
    told = annotations([Place("lint", "lint", "error", message, path, 1)])
    assert told.count("\n") == 1
    assert not set("\r\u2028\u2029\x85") & set(told)
    name, pairs, body = command(told.rstrip("\n"))
    assert name == "error"
    assert set(pairs) <= {"title", "file", "line"}
    assert pairs["title"] == "lint"
    assert body == " ".join(body.split())


def test_percent_signs_are_not_read_as_escapes() -> None:
    assert data("%0A") == "%250A"
    assert command(annotations([Place("a", "a", "error", "100%0A")]).rstrip())[2] == "100%0A"


def test_github_shows_ten_of_a_level_and_the_rest_is_counted() -> None:
    many = [Place("lint", "lint", "error", str(n)) for n in range(SHOWN + 3)] + [Place("x", "x", "notice", "last")]
    lines = annotations(many).splitlines()
    assert len([line for line in lines if line.startswith("::error")]) == SHOWN
    assert [line for line in lines if line.startswith("::notice")]
    assert lines[-1] == "3 more stand in the summary and in the report"


def test_nothing_found_prints_nothing() -> None:
    assert annotations([]) == ""


def test_what_is_printed_in_between_is_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    with mute(on=True):
        sys.stdout.write("::error::forged\n")
    lines = capsys.readouterr().out.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert len(token) == 32
    assert lines[1] == "::error::forged"
    assert lines[-1] == f"::{token}::"


def test_commands_are_heard_again_after_a_failure_and_the_word_is_new_each_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = set()
    for _ in range(2):
        with pytest.raises(ValueError, match="x"), mute(on=True):
            raise ValueError("x")
        lines = capsys.readouterr().out.split()
        assert lines[0].removeprefix("::stop-commands::") in lines[-1]
        words.add(lines[-1])
    assert len(words) == 2


def test_outside_of_github_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with mute(on=False):
        pass
    assert capsys.readouterr().out == ""
