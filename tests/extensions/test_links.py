import pytest

ANN, BOB = "400000000000000001", "400000000000000002"


@pytest.fixture
def linked(town):
    town.at_home("", "root")
    return town


async def link(town, by: str, member: str, login: str, guild: str | None = None):
    return await town.registry().call("link_member", {"user": member, "login": login}, town.caller(by, guild))


async def test_who_may_link(linked) -> None:
    assert (await link(linked, "eve", ANN, "maintainer", "")).fate == "refused"
    assert linked.records.scan("links") == []
    assert (await link(linked, "root", ANN, "@Maintainer", "")).fate == "ok"
    assert linked.records.get("links", ANN)["login"] == "Maintainer"
    assert ("Root (root)", "link", "none -> Maintainer") in linked.audit.acts()


async def test_a_linked_maintainer_links_others_at_home_only(town) -> None:
    town.records.put("links", ANN, {"login": "Maintainer"})
    town.records.put("links", BOB, {"login": "somebody"})
    assert (await link(town, ANN, BOB, "octocat")).fate == "ok"
    assert town.records.get("links", BOB)["login"] == "octocat"
    assert (await link(town, BOB, BOB, "maintainer")).fate == "refused", "nobody makes a maintainer of themselves"
    assert (await link(town, ANN, BOB, "x", "100000000000000002")).fate == "refused"
    assert town.records.get("links", BOB)["login"] == "octocat"
    assert (await link(town, ANN, BOB, "none")).result.key == "gone"
    assert town.records.get("links", BOB) is None


@pytest.mark.parametrize("login", ["a b", "-x", "x" * 40, "x/y", "../x"])
async def test_what_is_no_login(linked, login: str) -> None:
    assert (await link(linked, "root", ANN, login, "")).result.key == "bad_login"
    assert linked.records.scan("links") == []
