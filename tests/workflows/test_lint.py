"""The linters of workflows, actions and settings find nothing in ours, and do find what is wrong."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import check_jsonschema
import pytest
from click.testing import CliRunner

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SCHEMAS = {
    "vendor.github-workflows": ".github/workflows/*.yml",
    "vendor.github-actions": ".github/actions/*/action.yml",
    "vendor.github-issue-forms": ".github/ISSUE_TEMPLATE/[!c]*.yml",
    "vendor.github-issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    "vendor.renovate": "renovate.json",
}
WRONG = {
    "injection": ("--event", "--event ${{ github.event.pull_request.title }}"),
    "unpinned": ("actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "actions/checkout@v6"),
    "dangerous trigger": ("  pull_request:", "  pull_request_target:"),
    "cache": ("persist-credentials: false", "persist-credentials: false\n      - uses: actions/cache@v4"),
}


def run(cwd: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(cwd)}
    return subprocess.run(
        [str(BIN / argv[0]), *argv[1:]], cwd=cwd, env=env, check=False, capture_output=True, text=True
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True)
    return tmp_path


def test_actionlint_has_nothing_to_say(copied: Path) -> None:
    done = run(copied, "actionlint", "-shellcheck=")
    assert (done.returncode, done.stdout) == (0, "")


def test_actionlint_sees_a_job_that_waits_for_none(copied: Path) -> None:
    file = copied / ".github" / "workflows" / "validate.yml"
    file.write_text(file.read_text().replace("needs: [plan, stage]", "needs: [plan, stages]"))
    assert run(copied, "actionlint", "-shellcheck=").returncode == 1


def test_zizmor_has_nothing_to_say(copied: Path) -> None:
    done = run(copied, "zizmor", "--offline", "--no-progress", ".github")
    assert done.returncode == 0, done.stdout


def test_zizmor_sees_what_is_wrong(copied: Path) -> None:
    folder = copied / ".github" / "workflows"
    text = (folder / "ci.yml").read_text().replace("run: .ci/run", "run: .ci/run --event")
    for name, (old, new) in WRONG.items():
        assert old in text, name
        (folder / f"{name.replace(' ', '-')}.yml").write_text(text.replace(old, new))
    done = run(copied, "zizmor", "--offline", "--no-progress", "--format", "plain", ".github")
    assert done.returncode >= 11, done.stdout
    named = {name for name in WRONG if f"{name.replace(' ', '-')}.yml" in done.stdout}
    assert named == set(WRONG)


def held(schema: str, *files: Path) -> bool:
    """Whether the files hold to a schema that check-jsonschema carries."""
    argv = ["--builtin-schema", schema, *map(str, files)]
    return CliRunner().invoke(check_jsonschema.main, argv).exit_code == 0


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_hold_to_their_schema(schema: str) -> None:
    files = sorted(ROOT.glob(SCHEMAS[schema]))
    assert files
    assert held(schema, *files)


@pytest.mark.parametrize(
    ("schema", "name", "old", "new"),
    [
        ("vendor.github-workflows", ".github/workflows/ci.yml", "timeout-minutes", "timeout-minute"),
        ("vendor.github-actions", ".github/actions/validate/action.yml", "using: composite", "using: composit"),
        ("vendor.renovate", "renovate.json", '"automerge": false', '"automerge": "perhaps"'),
    ],
)
def test_what_is_misspelt_breaks_the_schema(tmp_path: Path, schema: str, name: str, old: str, new: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert old in text
    wrong = tmp_path / Path(name).name
    wrong.write_text(text.replace(old, new))
    assert not held(schema, wrong)
