"""Who is who is said in a sealed file, or it is not known."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.charter import Charter
from bot.core.errors import Misconfigured
from bot.core.ids import Sha, UserId
from bot.core.votes import Approval
from bot.policy.charter import SEALED_CORE
from bot.policy.people import PATH, People, known_logins, parse, vouched

ANN, BOB, EVE = UserId("123456789012345678"), UserId("223456789012345678"), UserId("323456789012345678")
TEXT = f"""
[people]
"{ANN}" = "Ann-Forge"
"{BOB}" = "@bob"
"""
PEOPLE = parse(TEXT)
CHARTER = Charter(wards=(), maintainers=("ann-forge", "@carol"))


def review(reviewer: str, *, approves: bool = False) -> Approval:
    return Approval(reviewer, Sha("a" * 40), datetime(2026, 11, 22, tzinfo=UTC), approves, "it breaks ours")


def test_the_list_lies_where_the_engine_may_not_write() -> None:
    assert any(PATH.startswith(place) for place in SEALED_CORE)


def test_the_products_own_list_holds() -> None:
    assert parse((Path(__file__).parents[2] / PATH).read_text()).links == {}


def test_logins_are_compared_as_forges_do() -> None:
    assert PEOPLE.login_of(ANN) == "ann-forge"
    assert PEOPLE.login_of(BOB) == "bob"
    assert PEOPLE.login_of(EVE) == ""
    assert PEOPLE.members_of("ANN-FORGE") == {ANN}
    assert PEOPLE.members_of("eve") == frozenset()


def test_a_person_may_have_two_accounts() -> None:
    both = parse(f'[people]\n"{ANN}" = "ann"\n"{BOB}" = "Ann"\n')
    assert both.members_of("ann") == {ANN, BOB}


def test_an_empty_list_knows_nobody() -> None:
    assert parse("") == parse("[people]\n") == People()
    assert People().maintainer(ANN, CHARTER) == ""


def test_only_a_linked_maintainer_is_one() -> None:
    assert PEOPLE.maintainer(ANN, CHARTER) == "ann-forge"
    assert PEOPLE.maintainer(BOB, CHARTER) == "", "linked, and no maintainer"
    assert PEOPLE.maintainer(EVE, CHARTER) == "", "not linked"
    assert PEOPLE.maintainer(UserId(""), Charter(wards=(), maintainers=("",))) == ""


def test_a_team_of_the_charter_is_its_people() -> None:
    charter = Charter(wards=(), maintainers=("@octo/core",), teams={"octo/core": ("bob",)})
    assert PEOPLE.maintainer(BOB, charter) == "bob"
    assert PEOPLE.maintainer(ANN, charter) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("people = 3", "not a table"),
        ("[people", "not valid TOML"),
        ("[person]\n", "known are people"),
        ('[people]\n"ann" = "ann"\n', "no member's id"),
        ('[people]\n"12" = "ann"\n', "no member's id"),
        (f'[people]\n"{ANN}" = 7\n', "text in quotes"),
        (f'[people]\n"{ANN}" = ""\n', "no login"),
        (f'[people]\n"{ANN}" = "ann bob"\n', "no login"),
        (f'[people]\n"{ANN}" = "octo/team"\n', "no login"),
        (f'[people]\n"{ANN}" = "-ann"\n', "no login"),
        (f'[people]\n"{ANN}" = "{"a" * 40}"\n', "no login"),
        (f'[people]\n"{ANN}" = "ann"\n"{ANN}" = "eve"\n', "not valid TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_fix(text: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=r"people\.toml") as error:
        parse(text)
    assert said in str(error.value)


def test_every_error_is_told_at_once() -> None:
    with pytest.raises(Misconfigured) as error:
        parse('[people]\n"x" = "ann"\n"y" = "bob"\n')
    assert len(str(error.value).splitlines()) == 2


def test_the_askers_logins_are_all_that_anybody_knows() -> None:
    assert known_logins(ANN, PEOPLE) == {"ann-forge"}
    assert known_logins(ANN, PEOPLE, ["Ann-Two"]) == {"ann-forge", "ann-two"}
    assert known_logins(EVE, PEOPLE, ["eve"]) == {"eve"}
    assert known_logins(EVE, PEOPLE, [""]) == frozenset()
    assert known_logins(None, PEOPLE, ["ann"]) == frozenset()


def test_a_word_counts_only_under_the_login_that_the_list_gives() -> None:
    assert vouched([(ANN, review("Ann-Forge"))], PEOPLE, CHARTER) == (review("Ann-Forge"),)
    forged = [(EVE, review("ann-forge")), (BOB, review("ann-forge")), (BOB, review("bob")), (ANN, review("carol"))]
    assert vouched(forged, PEOPLE, CHARTER) == ()


MEMBERS = st.sampled_from([ANN, BOB, EVE])
LOGINS = st.sampled_from(["ann", "bob", "carol", "eve"])


@given(st.dictionaries(MEMBERS, LOGINS), st.lists(st.tuples(MEMBERS, LOGINS)), st.sets(LOGINS))
def test_nobody_speaks_as_somebody_else(
    links: dict[UserId, str], said: list[tuple[UserId, str]], maintainers: set[str]
) -> None:
    people, charter = People(links), Charter(wards=(), maintainers=tuple(maintainers))
    kept = vouched([(member, review(login)) for member, login in said], people, charter)
    assert {one.reviewer for one in kept} <= maintainers & set(links.values())
    for one in kept:
        assert any(links.get(member) == one.reviewer for member, login in said if login == one.reviewer)
