"""The main job on embedded defaults: the command of the README's first screen, and all that it has to show."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.sandbox import find
from bot.app.demo.model import STEPS

pytestmark = [pytest.mark.journey, pytest.mark.demo]
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _boxed() -> None:
    """A host without any sandbox fails here, with why."""
    name = find().name
    if name != "bubblewrap":
        pytest.skip(
            f"in the sandbox {name}, the only one that works on this host, some of the product's tests cannot run"
        )


def test_every_outcome_is_observed(tmp_path: Path) -> None:
    facts, page = tmp_path / "demo.json", tmp_path / "demo.html"
    command = [sys.executable, "-m", "bot", "demo", "--json", str(facts), "--report", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seen = json.loads(facts.read_text()) if facts.exists() else {}
    missed = {s["id"]: s["facts"] for s in seen.get("steps", []) if s["status"] != "ok"}
    assert not missed, f"{missed}\n{done.stdout[-3000:]}{done.stderr[-2000:]}"
    assert done.returncode == 0
    assert [step["id"] for step in seen["steps"]] == list(STEPS)
    assert seen["outcome"] == "passed"
    assert len([p for p in seen["proposals"] if p["outcome"] == "refused"]) >= 5
    assert len([p for p in seen["proposals"] if p["outcome"] == "reverted"]) == 1
    text = page.read_text()
    assert "<svg" in text
    assert "src=" not in text
    assert "<script" not in text
