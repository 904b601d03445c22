"""What is wrong with a fork on GitHub is named, lock by lock; what could not be seen is never well."""

import copy
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.app.doctor_github import CHECKS, examine
from bot.app.environment import Secret
from bot.app.road_settings import RoadSettings
from bot.app.setup.access import access
from bot.app.setup.files import Wish
from bot.app.setup.on_github import set_up
from bot.app.setup.plan import Choice
from bot.core.verdict import Status, Verdict
from bot.policy import branch_rules, codeowners, people
from bot.policy.app_access import ENGINE, REVERTS, needed
from bot.policy.branch_rules import Apps
from bot.policy.charter import PATH
from tests.app.setup.peer import TOKEN, Repository, served

pytestmark = pytest.mark.integration  # it loads PyGithub and listens on a socket

ROOT = Path(__file__).parents[2]
SECRET = "w" * 32


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Stage:
    """A fork that was set up whole, and its doctor."""

    def __init__(self, repo: Repository, address: str, pem: str) -> None:
        self.repo = repo
        self.given: dict[str, Any] = {
            "github_repository": repo.name,
            "github_api_url": address,
            "github_token": Secret(TOKEN),
            "github_app_id": "11",
            "github_app_private_key": Secret(pem),
            "github_revert_app_id": "22",
            "github_revert_app_private_key": Secret(pem),
            "github_webhook_secret": Secret(SECRET),
        }

    def examine(self, *only: str, **change: Any) -> dict[str, Verdict]:
        return {one.name: one for one in examine(RoadSettings(**(self.given | change)), only)}


@pytest.fixture(scope="module")
def whole(pem: str) -> Iterator[Stage]:
    repo = Repository(
        apps={11: needed(ENGINE), 22: needed(REVERTS)},
        events=list(ENGINE.events),
        hook={"url": "https://bot.example/webhook", "content_type": "json"},
        deliveries=[{"delivered_at": "2026-11-22T12:00:00Z", "event": "push", "status_code": 202, "status": "OK"}],
    )
    with served(repo) as address:
        stage = Stage(repo, address, pem)
        entry, choice = access(given=RoadSettings(**stage.given)), Choice(Apps(11, 22, None))
        set_up(entry, ROOT, Wish(("ann",)), choice, dry_run=False)
        repo.merge()
        outcome = set_up(entry, ROOT, Wish(), choice, dry_run=False)
        repo.secrets = [row.name for row in outcome.rows if row.area == "secret"]
        repo.variables = [row.name for row in outcome.rows if row.area == "variable"]
        yield stage


@pytest.fixture
def stage(whole: Stage) -> Iterator[Stage]:
    """The same, as it was, for each test."""
    before = copy.deepcopy(whole.repo.__dict__)
    yield whole
    whole.repo.__dict__.update(before)


def test_a_fork_that_was_set_up_is_well(stage: Stage) -> None:
    found = stage.examine()
    assert {name: one.because for name, one in found.items() if not one.passed} == {}
    assert list(found) == list(CHECKS)


def test_looking_changes_nothing(stage: Stage) -> None:
    stage.repo.asked.clear()
    stage.examine()
    assert stage.repo.changes() == []
    assert len(stage.repo.asked) < 60


def test_without_a_repository_nothing_is_asked() -> None:
    (only,) = examine(RoadSettings())
    assert (only.name, only.passed) == ("github", True)
    assert "GITHUB_REPOSITORY" in only.because


def test_settings_that_cannot_be_read_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTROLLER_PORT", "many")
    (only,) = examine()
    assert (only.status, "CONTROLLER_PORT" in only.because) == (Status.FAIL, True)


def test_a_repository_that_is_not_there_is_a_failure(stage: Stage) -> None:
    found = stage.examine("github", "github rules", github_repository="octo/none")
    assert found["github"].status is Status.FAIL
    assert found["github rules"].status is Status.INCONCLUSIVE
    assert stage.examine("github", github_repository="none")["github"].status is Status.FAIL


def test_no_answer_holds_a_secret(stage: Stage, pem: str) -> None:
    stage.repo.fails["GET .*"] = (401, {"message": f"Bad credentials {TOKEN}"})
    for one in stage.examine(github_token=Secret("ghp_wrong")).values():
        assert one.status in {Status.FAIL, Status.ERROR}
        assert not any(secret in str(one.to_dict()) for secret in ("ghp_wrong", SECRET, pem))


def loosen(name: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Repository], object]:
    return lambda repo: change(next(one for one in repo.rulesets.values() if one["name"] == name))


def edit(path: str, change: Callable[[str], str]) -> Callable[[Repository], object]:
    return lambda repo: repo.files.update({path: change(repo.files[path])})


FLOW = ".github/workflows/validate.yml"


