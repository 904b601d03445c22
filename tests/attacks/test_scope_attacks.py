"""THREATS 3, 7, 8, 15: a change that blinds its referee, hides in its names, or reaches for the rules."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from bot.core.change import FileChange
from bot.core.charter import Charter, Quotas, Ward
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.improve.doors import Gate
from bot.improve.stages.scope import judge
from tests.improve.stages.static.builders import Files, gate_of

PRODUCT = {"pkg/__init__.py": "", "pkg/sums.py": "def add(a, b):\n    return a + b\n", ".github/charter.toml": "#\n"}
WARDS = (
    Ward("*", Tier.VALIDATED),
    Ward("/rules/", Tier.SEALED, ("@owner",)),
    Ward("/.github/", Tier.SEALED, ("@owner",)),
)


def judged(
    tmp: Path, head: Files, base: Files = PRODUCT, moved: dict[str, str] | None = None, **fields: object
) -> Verdict:
    fields = {"charter": Charter(wards=WARDS), **fields}
    return judge(gate_of(tmp, base, head, moved, **fields))


def part(verdict: Verdict, name: str) -> Status:
    found = verdict.find(name)
    assert found is not None
    return found.status


def test_a_harmless_edit_passes_every_check(tmp_path: Path) -> None:
    verdict = judged(tmp_path, PRODUCT | {"pkg/sums.py": "def add(a, b):\n    return b + a\n"})
    assert verdict.passed, verdict.because


def test_the_engine_may_not_touch_what_is_sealed_at_either_end_of_a_rename(tmp_path: Path) -> None:
    base = PRODUCT | {"rules/one.py": "X = 1\n"}
    edited = judged(tmp_path / "a", base | {"rules/one.py": "X = 2\n"}, base)
    away = judged(tmp_path / "b", PRODUCT | {"pkg/one.py": "X = 1\n"}, base, {"pkg/one.py": "rules/one.py"})
    into = judged(tmp_path / "c", base | {"rules/two.py": "X = 1\n"}, base)
    for verdict in (edited, away, into):
        assert part(verdict, "paths") is Status.FAIL
    people = judged(tmp_path / "d", base | {"rules/one.py": "X = 2\n"}, base, by_engine=False)
    assert part(people, "paths") is Status.PASS


def test_ground_without_a_ward_is_sealed(tmp_path: Path) -> None:
    charter = Charter(wards=(Ward("/pkg/", Tier.SAFE),))
    verdict = judged(tmp_path, PRODUCT | {"new/one.py": "X = 1\n"}, charter=charter)
    assert part(verdict, "paths") is Status.FAIL


def test_size_is_bounded_for_the_engine_only(tmp_path: Path) -> None:
    charter = Charter(wards=WARDS, quotas=Quotas(max_lines=5, max_files=1))
    big = PRODUCT | {"pkg/big.py": "X = 1\n" * 6}
    many = PRODUCT | {"pkg/a.py": "A = 1\n", "pkg/b.py": "B = 1\n"}
    assert part(judged(tmp_path / "a", big, charter=charter), "size") is Status.FAIL
    assert part(judged(tmp_path / "b", many, charter=charter), "size") is Status.FAIL
    assert part(judged(tmp_path / "c", big, charter=charter, by_engine=False), "size") is Status.PASS


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_links_and_submodules_are_refused(tmp_path: Path, mode: str) -> None:
    gate = gate_of(tmp_path, PRODUCT, PRODUCT | {"pkg/odd": "x\n"}, charter=Charter(wards=WARDS))
    odd = tuple(replace(c, mode=mode) for c in gate.changes)
    assert part(judge(replace(gate, changes=odd)), "files") is Status.FAIL


@pytest.mark.parametrize(
    "name", [".gitattributes", "pkg/.gitmodules", "sitecustomize.py", "pkg/cheat.pth", "usercustomize.py"]
)
def test_files_that_git_or_python_obey_are_refused(tmp_path: Path, name: str) -> None:
    assert part(judged(tmp_path, PRODUCT | {name: "import os\n"}), "files") is Status.FAIL


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    gate = gate_of(tmp_path, PRODUCT, PRODUCT | {"pkg/blob.bin": b"\0\1"}, charter=Charter(wards=WARDS))
    blob = tuple(replace(c, binary=True) for c in gate.changes)
    assert part(judge(replace(gate, changes=blob)), "files") is Status.FAIL


NAMES = [
    "pkg/a\u202eyp.py",
    "pkg/a\u200bb.py",
    "pkg/a\nb.py",
    "-rf.py",
    "pkg/a b.py ",
    "pkg/con.py",
    "pkg/a;b|c.py",
    "pkg/GIT~1/x",
    "pkg/.GIT/config",
    "../out.py",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_deceive_are_refused(tmp_path: Path, name: str) -> None:
    gate = gate_of(tmp_path, PRODUCT, PRODUCT, charter=Charter(wards=WARDS))
    assert part(judge(named(gate, name)), "names") is Status.FAIL


def named(gate: Gate, name: str) -> Gate:
    path = PurePosixPath(name)
    return replace(gate, changes=(FileChange(path, path, "delete"),))


def test_a_name_that_differs_only_in_case_is_refused(tmp_path: Path) -> None:
    gate = gate_of(tmp_path, PRODUCT, PRODUCT | {"pkg/SUMS.py": "X = 1\n"}, charter=Charter(wards=WARDS))
    assert part(judge(gate), "names") is Status.FAIL


@pytest.mark.parametrize("char", ["\u202e", "\u2066", "\u200b", "\u00ad", "\x1b", "\ufeff"])
def test_unseen_characters_in_an_added_line_are_refused(tmp_path: Path, char: str) -> None:
    head = PRODUCT | {"pkg/sums.py": f"def add(a, b):\n    return a + b  # {char}x\n"}
    assert part(judged(tmp_path, head), "characters") is Status.FAIL


SILENCED = [
    "# noqa",
    "# noqa: S102",
    "# type: ignore",
    "# type: ignore[arg-type]",
    "# pragma: no cover",
    "# nosec",
    "# pylint: disable=all",
    "# mypy: ignore-errors",
    "# fmt: off",
    "# ruff: noqa",
    "# pragma: no mutate",
]


@pytest.mark.parametrize("comment", SILENCED)
def test_a_new_silencer_is_refused(tmp_path: Path, comment: str) -> None:
    head = PRODUCT | {"pkg/sums.py": f"def add(a, b):\n    return a + b  {comment}\n"}
    assert part(judged(tmp_path, head), "ignores") is Status.FAIL


def test_a_silencer_that_only_moves_is_no_offence(tmp_path: Path) -> None:
    base = PRODUCT | {"pkg/sums.py": "X = 1  # noqa: F841\nY = 2\n"}
    assert (
        part(judged(tmp_path / "a", base | {"pkg/sums.py": "Y = 2\nX = 1  # noqa: F841\n"}, base), "ignores")
        is Status.PASS
    )
    moved = base | {"pkg/sums.py": "Y = 2\n", "pkg/more.py": "X = 1  # noqa: F841\n"}
    assert part(judged(tmp_path / "b", moved, base), "ignores") is Status.PASS
    text = base | {"pkg/sums.py": "X = 1  # noqa: F841\nY = '# noqa'\n"}
    assert part(judged(tmp_path / "c", text, base), "ignores") is Status.PASS


def test_ignored_warnings_are_refused(tmp_path: Path) -> None:
    head = PRODUCT | {"pkg/sums.py": "import warnings\n\nwarnings.filterwarnings('ignore')\n"}
    assert part(judged(tmp_path, head), "ignores") is Status.FAIL


TOML = (
    '[project]\nname = "x"\nversion = "1"\n\n'
    '[tool.ruff.lint]\nselect = ["E"]\n\n[tool.coverage.report]\nfail_under = 90\n'
)
CONFIGURED = {
    "threshold lowered": ("pyproject.toml", TOML.replace("90", "10")),
    "rule dropped": ("pyproject.toml", TOML.replace('["E"]', "[]")),
    "file ignored": ("pyproject.toml", TOML + '\n[tool.ruff.lint.per-file-ignores]\n"pkg/*" = ["E"]\n'),
    "omit added": ("pyproject.toml", TOML + '\n[tool.coverage.run]\nomit = ["pkg/*"]\n'),
    "warnings ignored": ("pyproject.toml", TOML + '\n[tool.pytest.ini_options]\nfilterwarnings = ["ignore"]\n'),
    "ini beside it": ("setup.cfg", "[mypy]\nignore_errors = True\n"),
    "pytest.ini": ("pytest.ini", "[pytest]\naddopts = -k nothing\n"),
    "coveragerc": (".coveragerc", "[run]\nomit = *\n"),
    "nested ruff.toml": ("pkg/ruff.toml", "select = []\n"),
    "workflow": (".github/workflows/ci.yml", "on: push\n"),
    "pre-commit": (".pre-commit-config.yaml", "repos: []\n"),
    "broken": ("pyproject.toml", TOML + "\n[tool.ruff\n"),
}


@pytest.mark.parametrize("name", CONFIGURED)
def test_the_validators_are_not_configured_by_what_they_judge(tmp_path: Path, name: str) -> None:
    path, content = CONFIGURED[name]
    base = PRODUCT | {"pyproject.toml": TOML}
    assert part(judged(tmp_path / "a", base | {path: content}, base), "configuration") is Status.FAIL
    people = judged(tmp_path / "b", base | {path: content}, base, by_engine=False)
    assert part(people, "configuration") is Status.PENDING


def test_the_products_own_settings_are_not_the_validators(tmp_path: Path) -> None:
    base = PRODUCT | {"pyproject.toml": TOML}
    head = base | {"pyproject.toml": TOML.replace('version = "1"', 'version = "2"')}
    assert part(judged(tmp_path, head, base), "configuration") is Status.PASS


def test_a_weakened_test_fails_the_stage_by_name(tmp_path: Path) -> None:
    base = PRODUCT | {
        "tests/test_sums.py": "from pkg.sums import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
    }
    head = base | {"tests/test_sums.py": "from pkg.sums import add\n\n\ndef test_add():\n    assert add(1, 2)\n"}
    verdict = judged(tmp_path, head, base)
    assert verdict.status is Status.FAIL
    assert "an assertion is loosened" in verdict.because
