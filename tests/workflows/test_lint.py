"""The linters of workflows, actions and settings find nothing in ours, and do find what is wrong."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SCHEMAS = {
    "vendor.github-workflows": "workflows/*.yml",
    "vendor.github-actions": "actions/*/action.yml",
    "vendor.github-issue-forms": "ISSUE_TEMPLATE/[!c]*.yml",
    "vendor.github-issue-config": "ISSUE_TEMPLATE/config.yml",
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


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_hold_to_their_schema(schema: str) -> None:
    files = sorted(map(str, (ROOT / ".github").glob(SCHEMAS[schema])))
    assert files
    done = run(ROOT, "check-jsonschema", "--builtin-schema", schema, *files)
    assert done.returncode == 0, done.stdout


def test_a_misspelt_key_breaks_the_schema(tmp_path: Path) -> None:
    file = tmp_path / "x.yml"
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    file.write_text(text.replace("timeout-minutes", "timeout-minute"))
    assert run(tmp_path, "check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(file)).returncode == 1


def test_renovates_settings_hold_to_their_schema(tmp_path: Path) -> None:
    file = ROOT / "renovate.json"
    assert run(ROOT, "check-jsonschema", "--builtin-schema", "vendor.renovate", str(file)).returncode == 0
    wrong = tmp_path / "renovate.json"
    wrong.write_text(file.read_text().replace('"automerge": false', '"automerge": "perhaps"'))
    assert run(tmp_path, "check-jsonschema", "--builtin-schema", "vendor.renovate", str(wrong)).returncode == 1
