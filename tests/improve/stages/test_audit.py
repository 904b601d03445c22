"""V-6 asks about exactly the releases that are declared anew, and passes only what was answered well."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.adapters.advisories.client import Auditor
from bot.adapters.advisories.transport import Service
from bot.app.gate_factory import audit_rules, auditor_of
from bot.app.road_settings import RoadSettings
from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict
from bot.improve.doors import Gate
from bot.improve.stages import dependencies
from bot.improve.stages._audit import exact, licence_of, releases
from bot.improve.stages._requirements import Declared, Requirement
from bot.improve.stages.dependencies import both, packages
from bot.policy.dependency_audit import Package, Rules, Severity
from tests.improve.stages.static.builders import gate_of
from tests.servers.advisories import JINJA, World, serving

PYPROJECT = '[project]\nname = "x"\ndependencies = ["flask>=3"]\n'
FLASK = "flask==3.0 \\\n    --hash=sha256:" + "f" * 64 + "\n"
BASE = {"pkg/__init__.py": "", "pyproject.toml": PYPROJECT, "requirements.lock": FLASK}


@pytest.fixture
async def world() -> AsyncIterator[tuple[World, str]]:
    made = World()
    async with serving(made) as url:
        yield made, url


@pytest.fixture(autouse=True)
def _without_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else V-6 looks at starts programs and has tests of its own."""

    async def none(gate: Gate) -> tuple[()]:
        return ()

    monkeypatch.setattr(dependencies, "contracts", none)
    monkeypatch.setattr(dependencies, "undeclared", lambda gate: ())


def asking(url: str) -> Auditor:
    return Auditor(Service("OSV", "OSV_API_BASE", url), Service("the index", "PYPI_JSON_BASE", f"{url}/pypi"))


async def judged(tmp: Path, head: Mapping[str, str], url: str = "", **fields: Any) -> Verdict:
    gate = gate_of(tmp, BASE, {**BASE, **head}, auditor=asking(url) if url else None, **fields)
    return await dependencies.STAGE.run(gate, {})


def found(verdict: Verdict) -> str:
    return "\n".join(map(str, verdict.children[-1].facts.get("findings", ())))  # type: ignore[union-attr, arg-type]


def locked(name: str, version: str, digest: str) -> dict[str, str]:
    return {"requirements.lock": f"{FLASK}{name}=={version} \\\n    --hash=sha256:{digest}\n"}


async def test_a_locked_release_that_nothing_is_known_against_passes(tmp_path: Path, world: tuple[World, str]) -> None:
    peer, url = world
    verdict = await judged(tmp_path, locked("jinja2", "3.1.6", peer.lists("jinja2", "3.1.6")), url)
    assert verdict.status is Status.PASS, found(verdict)
    assert verdict.facts["fresh_seconds"] == 6 * 3600, "what the world knows today may not count for ever"
    assert peer.asked == ["POST /v1/querybatch", "GET /pypi/jinja2/3.1.6/json"], "flask stays, and is not asked about"


async def test_a_known_vulnerability_fails_with_its_ids_and_what_mends_it(
    tmp_path: Path, world: tuple[World, str]
) -> None:
    peer, url = world
    head = locked("jinja2", "2.10", peer.lists("jinja2", "2.10"))
    verdict = await judged(tmp_path / "a", head, url)
    assert verdict.status is Status.FAIL
    assert "GHSA-462w-v97r-4m45, CVE-2019-10906" in found(verdict)
    assert "(high); mended in 2.10.1 [vulnerable]" in found(verdict)
    assert "sandbox that does not hold" not in found(verdict)
    assert verdict.children[-1].facts["count"] == 1, "told once, though two databases know of it"
    lenient = await judged(tmp_path / "b", head, url, audit=Rules(Severity.CRITICAL))
    assert lenient.status is Status.PENDING
    by_people = await judged(tmp_path / "c", head, url, by_engine=False)
    assert by_people.status is Status.FAIL, "people do not install it either"


