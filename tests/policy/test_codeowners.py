"""CODEOWNERS says the same as the charter, in GitHub's reading of it."""

from pathlib import PurePosixPath

import pytest

from bot.core.charter import Charter, Ward
from bot.core.tier import Tier
from bot.core.verdict import Status
from bot.policy.codeowners import Line, agree, generate, owners_of, read, same
from tests.policy.builders import CHARTER

FILES = [PurePosixPath(name) for name in ("a", "infra/a", "chat/a", "docs/a", "tests/test_a.py", "tests/b.py")]


def test_owners_stand_at_tier_three_and_above_only() -> None:
    lines = read(generate(CHARTER))
    assert lines[0] == Line("*", ("@root",))
    assert lines[1] == Line("/infra/", ("@olga", "@org/ops"))
    assert lines[4] == Line("/chat/", ())
    assert len(lines) == len(CHARTER.wards)
    assert owners_of("chat/a.py", lines) == ()
    assert owners_of("infra/a", lines) == ("@olga", "@org/ops")
    assert owners_of("new/a", lines) == ("@root",)
    assert owners_of("new/a", lines[1:]) == ()


def test_what_is_generated_agrees_with_the_charter() -> None:
    text = generate(CHARTER)
    assert same(text, CHARTER).status is Status.PASS
    assert agree(FILES, text, CHARTER).status is Status.PASS


def test_an_empty_charter_owns_nothing() -> None:
    assert read(generate(Charter(()))) == ()
    assert agree(FILES, generate(Charter(())), Charter(())).passed


@pytest.mark.parametrize("edit", [lambda t: t + "/docs/ @evil\n", lambda t: t.replace("@olga", "@evil", 1)])
def test_a_difference_is_shown_with_the_fix(edit: object) -> None:
    text = edit(generate(CHARTER))
    verdict = same(text, CHARTER)
    assert verdict.status is Status.FAIL
    assert "@evil" in verdict.because
    assert "codeowners --write" in verdict.because
    assert agree(FILES, text, CHARTER).status is Status.FAIL


def test_missing_text_is_a_difference() -> None:
    assert same("", CHARTER).status is Status.FAIL
    assert "3 of 6 files" in agree(FILES, "", CHARTER).because


def test_a_difference_of_the_last_line_end_is_one() -> None:
    verdict = same(generate(CHARTER).rstrip("\n"), CHARTER)
    assert verdict.status is Status.FAIL
    assert "end of the file" in verdict.because


def test_reading_follows_github() -> None:
    text = "# comment\n\n*.js  @js # inline\n/my\\ docs/ @d @e\n/gone/\n![x] @f\n   \n/c\\#d @g\n"
    assert read(text) == (
        Line("*.js", ("@js",)),
        Line(r"/my\ docs/", ("@d", "@e")),
        Line("/gone/", ()),
        Line(r"/c\#d", ("@g",)),
    )


def test_a_ward_for_additions_gives_no_owner() -> None:
    charter = Charter((Ward("/tests/", Tier.CRITICAL, ("@o",)), Ward("/tests/*.py", Tier.SAFE, only_adds=True)))
    lines = read(generate(charter))
    assert owners_of("tests/a.py", lines) == ()
    assert owners_of("tests/x/a.py", lines) == ("@o",)
