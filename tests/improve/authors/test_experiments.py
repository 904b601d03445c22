"""The end of an experiment changes the lines of its flag, and nothing else."""

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.core.change import Patch, Refusal
from bot.improve.analysts.experiments import Experiments
from bot.improve.authors.experiments import Settler, settled
from bot.improve.doors import Profile
from bot.policy.flags_file import PATH, parse
from tests.improve.analysts.conftest import Here

HINT = """[near_hint] # by ada
family = "experimental"
what = "x"
owner = "y"
share = 50
"""
TRIAL = """
[near_hint.experiment]
# why: nobody knows
metric = "unanswered"
minimum = 50
"""
OTHER = """
# of the other
[warm_tone]
family = "behavioural"
what = "x = y"
owner = "share = 3"
default = "on"
"""
FILE = f"# head\n{HINT}{TRIAL}{OTHER}"
PROFILE = Profile((), (), (), None)


@pytest.mark.parametrize("side", ["on", "off"])
def test_only_the_flags_own_lines_change(side: Any) -> None:
    changed = settled(FILE, "near_hint", side) or ""
    flag = parse(changed)["near_hint"]
    assert (flag.default, flag.share, flag.experiment) == (side, 0.0, None)
    assert parse(changed)["warm_tone"] == parse(FILE)["warm_tone"]
    gone = set(FILE.splitlines()) - set(changed.splitlines())
    assert gone == {"share = 50", "[near_hint.experiment]", 'metric = "unanswered"', "minimum = 50"}
    assert "# of the other" in changed
    assert settled(changed, "near_hint", side) == changed, "done twice it changes nothing more"


@pytest.mark.parametrize(
    "text",
    [
        FILE.replace("share = 50\n", 'share = 50\nexperiment = { metric = "unanswered" }\n').replace(TRIAL, ""),
        FILE.replace("share = 50", 'share = 50\nusers = [\n "1",\n]'),
        "[broken",
        FILE.replace("near_hint", "far_hint"),
    ],
)
def test_what_would_not_be_just_that_is_refused(text: str) -> None:
    assert settled(text, "near_hint", "on") is None


def row(state: str, **more: Any) -> dict[str, Any]:
    return {"state": state, "because": "60 of 100", "figures": {"members_on": 99.0}, **more}


def tree(folder: Path, text: str = FILE) -> Here:
    (folder / PATH).parent.mkdir(parents=True)
    (folder / PATH).write_text(text)
    return Here(folder)


@pytest.mark.parametrize(
    ("state", "side"), [("won", "on"), ("lost", "off"), ("draw", "off"), ("harmful", "off"), ("skewed", "off")]
)
async def test_an_end_leads_to_an_idea_and_to_a_patch(tmp_path: Path, state: str, side: str) -> None:
    work, trial = tree(tmp_path), parse(FILE)["near_hint"].trial
    findings = await Experiments(lambda: [(trial, row(state))]).find(work, PROFILE)
    (idea,) = Settler().ideas(findings)
    assert idea.title == f"end the experiment of near_hint: {side} is the default"
    assert f"is over ({state}): 60 of 100. Figures: members_on 99.0." in idea.why
    patch = await Settler().write(idea, work, PROFILE)
    assert isinstance(patch, Patch)
    assert list(patch.files) == [PurePosixPath(PATH)]
    content = patch.files[PurePosixPath(PATH)] or b""
    assert parse(content.decode())["near_hint"].default == side


async def test_what_runs_was_declared_otherwise_or_is_gone_leads_to_nothing(tmp_path: Path) -> None:
    work, trial = tree(tmp_path), parse(FILE)["near_hint"].trial
    for rows in ([], [(trial, row("running"))], [("near_hint-older", row("won"))], [(trial, {"odd": 1})]):
        assert await Experiments(lambda rows=rows: rows).find(work, PROFILE) == []  # type: ignore[misc]
    assert await Experiments(lambda: [(trial, row("won"))]).find(Here(tmp_path / "none"), PROFILE) == ()


async def test_a_file_that_cannot_be_settled_is_refused(tmp_path: Path) -> None:
    work, trial = tree(tmp_path), parse(FILE)["near_hint"].trial
    (idea,) = Settler().ideas(await Experiments(lambda: [(trial, row("won"))]).find(work, PROFILE))
    (work.path / PATH).write_text("[near_hint]\n")
    assert isinstance(await Settler().write(idea, work, PROFILE), Refusal)
