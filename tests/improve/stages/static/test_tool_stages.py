"""V-2 to V-6 with the real tools: what base had is no finding, what head brings is."""

from pathlib import Path

import pytest

from bot.core.verdict import Status, Verdict
from bot.improve.doors import NOT_APPLICABLE, Gate
from bot.improve.stages import all_stages
from tests.improve.stages.static.builders import Files, gate_of

pytestmark = pytest.mark.integration

CODE = "def add(a: int, b: int) -> int:\n    return a + b\n"
RUFF = '[project]\nname = "x"\n\n[tool.ruff.lint]\nselect = ["E", "F", "B"]\n'
MYPY = "\n[tool.mypy]\nstrict = true\n"
BASE = {"pkg/__init__.py": "", "pkg/sums.py": CODE, "pyproject.toml": RUFF}


async def verdict(name: str, tmp: Path, head: Files, base: Files = BASE, **fields: object) -> tuple[Verdict, Gate]:
    gate = gate_of(tmp, base, head, **fields)
    (gate.scratch / name).mkdir()
    (stage,) = all_stages([name])
    return await stage.run(gate, {}), gate


async def test_format_names_what_does_not_parse(tmp_path: Path) -> None:
    found, _ = await verdict("format", tmp_path, BASE | {"pkg/sums.py": "def add(:\n"})
    assert found.status is Status.FAIL
    assert "does not parse" in found.because


async def test_format_takes_the_bases_configuration_and_forgives_what_was_unformatted(tmp_path: Path) -> None:
    loose = BASE | {"pkg/sums.py": CODE + "\n\nX = {  'a':1 }\n"}
    found, _ = await verdict("format", tmp_path / "a", loose)
    assert found.status is Status.FAIL
    was, _ = await verdict("format", tmp_path / "b", loose | {"pkg/sums.py": loose["pkg/sums.py"] + "Y = 1\n"}, loose)
    assert was.passed
    told = BASE | {
        "pkg/sums.py": loose["pkg/sums.py"],
        "pyproject.toml": RUFF + '\n[tool.ruff.format]\nexclude = ["*"]\n',
    }
    own, _ = await verdict("format", tmp_path / "c", told)
    assert own.status is Status.FAIL


async def test_format_without_python_has_no_subject(tmp_path: Path) -> None:
    found, _ = await verdict("format", tmp_path, BASE | {"README.md": "x\n"})
    assert NOT_APPLICABLE in found.facts


@pytest.mark.slow
async def test_types_count_only_new_errors_and_never_write_what_the_head_left(tmp_path: Path) -> None:
    old = CODE + "\n\ndef old() -> str:\n    return 1\n"
    base = BASE | {"pyproject.toml": RUFF + MYPY, "pkg/sums.py": old}
    same, gate = await verdict("types", tmp_path / "a", base | {"pkg/sums.py": "# sums\n" + old}, base)
    assert same.passed, same.because
    kept = sorted((gate.cache / "mypy").rglob("errors.json"))
    assert len(kept) == 1
    worse = base | {"pkg/sums.py": old + "\n\ndef new() -> str:\n    return 2\n"}
    found, _ = await verdict("types", tmp_path / "b", worse, base, cache=gate.cache)
    assert found.status is Status.FAIL
    assert "Incompatible return value type" in found.because
    hidden = base | {"pkg/sums.py": old + "\n\ndef new() -> str:\n    return 2  # type: ignore\n"}
    silenced, _ = await verdict("types", tmp_path / "c", hidden, base, cache=gate.cache)
    assert silenced.status is Status.FAIL
    assert sorted((gate.cache / "mypy").rglob("errors.json")) == kept


async def test_types_without_a_configuration_have_no_subject(tmp_path: Path) -> None:
    found, _ = await verdict("types", tmp_path, BASE | {"pkg/sums.py": CODE + "X = 1\n"})
    assert NOT_APPLICABLE in found.facts


