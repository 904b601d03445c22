"""What a fork lacks is written; what people have made theirs is not touched without a word."""

import re
from pathlib import Path

import pytest

from bot.app.setup.files import Differing, File, Wish, lay_out, product
from bot.core.errors import Misconfigured
from bot.policy import codeowners, people
from bot.policy.charter import PATH, parse
from bot.policy.repository_setup import Action

ROOT = Path(__file__).parents[3]
CHARTER = re.sub(r"^owners = .*", 'owners = ["@maintainer"]', (ROOT / PATH).read_text(), flags=re.MULTILINE)
CHARTER = re.sub(r"^maintainers = .*", 'maintainers = ["maintainer"]', CHARTER, flags=re.MULTILINE)
"""The product's own, as it is before a fork names its people."""
FLOW = ".github/workflows/validate.yml"
OWN = {
    PATH: File(CHARTER),
    FLOW: File("on:\n  push:\n    branches: [main]\n"),
    ".github/actions/validate/judge": File("#!/bin/sh\n", executable=True),
}
ANN = Wish(("ann", "bob"))


def after(there: dict[str, str], wish: Wish = ANN) -> dict[str, str]:
    """The fork's files once the layout is written."""
    return there | {path: file.text for path, file in lay_out(OWN, there, wish).write.items()}


def actions(there: dict[str, str], wish: Wish = ANN) -> dict[str, Action]:
    return {row.name: row.action for row in lay_out(OWN, there, wish).changes}


def test_an_empty_repository_gets_everything() -> None:
    there = after({})
    assert set(there) == {*OWN, codeowners.PATH, people.PATH}
    assert parse(there[PATH]).maintainers == ("ann", "bob")
    assert codeowners.same(there[codeowners.PATH], parse(there[PATH])).passed
    assert "@maintainer" not in there[codeowners.PATH]
    assert "@ann @bob" in there[codeowners.PATH]
    assert people.parse(there[people.PATH]).links == {}
    assert lay_out(OWN, {}, ANN).write[".github/actions/validate/judge"].executable


FORKED = (
    CHARTER.replace(
        'maintainers = ["maintainer"]', 'maintainers = [\n  "old-owner",  # since 2024\n  "second-owner",\n]'
    )
    .replace('owners = ["@maintainer"]', 'owners = ["@old-owner", "@guild/people"]')
    .replace('home_guild = ""', 'home_guild = "323456789012345678"')
    .replace('base_branch = "main"', "base_branch = 'trunk'")
    + '\n[teams]\n"guild/people" = ["third-owner", "second-owner"]\n'
)
"""The charter of a checkout that has its own people."""


def test_from_a_checkout_that_names_people_an_empty_repository_gets_its_own() -> None:
    assert parse(FORKED).maintainers == ("old-owner", "second-owner"), "or nothing is tried here"
    own = OWN | {PATH: File(FORKED)}
    made = {path: file.text for path, file in lay_out(own, {}, ANN).write.items()}
    found = parse(made[PATH])
    assert (found.maintainers, found.home_guild, found.base_branch) == (("ann", "bob"), "", "main")
    assert {owner for ward in found.wards for owner in ward.owners} == {"@ann", "@bob"}
    assert not found.teams
    for name in ("old-owner", "second-owner", "third-owner", "guild/people", "323456789012345678", "trunk"):
        assert not any(name in text for text in made.values()), name
    assert [one.pattern for one in found.wards] == [one.pattern for one in parse(FORKED).wards]
    assert found.health == parse(FORKED).health
    mine = {
        path: file.text for path, file in lay_out(own, {}, Wish(("ann",), "423456789012345678", "dev")).write.items()
    }
    assert (parse(mine[PATH]).home_guild, parse(mine[PATH]).base_branch) == ("423456789012345678", "dev")


@pytest.mark.parametrize(
    ("was", "row"),
    [
        ('maintainers = ["maintainer"]', 'maintainers = ["old-owner"] # ['),
        ('owners = ["@maintainer"]', 'owners = [ # a ] in a comment\n  "@old-owner" ]'),
        ('owners = ["@maintainer"]', '"owners" = ["@old-owner"]'),
        ('home_guild = ""', 'home_guild = """323456789012345678"""'),
    ],
)
def test_people_who_are_named_in_another_way_never_come_along(was: str, row: str) -> None:
    text = CHARTER.replace(was, row, 1)
    assert parse(text) != parse(CHARTER), "or nothing is tried here"
    try:
        made = lay_out(OWN | {PATH: File(text)}, {}, ANN).write
    except Misconfigured:
        return
    assert not any("old-owner" in file.text or "323456789012345678" in file.text for file in made.values())


def test_a_second_time_changes_nothing() -> None:
    there = after({})
    assert set(actions(there).values()) == {Action.SAME}
    assert set(actions(there, Wish()).values()) == {Action.SAME}, "nobody has to be named again"
    assert lay_out(OWN, there, Wish()).write == {}


