"""`megawatts judge`: files in, verdict and exit code out."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.app import judge_cmd
from bot.app.commands import COMMANDS
from bot.app.samples_file import read
from bot.core.errors import Misconfigured
from bot.core.health import MetricKind


def _file(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def _run(tmp_path: Path, before: str, after: str, *options: str) -> tuple[int, str]:
    app = typer.Typer()
    judge_cmd.register(app)
    files = ["--baseline", _file(tmp_path, "before.txt", before), "--candidate", _file(tmp_path, "after.txt", after)]
    result = CliRunner().invoke(app, [*files, *options], catch_exceptions=False)
    return result.exit_code, result.stdout


ONES = "1\n" * 10
WORSE = "100\n" * 7 + "1\n" * 3


def test_it_is_in_the_table_of_commands() -> None:
    assert COMMANDS["judge"] == "judge_cmd"


@pytest.mark.parametrize(("after", "code"), [(ONES, 0), (WORSE, 1), ("1\n1\n", 2), ("", 2)])
def test_the_exit_code_is_the_verdict(tmp_path: Path, after: str, code: int) -> None:
    assert _run(tmp_path, ONES, after, "--kind", "latency")[0] == code


def test_json_is_a_verdict_and_nothing_else(tmp_path: Path) -> None:
    code, out = _run(tmp_path, ONES, WORSE, "--kind", "level", "--json")
    found = json.loads(out)
    assert code == 1
    assert found["status"] == "fail"
    assert {"name", "status", "because", "seconds", "facts", "children"} == set(found)


def test_people_see_both_sides_on_one_scale_and_the_reason(tmp_path: Path) -> None:
    _, out = _run(tmp_path, ONES, WORSE, "--kind", "latency")
    assert " baseline ▁▁▁▁▁▁▁▁▁▁\n" in out
    assert "candidate ███████▁▁▁\n" in out
    assert "1 to 100" in out
    assert out.rstrip().splitlines()[-1].startswith("FAIL: worse: median 1 -> 100")


def test_long_series_are_drawn_by_their_peaks_and_holes_by_dots() -> None:
    line = judge_cmd.sparkline([0.0] * 599 + [1.0], 0.0, 1.0)
    assert len(line) == 60
    assert line.endswith("█")
    assert judge_cmd.sparkline([None, 1.0], 0.0, 1.0) == "·█"
    assert judge_cmd.sparkline([], 0.0, 0.0) == "(empty)"


def test_direction_effect_and_minimum_are_options(tmp_path: Path) -> None:
    assert _run(tmp_path, WORSE, ONES, "--kind", "latency")[0] == 0
    assert _run(tmp_path, "9\n" * 20, ONES, "--kind", "latency", "--worse", "down")[0] == 1
    assert _run(tmp_path, "10\n" * 20, "11\n" * 20, "--kind", "latency", "--effect", "0.5")[0] == 0
    assert _run(tmp_path, ONES, ONES, "--kind", "latency", "--minimum", "11")[0] == 2
    assert _run(tmp_path, "10\n" * 20, "5\n" * 20, "--kind", "level")[0] == 1, "a level is worse both ways"


def test_a_rate_reads_bad_and_total(tmp_path: Path) -> None:
    good, bad = "bad,total\n" + "0,10\n" * 10, "# after\n\n3,10\n4, 10\n5\t10\n"
    assert _run(tmp_path, good, bad, "--kind", "rate")[0] == 1
    assert _run(tmp_path, good, good, "--kind", "rate")[0] == 0


def test_times_show_silence(tmp_path: Path) -> None:
    steady = "time,value\n" + "".join(f"2026-01-01T00:{i:02}:00,{i % 3}\n" for i in range(40))
    gap = "".join(f"2026-01-01T00:{i:02}:00,{i % 3}\n" for i in range(40) if not 10 < i < 30)
    holes = "".join(f"{i},{'' if i > 20 else i % 3}\n" for i in range(40))
    assert _run(tmp_path, steady, steady, "--kind", "level")[0] == 0
    assert "silent for 1200 s" in _run(tmp_path, steady, gap, "--kind", "level")[1]
    assert _run(tmp_path, steady, holes, "--kind", "latency")[0] == 1


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("latency", "1\nfast\n", ["line 2", "'fast' is not a number", "one number a line"]),
        ("latency", "1\ninf\n", ["line 2", "'inf'"]),
        ("level", "1,2\n3\n", ["line 2", "1 columns"]),
        ("level", "1,2,3\n", ["line 1", "3 columns"]),
        ("level", "noon,1\n", ["line 1", "'noon' is no time"]),
        ("rate", "1\n", ["line 1", "bad,total rows"]),
        ("rate", "1,10\n11,10\n", ["line 2", "11 bad of 10"]),
        ("rate", "-1,10\n", ["line 1", "-1 bad of 10"]),
    ],
)
def test_a_bad_row_is_named_with_the_fix(tmp_path: Path, kind: MetricKind, text: str, words: list[str]) -> None:
    path = Path(_file(tmp_path, "odd.csv", text))
    with pytest.raises(Misconfigured) as caught:
        read(path, kind)
    assert all(word in str(caught.value) for word in ["odd.csv", *words])


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        read(tmp_path / "absent.txt", "latency")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match="not UTF-8"):
        read(tmp_path / "binary", "latency")


def test_a_rate_row_without_an_answer_is_a_hole(tmp_path: Path) -> None:
    found = read(Path(_file(tmp_path, "f", "1,10\n,\n2,nan\n")), "rate")
    assert found.rows == [(1.0, 10.0)]
    assert found.longest_silence == 2


def test_rows_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    assert read(Path(_file(tmp_path, "f", "3,30\n1,10\n2,\n")), "level").values == (10.0, None, 30.0)


def test_options_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="--alpha"):
        _run(tmp_path, ONES, ONES, "--kind", "latency", "--alpha", "1.5")
    with pytest.raises(Misconfigured, match="--effect"):
        _run(tmp_path, ONES, ONES, "--kind", "latency", "--effect", "-1")
