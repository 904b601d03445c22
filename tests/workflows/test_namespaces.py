"""User namespaces are let loose on hosted runners alone, before the change is there, and by nothing but one setting."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.workflows.rules import STRANGERS, events, loaded

pytestmark = pytest.mark.integration
FOLDER = Path(__file__).parents[2] / ".github"
SCRIPT = (FOLDER / "actions" / "validate" / "namespaces").read_text(encoding="utf-8")
KERNEL = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
BOXED = {"ci": "ci", "red-team": "measure", "validate": "stage"}
"""Jobs that start the sandbox, by workflow."""
ASKED = "-n sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0"


def ran(folder: Path, kernel: str | None, where: str | None, sudo: int = 0) -> tuple[int, str, str]:
    """The script on a machine whose kernel says so: its code, what it printed, and what sudo was asked for."""
    file, asked = folder / "kernel", folder / "asked"
    if kernel is not None:
        file.write_text(kernel)
    (folder / "sudo").write_text(f'#!/bin/sh\nprintf "%s" "$*" >> "{asked}"\nexit {sudo}\n')
    (folder / "sudo").chmod(0o755)
    assert SCRIPT.count(KERNEL) == 1
    env = {"PATH": f"{folder}:{os.environ['PATH']}"} | ({} if where is None else {"RUNNER_ENVIRONMENT": where})
    argv = ["sh", "-c", SCRIPT.replace(KERNEL, str(file))]
    done = subprocess.run(argv, env=env, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr, asked.read_text() if asked.exists() else ""


def test_a_hosted_runner_that_restricts_them_is_asked_to_let_go(tmp_path: Path) -> None:
    assert ran(tmp_path, "1\n", "github-hosted") == (0, "", ASKED)


@pytest.mark.parametrize(
    ("kernel", "where"),
    [("0\n", "github-hosted"), (None, "github-hosted"), ("1\n", "self-hosted"), ("1\n", None), ("1\n", "")],
)
def test_any_other_machine_is_left_as_it_is(tmp_path: Path, kernel: str | None, where: str | None) -> None:
    assert ran(tmp_path, kernel, where) == (0, "", "")


def test_a_runner_that_refuses_goes_on_and_says_what_follows(tmp_path: Path) -> None:
    code, said, asked = ran(tmp_path, "1\n", "github-hosted", sudo=1)
    assert (code, asked) == (0, ASKED)
    assert said.startswith("::notice::")
    assert "Landlock" in said


@pytest.mark.parametrize("name", BOXED)
def test_a_job_that_starts_the_sandbox_does_so_first(name: str) -> None:
    job = loaded((FOLDER / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))["jobs"][BOXED[name]]
    first = job["steps"][0]
    assert first["run"] == SCRIPT.split("set -eu\n", 1)[1], "before the checkout, and the same everywhere"
    assert first.keys() == {"name", "run"}


def test_no_other_job_does_and_none_that_does_holds_a_secret_or_a_right() -> None:
    for path in sorted((FOLDER / "workflows").iterdir()):
        flow = loaded(path.read_text(encoding="utf-8"))
        for name, job in flow["jobs"].items():
            if "sysctl" not in str(job):
                assert BOXED.get(path.stem) != name
                continue
            assert BOXED[path.stem] == name
            assert job["permissions"] == {"contents": "read"}
            assert "secrets." not in str(job)
            assert "environment" not in job
            assert events(flow) & STRANGERS or "schedule" in events(flow)


def test_the_action_does_so_before_it_judges_unless_told_not_to() -> None:
    action = loaded((FOLDER / "actions" / "validate" / "action.yml").read_text(encoding="utf-8"))
    first, second = action["runs"]["steps"]
    assert first["run"] == '"$ACTION/namespaces"'
    assert first["if"] == "${{ inputs.namespaces == 'lift' }}"
    assert second["id"] == "judge"
    assert action["inputs"]["namespaces"]["default"] == "lift"
    assert "sysctl" not in (FOLDER / "actions" / "validate" / "judge").read_text(encoding="utf-8")
