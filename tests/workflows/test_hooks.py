"""The hooks before a commit: their programs are there, and what they look at exists. Other tests run the programs."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_a_hook_has_a_program_and_a_subject(hook: dict[str, Any]) -> None:
    assert (ROOT / hook["entry"].split()[0]).is_file()
    pattern = re.compile(hook.get("files", r"\.py$"))
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert any(pattern.search(path) for path in listed.splitlines())