def test_a_forks_placeholder_gives_way_to_its_people() -> None:
    there = {PATH: CHARTER, codeowners.PATH: codeowners.generate(parse(CHARTER))}
    assert actions(there)[PATH] is Action.UPDATE
    assert actions(there)[codeowners.PATH] is Action.UPDATE
    made = after(there, Wish(("ann",), home_guild="123456789012345678"))
    assert parse(made[PATH]).maintainers == ("ann",)
    assert parse(made[PATH]).home_guild == "123456789012345678"
    assert made[PATH].count("#") == CHARTER.count("#"), "what people wrote beside it stays"


def test_nobody_named_is_refused() -> None:
    with pytest.raises(Misconfigured, match="--maintainer LOGIN"):
        lay_out(OWN, {}, Wish())


@pytest.mark.parametrize("login", ["", "a b", '"]\nmaintainers = ["eve', "@ann", "org/team", "x" * 40])
def test_what_is_no_login_is_refused(login: str) -> None:
    with pytest.raises(Misconfigured, match="no login"):
        lay_out(OWN, {}, Wish((login,)))


@pytest.mark.parametrize("guild", ["12", "guild", '1"\nx = "'])
def test_what_is_no_guild_is_refused(guild: str) -> None:
    with pytest.raises(Misconfigured, match="--home-guild"):
        lay_out(OWN, {}, Wish(("ann",), home_guild=guild))


@pytest.mark.parametrize("base", ['x"\ny = "', "../x", "a b", "-x"])
def test_what_is_no_branch_is_refused(base: str) -> None:
    with pytest.raises(Misconfigured):
        lay_out(OWN, {}, Wish(("ann",), base_branch=base))


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(("eve",)), "names other maintainers"),
        (Wish(("ann", "bob", "eve")), "names other maintainers"),
        (Wish(home_guild="223456789012345678"), "another home guild"),
        (Wish(base_branch="trunk"), "another base branch"),
    ],
)
def test_a_charter_that_is_theirs_is_never_changed(wish: Wish, said: str) -> None:
    there = after({})
    layout = lay_out(OWN, there, wish)
    assert (layout.write, layout.charter) == ({}, None)
    assert [row.action for row in layout.changes] == [Action.CONFLICT]
    assert said in layout.changes[0].because


def test_letters_of_a_login_may_be_of_either_case() -> None:
    assert actions(after({}), Wish(("Bob", "ANN")))[PATH] is Action.SAME


def test_a_charter_that_does_not_hold_is_a_conflict_and_nothing_is_built_on_it() -> None:
    layout = lay_out(OWN, {PATH: "wards = 3"}, ANN)
    assert layout.write == {}
    assert "does not hold" in layout.changes[0].because


def test_codeowners_that_people_wrote_is_a_conflict_that_cannot_be_kept() -> None:
    there = after({}) | {codeowners.PATH: "* @eve\n"}
    for differing in (Differing.REFUSE, Differing.KEEP):
        assert actions(there, Wish(differing=differing))[codeowners.PATH] is Action.CONFLICT
    replaced = after(there, Wish(differing=Differing.REPLACE))
    assert codeowners.same(replaced[codeowners.PATH], parse(replaced[PATH])).passed


def test_a_stale_one_is_generated_anew() -> None:
    there = after({})
    stale = there | {codeowners.PATH: there[codeowners.PATH] + "/docs/ @eve\n"}
    assert actions(stale)[codeowners.PATH] is Action.UPDATE
    assert after(stale) == there


def test_a_codeowners_that_github_would_read_first_is_a_conflict() -> None:
    assert actions(after({}) | {".github/CODEOWNERS": ""})[".github/CODEOWNERS"] is Action.CONFLICT


def test_a_workflow_of_theirs_is_refused_kept_or_replaced() -> None:
    there = after({}) | {FLOW: "mine"}
    assert actions(there)[FLOW] is Action.CONFLICT
    assert actions(there, Wish(differing=Differing.KEEP))[FLOW] is Action.KEEP
    assert after(there, Wish(differing=Differing.KEEP))[FLOW] == "mine"
    assert lay_out(OWN, there, Wish(differing=Differing.KEEP)).workflows[FLOW] == "mine"
    assert after(there, Wish(differing=Differing.REPLACE))[FLOW] == OWN[FLOW].text


def test_workflows_follow_the_base_branch() -> None:
    made = after({}, Wish(("ann",), base_branch="release/2"))
    assert parse(made[PATH]).base_branch == "release/2"
    assert 'branches: ["release/2"]' in made[FLOW]
    assert "main" not in made[FLOW]


def test_the_list_of_people_is_never_written_over() -> None:
    mine = '[people]\n"123456789012345678" = "ann"\n'
    there = after({}) | {people.PATH: mine}
    assert after(there, Wish(differing=Differing.REPLACE))[people.PATH] == mine


def test_the_products_own_files_are_those_that_are_there() -> None:
    found = product(ROOT)
    assert PATH in found
    assert ".github/PULL_REQUEST_TEMPLATE.md" in found
    assert not any("CODEOWNERS" in path or path == people.PATH for path in found)
    made = lay_out(found, {}, ANN)
    assert made.charter is not None
    assert all(row.action is Action.CREATE for row in made.changes)


def test_without_a_checkout_the_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="from a checkout"):
        product(tmp_path)
