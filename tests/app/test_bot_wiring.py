from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import bot_wiring
from bot.app.bot_wiring import World, assemble, charter_beside, product_version
from bot.chat import catalogue
from bot.core.errors import Misconfigured
from bot.core.tier import Tier
from bot.core.votes import Quorum
from bot.sdk.testing import DictRecords
from bot.votes.service import Question

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = "a" * 40


def intent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "odd.toml").write_text(text)
    monkeypatch.setattr(catalogue, "load", lambda _folder: (catalogue.read(tmp_path / "odd.toml"),))


def test_an_intent_may_only_name_a_tool_that_is_there(tmp_path, monkeypatch) -> None:
    intent(tmp_path, monkeypatch, "tool = 'sudo'\n[patterns]\nany = ['x']\n")
    with pytest.raises(Misconfigured, match=r"odd\.toml: tool 'sudo' does not exist; use one of"):
        assemble(World(DictRecords()))


def test_an_intent_may_only_give_arguments_that_the_tool_has(tmp_path, monkeypatch) -> None:
    intent(tmp_path, monkeypatch, "tool = 'roll_dice'\n[patterns]\nany = ['(?P<sides>x)']\n")
    with pytest.raises(Misconfigured, match=r"odd\.toml: 'sides' is no argument of 'roll_dice'"):
        assemble(World(DictRecords()))


@pytest.mark.parametrize(("days", "counts"), [(90, True), (3, False)])
def test_a_vote_that_the_charter_would_not_count_is_refused(days: int, counts: bool) -> None:
    votes = assemble(World(DictRecords(), quorum=Quorum())).votes
    votes.meet("ann", "Ann", NOON - timedelta(days=days))
    question = Question(3, HEAD, "x", "y", Tier.VALIDATED)
    votes.open_poll(question, opened=NOON, closes=NOON + timedelta(hours=1))
    verdict = votes.cast(3, HEAD, "ann", "for", NOON)
    assert verdict.passed is counts
    if not counts:
        assert "30 days of account" in verdict.because


def test_the_charters_quorum(tmp_path: Path) -> None:
    assert isinstance(charter_beside().quorum, Quorum)
    assert charter_beside(tmp_path) is None
    file = tmp_path / ".github" / "charter.toml"
    file.parent.mkdir()
    file.write_text("wards = 3")
    assert charter_beside(tmp_path) is None


def test_a_bare_tree_has_a_version_too(monkeypatch) -> None:
    def missing(_name: str) -> str:
        raise bot_wiring.PackageNotFoundError

    monkeypatch.setattr(bot_wiring, "version", missing)
    assert product_version() == "0"
