"""CODEOWNERS says the same as the charter, in GitHub's reading of it."""

from collections.abc import Callable
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.charter import Charter, Promotion, Ward
from bot.core.tier import Tier
from bot.core.verdict import Status
from bot.policy.codeowners import Line, agree, generate, owners_of, promoted, read, same
from tests.policy.builders import CHARTER, PROPERTY

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
def test_a_difference_is_shown_with_the_fix(edit: Callable[[str], str]) -> None:
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


STAGING = "deploy/environments/staging/bot.yaml"
OPS = Ward("/deploy/", Tier.CRITICAL, ("@olga",))
SEALED = Ward("*", Tier.SEALED, ("@root",))


def lane(*environments: str, wards: tuple[Ward, ...] = (SEALED, OPS)) -> Charter:
    return Charter(wards, promotion=Promotion("p[bot]", environments))


def test_the_file_that_a_promoter_may_write_has_no_owner_and_nothing_else_loses_its() -> None:
    charter = lane("staging")
    lines = read(generate(charter))
    assert owners_of(STAGING, lines) == ()
    kept = ("deploy/environments/production/bot.yaml", f"{STAGING}/x", f"{STAGING}.bak", f"x/{STAGING}", "deploy/a")
    assert {path: owners_of(path, lines) for path in kept} == {
        path: ("@root",) if path.startswith("x/") else ("@olga",) for path in kept
    }
    assert agree(map(PurePosixPath, (STAGING, *kept)), generate(charter), charter).passed
    assert same(generate(charter), charter).passed


def test_codeowners_from_before_the_lane_does_not_agree_and_neither_does_one_without_it() -> None:
    """Both ways: the lane missing keeps promotions waiting, a lane too many opens a file."""
    opened, shut = lane("staging"), Charter((SEALED, OPS))
    for text, charter in ((generate(shut), opened), (generate(opened), shut)):
        assert same(text, charter).status is Status.FAIL
        found = agree([PurePosixPath(STAGING), PurePosixPath("deploy/a")], text, charter)
        assert (found.status, found.facts["files"]) == (Status.FAIL, [STAGING])
    wide = generate(opened) + "/deploy/environments/\n"
    other = PurePosixPath("deploy/environments/production/bot.yaml")
    assert agree([other], wide, opened).status is Status.FAIL


@pytest.mark.parametrize(
    "wards",
    [
        (SEALED,),
        (SEALED, OPS, Ward(f"/{STAGING}", Tier.SEALED, ("@root",))),
        (SEALED, Ward("/deploy/", Tier.VALIDATED)),
        (),
    ],
)
def test_what_is_sealed_or_has_no_owner_gets_no_line(wards: tuple[Ward, ...]) -> None:
    assert generate(lane("staging", wards=wards)) == generate(Charter(wards))
    assert promoted(lane("staging", wards=wards)) == {}


def test_a_ward_behind_the_lane_has_the_last_word() -> None:
    inside = Ward("secret*", Tier.SEALED, ("@root",))
    charter = lane("staging", wards=(SEALED, OPS, inside))
    lines = read(generate(charter))
    assert owners_of(f"{STAGING}/secret.yaml", lines) == ("@root",)
    assert owners_of(STAGING, lines) == ()


@pytest.mark.parametrize("name", ["*", "**", "", "staging/../production", "Staging", "a b", "x/y", "st?ging", "."])
def test_a_name_that_is_no_environments_opens_nothing(name: str) -> None:
    """The charter refuses such a name; what is generated does not trust that it was asked."""
    assert generate(lane(name)) == generate(Charter((SEALED, OPS)))


NAMES = st.sampled_from(["staging", "canary", "production", "*"])
WARDS = st.lists(
    st.sampled_from(
        [
            OPS,
            Ward("/deploy/environments/*/bot.yaml", Tier.CRITICAL, ("@kim",)),
            Ward("bot.yaml", Tier.CRITICAL, ("@kim",)),
            Ward("/deploy/environments/canary/", Tier.SEALED, ("@root",)),
            Ward("/deploy/environments/", Tier.SAFE),
            Ward("*.yaml", Tier.SAFE, only_adds=True),
            Ward(f"/{STAGING}", Tier.VALIDATED),
        ]
    ),
    unique=True,
    max_size=4,
)
PLACES = [
    f"deploy/{middle}{name}/{last}"
    for middle in ("environments/", "", "environments/x/")
    for name in ("staging", "canary", "production")
    for last in ("bot.yaml", "controller.yaml", "bot.yaml/x", "bot.yml")
]


@PROPERTY
@given(WARDS, st.lists(NAMES, max_size=3))
def test_a_lane_never_opens_more_than_the_files_it_names(wards: list[Ward], names: list[str]) -> None:
    charter = lane(*names, wards=(SEALED, *wards))
    there, without = read(generate(charter)), read(generate(Charter(charter.wards)))
    for place in PLACES:
        before, now = owners_of(place, without), owners_of(place, there)
        if place in promoted(charter):
            assert (now, place.count("/"), place.split("/")[2] in names) == ((), 3, True)
        else:
            assert now == before
