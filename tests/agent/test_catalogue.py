"""What the house knows of models by name."""

from pathlib import Path

import pytest

from bot.agent.catalogue import FILE, gone, load
from bot.core.errors import Misconfigured
from bot.policy.routing import Price


def test_a_retired_name_has_a_successor_that_is_not_retired_itself() -> None:
    known = load()
    assert known.successor("gpt-3.5-turbo") == "gpt-5-mini"
    assert known.successor("gpt-4") == "gpt-5"
    assert known.successor("gpt-4o-mini-2024-07-18") == "gpt-5-mini"
    assert known.successor("claude-3-5-sonnet-20241022") == "claude-sonnet-4-5"
    for successor in set(known.successors.values()):
        assert known.successor(successor) == "", successor


@pytest.mark.parametrize("name", ["gpt-5", "gpt-4ever", "my-gpt-4", "claude-sonnet-4-5", "", "o10"])
def test_other_names_have_none(name: str) -> None:
    assert load().successor(name) == ""


def test_the_sentence_names_the_model_says_what_became_of_it_and_what_to_set() -> None:
    told = gone("openai", "gpt-3.5-turbo", "OPENAI_MODEL")
    for part in ("openai", "gpt-3.5-turbo", "retired", "gpt-5-mini", "OPENAI_MODEL"):
        assert part in told
    assert "set LLAMA_MODEL to one that it lists" in gone("llama", "nonesuch", "LLAMA_MODEL")


def test_weak_models_are_known_and_all_others_are_good_for_all() -> None:
    known = load()
    assert (known.capable("SmolLM2-135M"), known.tools("SmolLM2-135M")) == (0, False)
    assert (known.capable("llama3.2:1b"), known.tools("llama3.2:1b")) == (1, True)
    assert (known.capable("gpt-5"), known.tools("gpt-5"), known.price("gpt-5")) == (2, True, None)
    assert known.context("SmolLM2-135M") == 2048
    assert known.dearest.output >= 75


def test_a_price_of_ours_wins_by_the_longest_name(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    rows = '[prices]\n"x" = {input = 1, output = 2}\n"x-large" = {input = 3, output = 4}\n'
    file.write_text(FILE.read_text().replace("[prices]\n", rows))
    assert load(file).price("x-large-2026") == Price(3.0, 4.0)
    assert load(file).price("x-small") == Price(1.0, 2.0)


@pytest.mark.parametrize(
    "text", ["", "[", "[successors]\n[prices]\nx = 3\n[dearest]\n[context]\n[capable]\n[no_tools]\n"]
)
def test_a_file_that_does_not_hold_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "models.toml").write_text(text)
    with pytest.raises(Misconfigured, match=r"models\.toml does not hold"):
        load(tmp_path / "models.toml")
