import base64
import io
from pathlib import Path

import pytest

from bot.adapters.terminal.screen import Screen


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def screen(out: io.StringIO, folder: Path, *, live: bool = True) -> Screen:
    return Screen(out, live=live, folder=folder)


async def test_an_answer_is_written_once_although_it_grows(out, tmp_path) -> None:
    shown = screen(out, tmp_path)
    for text in ("It", "It is", "It is so"):
        await shown.grow(text)
    assert out.getvalue() == "It is so"
    shown.show({"text": "It is so."})
    assert out.getvalue() == "It is so.\n"
    shown.show({"text": "Next"})
    assert out.getvalue() == "It is so.\nNext\n"


async def test_an_answer_that_was_rewritten_is_shown_whole(out, tmp_path) -> None:
    shown = screen(out, tmp_path)
    await shown.grow("token sk-123")
    await shown.grow("removed")
    shown.show({"text": "removed"})
    assert out.getvalue() == "token sk-123\nremoved\n"


async def test_without_a_terminal_only_the_end_is_written(out, tmp_path) -> None:
    shown = screen(out, tmp_path, live=False)
    await shown.grow("It")
    assert out.getvalue() == ""
    assert shown.show({"text": "It is"}) == ()
    assert out.getvalue() == "It is\n"


def test_card_and_buttons(out, tmp_path) -> None:
    card = {"title": "#3", "text": "Safe\nSmall", "fields": [{"name": "tier", "value": "2"}], "link": "x://y"}
    buttons = [{"id": "a", "label": "Yes"}, {"id": "b", "label": "No"}]
    given = screen(out, tmp_path).show({"text": "Vote", "card": card, "buttons": buttons})
    assert given == buttons
    assert out.getvalue().splitlines() == [
        "Vote", "  == #3 ==", "  Safe", "  Small", "  tier: 2", "  x://y", "  [1] Yes  [2] No  (type a number)",
    ]  # fmt: skip


def test_files_are_put_into_the_folder_and_nothing_is_overwritten(out, tmp_path) -> None:
    content = base64.b64encode(b"mine").decode()
    (tmp_path / "a.txt").write_text("kept")
    for name in ("a.txt", "../a.txt", "/etc/a.txt"):
        screen(out, tmp_path).show({"text": "", "files": [{"name": name, "base64": content}]})
    assert (tmp_path / "a.txt").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-1.txt", "a-2.txt", "a-3.txt", "a.txt"]
    assert not (tmp_path.parent / "a.txt").exists()


def test_a_file_that_cannot_be_saved_is_told(out, tmp_path) -> None:
    gone = tmp_path / "gone"
    screen(out, gone).show({"text": "Here", "files": [{"name": "a.txt", "base64": ""}]})
    assert "a.txt was not saved: No such file" in out.getvalue()


def test_an_error_is_said(out, tmp_path) -> None:
    screen(out, tmp_path).show({"error": "Too much is going on."})
    assert out.getvalue() == "Too much is going on.\n"


async def test_nothing_in_an_answer_steers_the_terminal(out, tmp_path) -> None:
    shown = screen(out, tmp_path)
    await shown.grow("\x1b[2Ja\u202eb")
    card = {"title": "\x1b]0;x\x07"}
    shown.show({"text": "\x1b[2Ja\u202eb\x9b31m", "card": card, "buttons": [{"id": "a", "label": "\x1b[31mYes"}]})
    assert "\x1b" not in out.getvalue()
    assert not {"\u202e", "\x9b", "\x07"} & set(out.getvalue())