@pytest.mark.parametrize(
    ("wrong", "check", "said"),
    [
        (lambda r: setattr(r, "scopes", "repo, delete_repo"), "github", "delete_repo"),
        (edit(PATH, lambda t: t.replace('base_branch = "main"', 'base_branch = "trunk"')), "github", "about trunk"),
        (edit(PATH, lambda _: "wards = 3"), "github", "wards"),
        (lambda r: r.files.pop(PATH), "github", "megawatts init"),
        (lambda r: r.apps[11].update(statuses="read"), "github permissions", "statuses needs write"),
        (lambda r: r.apps[11].update(workflows="write"), "github permissions", "workflows has write"),
        (lambda r: r.apps[22].update(statuses="write"), "github permissions", "statuses has write"),
        (lambda r: setattr(r, "suspended", True), "github permissions", "suspended"),
        (lambda r: r.rulesets.clear(), "github rules", "megawatts: always: is missing"),
        (loosen("megawatts: always", lambda f: f.update(enforcement="disabled")), "github rules", "disabled"),
        (
            loosen(
                "megawatts: always",
                lambda f: f["bypass_actors"].append(
                    {"actor_id": 22, "actor_type": "Integration", "bypass_mode": "always"}
                ),
            ),
            "github rules",
            "megawatts: always: bypass: Integration 22",
        ),
        (
            loosen("megawatts: controller", lambda f: f["rules"].pop(0)),
            "github rules",
            "megawatts: controller: creation: the rule is missing",
        ),
        (
            loosen("megawatts: always", lambda f: f["rules"].append({"type": "required_linear_history"})),
            "github merges",
            "a linear history: allow merge commits",
        ),
        (lambda r: r.settings.update(allow_merge_commit=False), "github merges", "settings allow no merge commits"),
        (edit(codeowners.PATH, lambda t: t + "/bot/core/ @eve\n"), "github files", "differs from the charter"),
        (lambda r: r.files.update({".github/CODEOWNERS": ""}), "github files", "read in its place"),
        (edit(people.PATH, lambda _: "[people]\nx = 1\n"), "github files", "no member's id"),
        (
            lambda r: r.codeowners_errors.append({"line": 5, "kind": "Unknown owner", "path": "CODEOWNERS"}),
            "github files",
            "line 5: Unknown owner",
        ),
        (
            edit(FLOW, lambda t: t.replace("\n  gate:\n", "\n  other:\n")),
            "github checks",
            "no workflow has a job named gate",
        ),
        (
            lambda r: r.actions["actions/checkout"].update({"v6.0.2": ("commit", "f" * 40)}),
            "github actions",
            "v6.0.2 is ffffffffffff, and the pin is de0fac2e4500",
        ),
        (lambda r: r.actions.pop("anchore/scan-action"), "github actions", "anchore/scan-action has no tag v7.3.2"),
        (edit(FLOW, lambda t: t.replace(" # v6.0.2", "", 1)), "github actions", "says no version"),
        (lambda r: r.variables.clear(), "github names", "MEGAWATTS_ENGINE_LOGIN"),
        (lambda r: r.hook.update(url="http://bot.example"), "github webhook", "not https"),
        (lambda r: r.events.remove("push"), "github webhook", "does not hear push"),
        (lambda r: r.deliveries[0].update(status_code=401), "github webhook", "ended with 401"),
        (lambda r: r.deliveries[0].update(status_code=None), "github webhook", "ended with 0"),
        (lambda r: setattr(r, "skew", timedelta(minutes=-5)), "github clock", "ahead"),
        (lambda r: setattr(r, "skew", timedelta(minutes=5)), "github clock", "behind"),
    ],
)
def test_each_thing_that_is_wrong_is_named(stage: Stage, wrong: Any, check: str, said: str) -> None:
    wrong(stage.repo)
    found = stage.examine(check)[check]
    assert found.status is Status.FAIL
    assert said in found.because


@pytest.mark.parametrize(
    ("change", "check", "said"),
    [
        ({"github_app_id": "", "github_token": Secret()}, "github", "GITHUB_TOKEN"),
        ({"github_revert_app_id": ""}, "github permissions", "GITHUB_REVERT_APP_ID"),
        ({"github_revert_app_id": "11"}, "github permissions", "one App is named for both"),
        ({"github_app_id": "eleven"}, "github permissions", "should be a number"),
        ({"github_app_private_key": Secret("/nowhere/key.pem")}, "github permissions", "names no file"),
        ({"github_app_id": "12"}, "github permissions", "signature"),
        ({"github_webhook_secret": Secret("short")}, "github webhook", "shorter than 16"),
        ({"github_webhook_secret": Secret(f"{SECRET},short")}, "github webhook", "shorter than 16"),
        ({"github_webhook_secret": Secret()}, "github webhook", "unset"),
    ],
)
def test_settings_that_are_wrong_are_named(stage: Stage, change: dict[str, Any], check: str, said: str) -> None:
    found = stage.examine(check, **change)[check]
    assert found.status is Status.FAIL
    assert said in found.because
    assert "/nowhere" not in found.because, "what was put in the wrong place may be a secret"