async def test_lint_counts_only_new_findings(tmp_path: Path) -> None:
    base = BASE | {"pkg/sums.py": "import os\n\n\n" + CODE}
    same, _ = await verdict("lint", tmp_path / "a", base | {"pkg/sums.py": "import os\n\n# sums\n\n\n" + CODE}, base)
    assert same.passed, same.because
    worse, _ = await verdict("lint", tmp_path / "b", base | {"pkg/sums.py": "import os\nimport sys\n\n\n" + CODE}, base)
    assert worse.status is Status.FAIL
    assert "sys" in worse.because


async def test_lint_measures_changed_functions_and_leaves_old_ones_alone(tmp_path: Path) -> None:
    branches = "".join(f"    if a == {n}:\n        return {n}\n" for n in range(10))
    long = f"def many(a: int) -> int:\n{branches}    return a\n"
    new, _ = await verdict("lint", tmp_path / "a", BASE | {"pkg/many.py": long})
    assert new.status is Status.FAIL
    assert "cyclomatic complexity of 11" in new.because
    base = BASE | {"pkg/many.py": long}
    kept, _ = await verdict("lint", tmp_path / "b", base | {"pkg/many.py": long + "X = 1\n"}, base)
    assert kept.passed, kept.because


async def test_lint_names_a_copy_and_not_a_move(tmp_path: Path) -> None:
    body = "def work(a: int) -> int:\n" + "".join(f"    x{n} = a + {n}\n" for n in range(14)) + "    return x13\n"
    base = BASE | {"pkg/work.py": body}
    copied, _ = await verdict("lint", tmp_path / "a", base | {"pkg/again.py": body.replace("work", "again")}, base)
    duplication = copied.find("duplication")
    assert duplication is not None
    assert duplication.status is Status.FAIL
    moved, _ = await verdict("lint", tmp_path / "b", BASE | {"pkg/again.py": body}, base)
    duplication = moved.find("duplication")
    assert duplication is not None
    assert duplication.passed


async def test_security_runs_bandit_and_hears_no_nosec(tmp_path: Path) -> None:
    risky = (
        CODE
        + "\n\ndef digest(a: bytes) -> str:\n    import hashlib\n\n    return hashlib.md5(a).hexdigest()  # nosec\n"
    )
    found, _ = await verdict("security", tmp_path / "a", BASE | {"pkg/sums.py": risky})
    bandit = found.find("bandit")
    assert bandit is not None
    assert bandit.status is Status.FAIL
    base = BASE | {"pkg/sums.py": risky}
    same, _ = await verdict("security", tmp_path / "b", base | {"pkg/sums.py": risky + "X = 1\n"}, base)
    assert same.passed, same.because


async def test_security_finds_a_planted_secret_in_any_file(tmp_path: Path) -> None:
    head = BASE | {"docs/set-up.md": "token: ghp_" + "a1B2" * 9 + "\n"}
    found, _ = await verdict("security", tmp_path, head)
    assert found.status is Status.FAIL
    assert "a1B2a1B2" not in str(found.to_dict())


CONTRACT = """
[tool.importlinter]
root_package = "pkg"

[[tool.importlinter.contracts]]
name = "low knows nothing of high"
type = "forbidden"
source_modules = ["pkg.low"]
forbidden_modules = ["pkg.high"]
"""


async def test_dependencies_hold_the_bases_contracts(tmp_path: Path) -> None:
    base = BASE | {"pyproject.toml": RUFF + CONTRACT, "pkg/low.py": "X = 1\n", "pkg/high.py": "from pkg.low import X\n"}
    fine, _ = await verdict("dependencies", tmp_path / "a", base | {"pkg/low.py": "X = 2\n"}, base)
    assert fine.passed, fine.because
    head = base | {"pkg/low.py": "import pkg.high\n\nX = 1\n", "pyproject.toml": RUFF}
    broken, _ = await verdict("dependencies", tmp_path / "b", head, base)
    contracts = broken.find("contracts")
    assert contracts is not None
    assert contracts.status is Status.FAIL
    assert "low knows nothing of high" in contracts.because
