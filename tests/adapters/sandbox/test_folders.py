"""Lent folders come back harmless."""

import os
import stat

from bot.adapters.sandbox import folders


def test_links_out_pipes_and_sockets_are_removed_and_named(tmp_path):
    lent = tmp_path / "lent"
    (lent / "deep").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (lent / "absolute").symlink_to("/etc/passwd")
    (lent / "deep/up").symlink_to("../../secret")
    (lent / "chain").symlink_to("deep/up")
    os.mkfifo(lent / "pipe")
    removed = folders.clean([lent])
    assert {p.name for p in removed} >= {"absolute", "up", "pipe"}
    assert not any(p.is_symlink() and not p.resolve().is_relative_to(lent) for p in lent.rglob("*"))
    assert (tmp_path / "secret").exists()


def test_files_and_links_that_stay_are_kept(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("x")
    (tmp_path / "same").symlink_to("d/f")
    assert folders.clean([tmp_path]) == ()
    assert (tmp_path / "same").read_text() == "x"


def test_a_link_to_a_folder_is_not_walked(tmp_path):
    outside, lent = tmp_path / "outside", tmp_path / "lent"
    outside.mkdir()
    lent.mkdir()
    os.mkfifo(outside / "pipe")
    (lent / "door").symlink_to(outside)
    folders.clean([lent])
    assert stat.S_ISFIFO((outside / "pipe").stat().st_mode)
    assert list(lent.iterdir()) == []


def test_show_opens_the_folder_itself_and_nothing_below(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "f").touch(mode=0o600)
    folders.show([closed])
    assert stat.S_IMODE(closed.stat().st_mode) == 0o755
    assert stat.S_IMODE((closed / "f").stat().st_mode) == 0o600


def test_room_speaks_when_the_disk_is_nearly_full(tmp_path, monkeypatch):
    free = [10 << 30]
    monkeypatch.setattr(folders, "_free", lambda _folder: free[0])
    room = folders.Room([tmp_path])
    assert room.reached() == ""
    free[0] = folders.RESERVE - 1
    assert room.reached() == "file"


def test_a_disk_that_was_nearly_full_before_can_still_be_used(tmp_path, monkeypatch):
    free = [folders.RESERVE // 2]
    monkeypatch.setattr(folders, "_free", lambda _folder: free[0])
    room = folders.Room([tmp_path])
    assert room.reached() == ""
    free[0] //= 4
    assert room.reached() == "file"


def test_runs_that_share_a_folder_share_the_user_id_so_that_neither_loses_it(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    assert folders.uid_for([one, other]) == folders.uid_for([other, one])
    assert folders.uid_for([one]) in folders.UIDS
    assert folders.uid_for([]) in folders.UIDS