async def test_a_raised_version_is_audited_and_so_is_a_lowered_one(tmp_path: Path, world: tuple[World, str]) -> None:
    peer, url = world
    peer.records = [JINJA | {"affected": [JINJA["affected"][0] | {"package": {"name": "flask", "ecosystem": "PyPI"}}]}]  # type: ignore[index]
    digest = peer.lists("flask", "2.0")
    lowered = {"requirements.lock": f"flask==2.0 \\\n    --hash=sha256:{digest}\n"}
    verdict = await judged(tmp_path, lowered, url)
    assert verdict.status is Status.FAIL
    assert "flask 2.0 has the known vulnerability" in found(verdict)


async def test_without_an_answer_people_decide(tmp_path: Path, world: tuple[World, str]) -> None:
    peer, url = world
    head = locked("jinja2", "3.1.6", peer.lists("jinja2", "3.1.6"))
    nobody = await judged(tmp_path / "a", head)
    assert nobody.status is Status.PENDING
    assert "nobody is asked" in found(nobody)
    peer.status = 503
    silent = await judged(tmp_path / "b", head, url)
    assert silent.status is Status.PENDING
    assert "OSV is unavailable: it answered 503" in found(silent)
    assert "its licence and age are not known" in found(silent)


async def test_what_the_index_has_not_or_is_young_or_asks_for_all_does_not_pass(
    tmp_path: Path, world: tuple[World, str]
) -> None:
    peer, url = world
    absent = await judged(tmp_path / "a", locked("jinja2", "3.9", "0" * 64), url)
    assert absent.status is Status.FAIL
    assert "not on the index" in found(absent)
    peer.lists("jinja2", "3.1.6")
    foreign = await judged(tmp_path / "b", locked("jinja2", "3.1.6", "e" * 64), url)
    assert foreign.status is Status.FAIL
    assert "a hash that the index has not" in found(foreign)
    young = peer.lists("markupsafe", "3.0")
    peer.releases["markupsafe/3.0"]["urls"][0]["upload_time_iso_8601"] = "2999-01-01T00:00:00Z"
    assert (await judged(tmp_path / "c", locked("markupsafe", "3.0", young), url)).status is Status.PENDING
    free = locked("click", "9.0", peer.lists("click", "9.0", license_expression="AGPL-3.0-only"))
    assert (await judged(tmp_path / "d", free, url)).status is Status.FAIL
    odd = locked("idna", "4.0", peer.lists("idna", "4.0", license_expression="LicenseRef-X"))
    assert (await judged(tmp_path / "e", odd, url)).status is Status.PENDING


async def test_a_range_counts_as_what_the_lock_has_and_waits_without_one(
    tmp_path: Path, world: tuple[World, str]
) -> None:
    peer, url = world
    head = locked("jinja2", "3.1.6", peer.lists("jinja2", "3.1.6"))
    head["pyproject.toml"] = PYPROJECT.replace('"flask>=3"', '"flask>=3", "jinja2>=3"')
    assert (await judged(tmp_path / "a", head, url)).status is Status.PASS
    alone = {"pyproject.toml": PYPROJECT.replace("flask>=3", "flask>=3.1"), "requirements.lock": "# nothing\n"}
    waits = await judged(tmp_path / "b", alone, url)
    assert waits.status is not Status.PASS
    assert "flask has no exact version that could be audited" in found(waits)


def requirement(name: str, spec: str, path: str = "requirements.lock", *hashes: str) -> Requirement:
    return Requirement(name, spec, PurePosixPath(path), "file", frozenset(hashes))


@pytest.mark.parametrize(
    ("spec", "version"),
    [
        ("==1.0", "1.0"), ("=== 1.0", "1.0"), ("==1.0 ; python_version < '3.12'", "1.0"),
        ("==1!2.0rc1+local", "1!2.0rc1+local"),
        ("==1.*", ""), (">=1.0", ""), ("==1.0,<2", ""), ("", ""), ("@ https://x/y-1.0.whl", ""), ("~=1.0", ""),
    ],
)  # fmt: skip
def test_an_exact_version_is_one_that_allows_no_other(spec: str, version: str) -> None:
    assert exact(requirement("x", spec)) == version


def test_each_release_is_asked_about_once_with_all_its_hashes() -> None:
    one = requirement("x", "==1.0", "requirements.lock", "sha256:a")
    other = requirement("x", "==1.0", "dev-requirements.txt", "sha256:b")
    wanted, unpinned = releases(Declared(), Declared((one, other, requirement("y", ">=1"))))
    assert [(row.package, row.hashes) for row in wanted] == [(Package("x", "1.0"), {"sha256:a", "sha256:b"})]
    assert [row.name for row in unpinned] == ["y"]
    assert releases(Declared((one, other)), Declared((one, other))) == ([], [])


