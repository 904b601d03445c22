"""What the doctor says of Argo CD: whatever is wrong with the application is one row, with what mends it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from bot.app.doctor_argocd import examine
from bot.app.environment import Secret
from bot.app.road_settings import RoadSettings
from bot.core.verdict import Status, Verdict
from tests.deploy import crds
from tests.servers.argocd.cluster import Document
from tests.servers.argocd.house import APPLICATION, House, built

pytestmark = [
    pytest.mark.integration,  # it runs git and servers
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not crds.there(), reason=crds.ABSENT),
]
NAMES = ["argocd", "argocd permissions", "argocd auto-sync", "argocd windows"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with built(tmp_path_factory.mktemp("argocd")) as made:
        yield made


def given(house: House, **changed: Any) -> RoadSettings:
    plain: dict[str, Any] = {
        "github_repository": "OWNER/Megawatts",
        "prometheus_url": "http://localhost:9090",
        "argocd_server": house.peer.url,
        "argocd_auth_token": Secret("all-rights"),
        "argocd_application": APPLICATION,
        "argocd_project": "megawatts",
    }
    return RoadSettings(**(plain | changed))


async def said(house: House, **changed: Any) -> dict[str, Verdict]:
    found = await asyncio.to_thread(examine, given(house, **changed))
    return {one.name: one for one in found}


async def test_all_is_well_and_nothing_was_changed(house: House) -> None:
    del house.peer.asked[:]
    found = await said(house)
    assert list(found) == NAMES
    assert {name: one.status for name, one in found.items()} == dict.fromkeys(NAMES, Status.PASS)
    assert found["argocd"].because.startswith(f"{APPLICATION} follows main of OWNER/Megawatts: ")
    assert {one.method for one in house.peer.asked} == {"GET"}
    assert not any("refresh" in one.query for one in house.peer.asked), "Argo CD is not made to look at git either"


async def test_no_argo_cd_is_a_choice(house: House) -> None:
    (only,) = (await said(house, argocd_server="")).values()
    assert (only.name, only.status) == ("argocd", Status.PASS)
    assert "not used" in only.because


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"argocd_auth_token": Secret("stolen-elsewhere")}, "make a new one and set ARGOCD_AUTH_TOKEN"),
        ({"argocd_auth_token": Secret("")}, "argocd account generate-token"),
        ({"argocd_application": "another"}, "check ARGOCD_APPLICATION and ARGOCD_PROJECT"),
        ({"argocd_application": "No Name"}, "ARGOCD_APPLICATION is no name"),
        ({"argocd_project": "theirs"}, "check ARGOCD_APPLICATION and ARGOCD_PROJECT"),
        ({"argocd_server": "http://argocd.example"}, "give https://"),
        ({"argocd_server": "http://127.0.0.1:9"}, "check ARGOCD_SERVER and the way there"),
    ],
)
async def test_without_the_application_there_is_one_row_that_says_why(
    house: House, changed: dict[str, Any], because: str
) -> None:
    (only,) = (await said(house, **changed)).values()
    assert (only.name, only.status) == ("argocd", Status.FAIL)
    assert because in only.because
    assert "stolen-elsewhere" not in only.because


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"github_repository": ""}, "GITHUB_REPOSITORY is not"),
        ({"prometheus_url": ""}, "PROMETHEUS_URL is not"),
        ({"github_repository": "octo/bot"}, "OWNER/megawatts.git, not octo/bot: name its application"),
        ({"github_base_branch": "trunk"}, "follows main, not trunk: let targetRevision"),
    ],
)
async def test_an_application_of_something_else_is_not_well(
    house: House, changed: dict[str, Any], because: str
) -> None:
    found = await said(house, **changed)
    assert found["argocd"].status is Status.FAIL
    assert because in found["argocd"].because
    assert all(found[name].passed for name in NAMES[1:]), "and hides nothing else"


@pytest.mark.parametrize(
    ("token", "because"),
    [
        ("reader", "lacks `applications, sync` and `applications, update` on megawatts/megawatts-bot"),
        ("too-much", "may create, delete, override megawatts/megawatts-bot, which nothing here needs"),
    ],
)
async def test_a_token_with_too_few_or_too_many_rights(house: House, token: str, because: str) -> None:
    found = await said(house, argocd_auth_token=Secret(token))
    assert found["argocd permissions"].status is Status.FAIL
    assert because in found["argocd permissions"].because
    assert "docs/argocd.md" in found["argocd permissions"].because
    assert found["argocd auto-sync"].passed


@pytest.mark.parametrize(("path", "name"), [("can-i", NAMES[1]), ("syncwindows", NAMES[3])])
async def test_what_could_not_be_asked_is_not_well_and_hides_nothing(house: House, path: str, name: str) -> None:
    house.peer.fail(path, 500, {"code": 2, "message": "no database"})
    found = await said(house)
    assert found[name].status is Status.INCONCLUSIVE
    assert "no database" in found[name].because
    assert all(one.passed for other, one in found.items() if other != name)


async def edited(house: House, change: Callable[[Document], None]) -> Document:
    """Somebody's edit; what was before, to put it back."""
    before = await house.argo.document()
    after: Document = {**before, "metadata": {**before["metadata"]}, "spec": {**before["spec"]}}
    change(after)
    await house.cluster_put(after)
    return before


def off(document: Document) -> None:
    document["spec"]["syncPolicy"] = {"syncOptions": []}


def disabled(document: Document) -> None:
    document["spec"]["syncPolicy"] = {"automated": {"enabled": False}}


@pytest.mark.parametrize("change", [off, disabled])
async def test_auto_sync_that_is_off_keeps_merges_from_running(
    house: House, change: Callable[[Document], None]
) -> None:
    before = await edited(house, change)
    found = (await said(house))["argocd auto-sync"]
    await house.cluster_put(before)
    assert found.status is Status.FAIL
    assert "set spec.syncPolicy.automated" in found.because
    assert "held" not in found.because


async def test_a_hold_of_the_loop_is_told_from_people_who_switched_it_off(house: House) -> None:
    await house.deployer.hold("bad: messages\nx")
    found = (await said(house))["argocd auto-sync"]
    await house.deployer.release()
    assert found.status is Status.FAIL
    assert "held by the loop (bad: messages x)" in found.because
    assert (await said(house))["argocd auto-sync"].passed


WINDOW = {"kind": "deny", "schedule": "0 22 * * *", "duration": "8h"}


@pytest.mark.parametrize(
    ("windows", "status", "because"),
    [
        ({"canSync": True}, Status.PASS, "at any hour"),
        ({"canSync": True, "assignedWindows": [WINDOW]}, Status.PASS, "1 apply and let syncs through now"),
        ({"canSync": True, "assignedWindows": [WINDOW], "activeWindows": [WINDOW]}, Status.FAIL, "denies syncs now"),
        (
            {"assignedWindows": [{**WINDOW, "kind": "allow"}]},
            Status.FAIL,
            "a revert waits as long: take the application",
        ),
        ({}, Status.FAIL, "a rollback would be refused now"),
    ],
)
async def test_a_window_that_keeps_a_revert_waiting(
    house: House, windows: Document, status: Status, because: str
) -> None:
    before, house.peer.windows = house.peer.windows, windows
    found = (await said(house))["argocd windows"]
    house.peer.windows = before
    assert (found.status, because in found.because) == (status, True), found.because