def test_who_passes_is_hidden_from_the_app_and_so_not_known(stage: Stage) -> None:
    stage.repo.hides_bypass = True
    found = stage.examine("github rules")["github rules"]
    assert found.status is Status.INCONCLUSIVE
    assert "admin" in found.because


def test_a_look_that_is_not_allowed_is_no_pass(stage: Stage) -> None:
    stage.repo.fails["GET /repos/octo/bot/rulesets"] = (403, {"message": "Resource not accessible by integration"})
    found = stage.examine("github rules", "github files")
    assert found["github rules"].status is Status.INCONCLUSIVE
    assert "forbids" in found["github rules"].because
    assert found["github files"].passed


def test_an_odd_answer_breaks_one_check_and_no_other(stage: Stage) -> None:
    stage.repo.fails["GET /repos/octo/bot/codeowners/errors"] = (200, ["odd"])
    found = stage.examine("github rules", "github files")
    assert found["github files"].status is Status.ERROR
    assert "odd" not in found["github files"].because
    assert found["github rules"].passed


def test_an_annotated_tag_leads_to_its_commit_and_one_that_leads_nowhere_is_named(stage: Stage) -> None:
    commit = stage.repo.actions["actions/checkout"]["v6.0.2"]
    stage.repo.actions["actions/checkout"]["v6.0.2"] = ("tag", "1" * 40)
    stage.repo.tags = {"1" * 40: ("tag", "2" * 40), "2" * 40: commit}
    assert stage.examine("github actions")["github actions"].passed
    for end in (("tag", "1" * 40), ("commit", "../../x")):
        stage.repo.tags["2" * 40] = end
        found = stage.examine("github actions")["github actions"]
        assert (found.status, "leads to no commit" in found.because) == (Status.FAIL, True)


def test_an_action_that_nobody_lets_us_look_at_is_no_pass(stage: Stage) -> None:
    stage.repo.fails["GET /repos/actions/checkout/git/ref/tags/.*"] = (403, {"message": "no"})
    assert stage.examine("github actions")["github actions"].status is Status.INCONCLUSIVE


def test_nothing_delivered_yet_is_not_known(stage: Stage) -> None:
    stage.repo.deliveries.clear()
    assert stage.examine("github webhook")["github webhook"].status is Status.INCONCLUSIVE


@pytest.mark.parametrize("hook", [{}, {"url": ""}])
def test_without_a_webhook_the_controller_polls(stage: Stage, hook: dict[str, str]) -> None:
    stage.repo.hook = hook
    found = stage.examine("github webhook")["github webhook"]
    assert (found.passed, "polls" in found.because) == (True, True)


def test_by_the_app_alone_it_is_itself(stage: Stage) -> None:
    found = stage.examine("github", "github files", github_token=Secret())
    assert "bot-engine" in found["github"].because
    assert found["github files"].passed


def test_an_open_environment_is_named(stage: Stage) -> None:
    names = list(stage.repo.environments)
    if not names:
        pytest.skip("the workflows name no environment")
    stage.repo.environments[names[0]] = []
    found = stage.examine("github names")["github names"]
    assert (found.status, names[0] in found.because) == (Status.FAIL, True)


def test_a_queue_that_is_on_is_told_and_needs_its_permission(stage: Stage) -> None:
    (reviewed,) = (one for one in stage.repo.rulesets.values() if one["name"] == "megawatts: reviewed and green")
    reviewed["rules"].append({"type": "merge_queue", "parameters": dict(branch_rules._QUEUE)})
    found = stage.examine("github checks", "github permissions", "github rules")
    assert "a merge queue is on" in found["github checks"].because
    assert "merge_queues needs read" in found["github permissions"].because
    assert found["github rules"].passed, "a queue is a repository's own choice"


def test_a_key_file_that_everybody_reads_is_refused(stage: Stage, tmp_path: Path, pem: str) -> None:
    key = tmp_path / "key.pem"
    key.write_text(pem)
    key.chmod(0o644)
    tmp_path.chmod(0o755)
    assert (
        "chmod 600"
        in stage.examine("github permissions", github_app_private_key=Secret(str(key)))["github permissions"].because
    )
    key.chmod(0o600)
    assert stage.examine("github permissions", github_app_private_key=Secret(str(key)))["github permissions"].passed