def test_the_settings_say_who_is_asked(tmp_path: Path) -> None:
    assert auditor_of(RoadSettings(osv_api_base="off"), tmp_path) is None
    assert auditor_of(RoadSettings(), tmp_path) is not None
    with pytest.raises(Misconfigured, match="PYPI_JSON_BASE"):
        auditor_of(RoadSettings(pypi_json_base="http://mirror.example"), tmp_path)
    assert audit_rules(RoadSettings(audit_severity="HIGH", audit_min_age_days=0)) == Rules(Severity.HIGH, 0)
    for wrong in ("none", "", "severe"):
        with pytest.raises(Misconfigured, match="AUDIT_SEVERITY"):
            audit_rules(RoadSettings(audit_severity=wrong))


def test_the_installed_package_states_its_licence_where_nobody_else_does() -> None:
    assert licence_of("pytest") == "MIT"
    assert licence_of("surely-not-installed") == ""


UV = """version = 1
[[package]]
name = "x"
version = "0.1"
source = { virtual = "." }
[[package]]
name = "Jinja2"
version = "2.10"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files/x.tar.gz", hash = "sha256:aa" }
wheels = [{ url = "https://files/x.whl", hash = "sha256:bb" }]
[[package]]
name = "mine"
version = "1"
source = { git = "https://example.org/mine?rev=1" }
"""
POETRY = """[[package]]
name = "jinja2"
version = "2.10"
files = [{file = "x.whl", hash = "sha256:bb"}]
[[package]]
name = "mine"
version = "1"
files = []
[package.source]
type = "git"
url = "https://example.org/mine"
"""
PEP751 = """lock-version = "1.0"
[[packages]]
name = "jinja2"
version = "2.10"
wheels = [{ name = "x.whl", url = "https://files/x.whl", hashes = { sha256 = "bb" } }]
[[packages]]
name = "mine"
vcs = { type = "git", url = "https://example.org/mine" }
"""
PIPENV = (
    '{"_meta": {}, "default": {"jinja2": {"version": "==2.10", "hashes": ["sha256:bb"]}}, '
    '"develop": {"mine": {"git": "https://example.org/mine"}}}'
)


@pytest.mark.parametrize(
    ("name", "content"),
    [("uv.lock", UV), ("poetry.lock", POETRY), ("pylock.toml", PEP751), ("Pipfile.lock", PIPENV)],
)
def test_other_locks_are_read_too(tmp_path: Path, name: str, content: str) -> None:
    base = {"pkg/__init__.py": ""}
    before, after = both(gate_of(tmp_path, base, base | {name: content}))
    assert before == Declared()
    rows = {one.name: one for one in after.requirements}
    assert set(rows) == {"jinja2", "mine"}
    assert exact(rows["jinja2"]) == "2.10"
    assert "sha256:bb" in rows["jinja2"].hashes
    assert rows["mine"].direct


def test_a_lock_of_any_name_that_is_written_as_requirements_is_read(tmp_path: Path) -> None:
    base = {"pkg/__init__.py": "", "tools/router.lock": f"# made by a tool\n\n{FLASK}"}
    head = base | {"tools/router.lock": base["tools/router.lock"] + "jinja2==2.10\n"}
    gate = gate_of(tmp_path, base, head)
    assert {one.rule for one in packages(gate, *both(gate))} == {"unlocked"}


def test_a_lock_that_nobody_can_read_waits_for_people(tmp_path: Path) -> None:
    base = {"pkg/__init__.py": "", "uv.lock": UV}
    for at, head in enumerate(
        ({"uv.lock": "{"}, {"environment.yml": "dependencies: [jinja2]"}, {"Pipfile": "[x]"}, {"Cargo.lock": "x"})
    ):
        gate = gate_of(tmp_path / str(at), base, base | head)
        rules = {one.rule: one.level for one in packages(gate, *both(gate))}
        assert rules["unread"] is Status.PENDING
    same = gate_of(tmp_path / "same", base, base | {"pkg/new.py": ""})
    assert list(packages(same, *both(same))) == []
