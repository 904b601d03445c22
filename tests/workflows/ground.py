"""A small repository that carries our own workflows, and act, which runs them on this host without containers."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
NAME = "owner/house"
CHARTER = """base_branch = "main"
home_guild = ""
maintainers = ["ann"]
stages = ["scope", "format"]

[[wards]]
patterns = ["*"]
tier = "sealed"
owners = ["@ann"]
why = "new ground"

[[wards]]
patterns = ["/pkg/"]
tier = "safe"
why = "a package"
"""
FILES = {
    "pkg/__init__.py": '"""A package."""\n',
    "pkg/sums.py": 'def add(a: int, b: int) -> int:\n    """The sum."""\n    return a + b\n',
    "pyproject.toml": "[tool.ruff]\nline-length = 100\n",
    ".github/charter.toml": CHARTER,
}
GOOD = {"pkg/sums.py": 'def add(a: int, b: int) -> int:\n    """The sum of both."""\n    return b + a\n'}
BAD = {"pkg/sums.py": "def add(a:int,b:int)->int :\n        return a+b\n"}
SEALED = {"new.txt": "new ground\n"}
SETUP = """#!/bin/sh
# Stands for the house's own script: what it would install is installed.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .venv/bin
printf '#!/bin/sh\\nexec "%s" -m bot "$@"\\n' "$TEST_PYTHON" > .venv/bin/megawatts
chmod +x .venv/bin/megawatts
"""
STUB = """name: stub
description: Stands for an action that speaks to GitHub.
inputs:
  name: {description: x}
  path: {description: x}
  if-no-files-found: {description: x}
  retention-days: {description: x}
runs:
  using: composite
  steps:
    - shell: sh
      run: test -s megawatts.json && test -s megawatts.sarif
"""
ZEROS = "0" * 40


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.invalid", "-c", "commit.gpgsign=false"]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *who, *words], cwd=folder, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def put(folder: Path, files: dict[str, str], message: str = "change") -> str:
    """Write and commit; the new commit."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@dataclass(frozen=True, slots=True)
class Ran:
    """What act did: each job's outcome, all that was printed, and the outcome of all."""

    jobs: dict[str, bool]
    text: str
    code: int


@dataclass(frozen=True, slots=True)
class Ground:
    """The repository, with `main` checked out at `base`."""

    folder: Path
    base: str

    @classmethod
    def make(cls, where: Path) -> "Ground":
        """The workflows and the action are ours, byte for byte."""
        folder = where / "repo"
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch", "main")
        for part in ("workflows", "actions"):
            shutil.copytree(ROOT / ".github" / part, folder / ".github" / part)
        base = put(folder, {**FILES, "scripts/setup": SETUP}, "begin")
        (where / "stub").mkdir()
        (where / "stub" / "action.yml").write_text(STUB)
        return cls(folder, base)

    def change(self, files: dict[str, str], branch: str = "change") -> str:
        """A branch from `main` with these files; its commit. It stays checked out, as a runner has it."""
        git(self.folder, "checkout", "--quiet", "-B", branch, "main")
        return put(self.folder, files)

    def event(self, name: str, head: str, **more: Any) -> dict[str, Any]:
        """The part of GitHub's payload that matters, and strangers' words beside it."""
        repo = {"full_name": NAME}
        hostile = '"; touch hijacked; echo "$(touch hijacked)`touch hijacked`'
        if name == "pull_request":
            here, there = {"sha": self.base, "ref": "main"}, {"sha": head, "ref": more.get("ref", "change")}
            pull = {"number": 7, "title": hostile, "body": hostile, "user": {"login": more.get("login", "ann")}}
            return {
                "repository": repo,
                "pull_request": {**pull, "base": {**here, "repo": repo}, "head": {**there, "repo": repo}},
            }
        if name == "merge_group":
            group = {"base_sha": self.base, "head_sha": head, "head_ref": "refs/heads/gh-readonly-queue/main/pr-7"}
            return {"repository": repo, "merge_group": group, "action": "checks_requested"}
        return {"repository": repo, "before": more.get("before", self.base), "after": head, "ref": "refs/heads/main"}

    def act(
        self,
        name: str,
        workflow: str,
        event: dict[str, Any],
        local: dict[str, Path] | None = None,
        *,
        more: dict[str, str] | None = None,
        first: Path | None = None,
    ) -> Ran:
        """Run one workflow for one event. Actions that speak to GitHub are stubs of the same name and commit; `local`
        are those that are really run, and where they lie; `more` is set in every step; programs in `first` are found
        first."""
        place = self.folder.parent
        payload = place / "event.json"
        payload.write_text(json.dumps(event))
        argv = [
            str(Path(sys.executable).parent / "act"), name,
            "--workflows", f".github/workflows/{workflow}.yml", "--eventpath", str(payload),
            "--platform", "ubuntu-latest=-self-hosted", "--pull=false", "--action-offline-mode", "--json",
            "--action-cache-path", str(place / "cache"), "--env", f"GITHUB_REPOSITORY={NAME}",
            "--env", f"TEST_PYTHON={sys.executable}", "--env", f"PYTHONPATH={ROOT}",
            "--env", f"KEPT={place / 'kept'}",
        ]  # fmt: skip
        stubs = dict.fromkeys(remote(self.folder / ".github" / "workflows" / f"{workflow}.yml"), place / "stub")
        for action, folder in (stubs if local is None else local).items():
            argv += ["--local-repository", f"{action}={folder}"]
        for key, value in (more or {}).items():
            argv += ["--env", f"{key}={value}"]
        path = f"{first}:{os.environ['PATH']}" if first else os.environ["PATH"]
        env = {"PATH": path, "HOME": str(place)}
        done = subprocess.run(argv, check=False, cwd=self.folder, env=env, capture_output=True, text=True, timeout=180)
        rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        jobs = {
            row["job"].split("/", 1)[-1].strip(): row["jobResult"] == "success" for row in rows if "jobResult" in row
        }
        return Ran(jobs, "\n".join(str(row.get("msg", "")) for row in rows) + done.stderr, done.returncode)


def remote(workflow: Path) -> set[str]:
    """The actions of other repositories, as `owner/name@commit`."""
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    used = {step["uses"] for job in jobs for step in job.get("steps", ()) if "uses" in step}
    return {one for one in used if not one.startswith(("./", "actions/checkout@"))}


OTHER = """name: check
on: pull_request
permissions: {}
jobs:
  check:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
        with: {fetch-depth: 0, persist-credentials: false}
      - id: megawatts
        uses: owner/megawatts/.github/actions/validate@%(pin)s
        with:
          stages: scope format
      - if: always()
        shell: sh
        env:
          STATUS: ${{ steps.megawatts.outputs.status }}
        run: printf 'status is %%s\\n' "$STATUS"; mkdir -p "$KEPT"; cp megawatts.sarif megawatts.json "$KEPT"
"""
PIN = "a" * 40


def elsewhere(where: Path) -> tuple[Ground, Path]:
    """Another people's repository without a charter, whose workflow uses the action; and the action's own checkout."""
    action = where / "megawatts"
    shutil.copytree(ROOT / ".github" / "actions", action / ".github" / "actions")
    (action / "scripts").mkdir()
    (action / "scripts" / "setup").write_text(SETUP)
    (action / "scripts" / "setup").chmod(0o755)
    folder = where / "repo"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    files = {name: text for name, text in FILES.items() if "charter" not in name}
    base = put(folder, {**files, ".github/workflows/check.yml": OTHER % {"pin": PIN}}, "begin")
    return Ground(folder, base), action
