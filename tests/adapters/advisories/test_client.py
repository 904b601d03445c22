"""Whatever the two services answer becomes data or one of the house's errors; nothing is known by silence."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.adapters.advisories.client import Auditor
from bot.adapters.advisories.transport import Service, Shelf
from bot.core.errors import Misconfigured, Unavailable
from bot.policy.dependency_audit import Package, Severity
from tests.servers.advisories import JINJA, SAME, World, serving

JINJA2, FLASK = Package("jinja2", "2.10"), Package("flask", "3.0")


@pytest.fixture
async def world() -> AsyncIterator[tuple[World, str]]:
    made = World()
    async with serving(made) as url:
        yield made, url


def auditor(url: str, shelf: Shelf | None = None) -> Auditor:
    return Auditor(
        Service("OSV", "OSV_API_BASE", url, shelf), Service("the index", "PYPI_JSON_BASE", f"{url}/pypi", shelf)
    )


async def test_each_release_has_what_is_known_against_it(world: tuple[World, str]) -> None:
    _, url = world
    known = await auditor(url).advisories([FLASK, JINJA2])
    assert known[FLASK] == ()
    assert [one.ids[0] for one in known[JINJA2]] == [JINJA["id"], SAME["id"]]
    assert known[JINJA2][0].severity is Severity.HIGH
    assert (await auditor(url).advisories([Package("jinja2", "2.10.1")])) == {Package("jinja2", "2.10.1"): ()}


@pytest.mark.parametrize(
    ("vectors", "rating"),
    [
        ([("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N")], Severity.CRITICAL),
        ([("CVSS_V4", "CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N")], Severity.LOW),
        (
            [
                ("CVSS_V3", "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N"),
                ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"),
            ],
            Severity.CRITICAL,
        ),
        ([("CVSS_V4", "CVSS:4.0/AV:N"), ("Ubuntu", "negligible")], None),
    ],
    ids=["by version 4 alone", "a mild one", "the worse one counts", "by nothing that is a vector"],
)
async def test_ratings_are_of_any_version(
    world: tuple[World, str], vectors: list[tuple[str, str]], rating: Severity | None
) -> None:
    peer, url = world
    rows = [{"type": kind, "score": score} for kind, score in vectors]
    peer.records = [SAME | {"severity": rows}]
    known = await auditor(url).advisories([JINJA2])
    assert [one.severity for one in known[JINJA2]] == [rating]


async def test_pages_are_read_to_the_last(world: tuple[World, str]) -> None:
    peer, url = world
    peer.page = 1
    peer.records = [JINJA | {"id": f"PYSEC-2026-{number}", "aliases": []} for number in range(5)]
    known = await auditor(url).advisories([FLASK, JINJA2])
    assert [one.ids[0] for one in known[JINJA2]] == [one["id"] for one in peer.records]
    assert known[FLASK] == ()
    peer.records = [JINJA | {"id": f"PYSEC-2026-{number}"} for number in range(30)]
    with pytest.raises(Unavailable, match="more than 20 pages"):
        await auditor(url).advisories([JINJA2])


async def test_the_index_says_what_it_has(world: tuple[World, str]) -> None:
    peer, url = world
    digest = peer.lists("flask", "3.0")
    known = await auditor(url).releases([FLASK, JINJA2])
    assert known[JINJA2] is None
    found = known[FLASK]
    assert found is not None
    assert (found.licence, list(found.files), found.yanked) == ("MIT", [digest], False)


async def test_an_answer_is_kept_for_a_while_and_a_failure_is_not(world: tuple[World, str], tmp_path: Path) -> None:
    peer, url = world
    clock = [1_000.0]
    shelf = Shelf(tmp_path / "kept", lambda: clock[0])
    peer.status = 503
    with pytest.raises(Unavailable, match="503"):
        await auditor(url, shelf).advisories([JINJA2])
    peer.status = 200
    first = await auditor(url, shelf).advisories([JINJA2])
    count = len(peer.asked)
    assert await auditor(url, shelf).advisories([JINJA2]) == first
    assert len(peer.asked) == count, "asked again"
    for moved in (-10_000.0, 7 * 3600.0):
        clock[0] += moved
        await auditor(url, shelf).advisories([JINJA2])
        assert len(peer.asked) > count, "an answer of a time to come, or of long ago, counted"
        count = len(peer.asked)
    for kept in (tmp_path / "kept").iterdir():
        kept.write_text("{}")
    assert await auditor(url, shelf).advisories([JINJA2]) == first


def answering(body: Any, status: int = 200) -> Callable[[World, web.Request], Awaitable[web.Response]]:
    async def answer(_world: World, _request: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    return answer


@pytest.mark.parametrize(
    "body",
    [
        {}, [], None, {"results": None}, {"results": []}, {"results": [None]}, {"results": [{"vulns": "none"}]},
        {"results": [{"vulns": [{"modified": "x"}]}]}, {"results": [{"vulns": [{"id": "../../v1/query"}]}]},
        {"results": [{}, {}]},
    ],
)  # fmt: skip
async def test_a_batch_that_is_no_answer_is_no_pass(monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    monkeypatch.setattr(World, "batch", answering(body))
    async with serving(World()) as url:
        with pytest.raises(Unavailable, match="OSV"):
            await auditor(url).advisories([JINJA2])


@pytest.mark.parametrize("body", [{}, [], {"id": "CVE-1-1"}])
async def test_a_record_that_is_another_is_no_pass(monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    monkeypatch.setattr(World, "record", answering(body))
    async with serving(World()) as url:
        with pytest.raises(Unavailable, match="no record of GHSA-462w-v97r-4m45"):
            await auditor(url).advisories([JINJA2])


async def test_a_release_that_is_another_is_no_pass(world: tuple[World, str]) -> None:
    peer, url = world
    peer.lists("flask", "3.0")
    peer.releases["jinja2/2.10"] = peer.releases["flask/3.0"]
    with pytest.raises(Unavailable, match="another release"):
        await auditor(url).releases([JINJA2])


@pytest.mark.parametrize(("status", "error"), [(429, Unavailable), (500, Unavailable), (400, Misconfigured)])
async def test_a_refusal_is_no_pass(world: tuple[World, str], status: int, error: type[Exception]) -> None:
    peer, url = world
    peer.status = status
    with pytest.raises(error, match=str(status)):
        await auditor(url).advisories([JINJA2])


async def test_a_redirect_is_not_followed_and_silence_is_waited_for_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def elsewhere(_world: World, _request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/pypi/flask/3.0/json"})

    monkeypatch.setattr(World, "batch", elsewhere)
    made = World()
    async with serving(made) as url:
        with pytest.raises(Misconfigured, match="OSV_API_BASE"):
            await auditor(url).advisories([JINJA2])
    assert made.asked == ["POST /v1/querybatch"]
    with pytest.raises(Unavailable, match="OSV is unavailable: no answer"):
        await auditor(url).advisories([JINJA2])


async def test_too_many_advisories_are_for_people(world: tuple[World, str]) -> None:
    peer, url = world
    peer.page = 1_000
    peer.records = [JINJA | {"id": f"PYSEC-2026-{number}"} for number in range(301)]
    with pytest.raises(Unavailable, match="301 advisories"):
        await auditor(url).advisories([JINJA2])
    assert len(peer.asked) == 1


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "https://", "https://user@host", "https://host?q=1", "http://api.osv.dev", "http://10.0.0.1"]
)
def test_an_address_that_is_none_or_that_others_could_answer_for_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="OSV_API_BASE"):
        Service("OSV", "OSV_API_BASE", url)
