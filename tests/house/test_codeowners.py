"""CODEOWNERS is generated from the charter, and fresh."""

from pathlib import Path

from bot.policy.charter import parse
from bot.policy.codeowners import agree, same

ROOT = Path(__file__).parents[2]
CHARTER = parse((ROOT / ".github/charter.toml").read_text())
TEXT = (ROOT / "CODEOWNERS").read_text()


def test_codeowners_is_what_the_charter_generates() -> None:
    verdict = same(TEXT, CHARTER)
    assert verdict.passed, verdict.because


def test_codeowners_and_charter_agree_on_every_file() -> None:
    kept = ("bot", "tests", "docs", "scripts", "benchmarks", ".github", "changelog.d")
    files = [path.relative_to(ROOT) for folder in kept for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path.relative_to(ROOT) for path in ROOT.iterdir() if path.is_file()]
    verdict = agree(files, TEXT, CHARTER)
    assert verdict.passed, verdict.because


def test_no_second_codeowners_overrules_it() -> None:
    assert not (ROOT / ".github/CODEOWNERS").exists()
