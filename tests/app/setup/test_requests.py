"""Every request of a setup and of its doctor is one that GitHub's own specification knows."""

import copy
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.app.doctor_github import examine
from bot.app.environment import Secret
from bot.app.road_settings import RoadSettings
from bot.app.setup.access import access
from bot.app.setup.files import Wish
from bot.app.setup.on_github import set_up
from bot.app.setup.plan import Choice
from bot.policy.app_access import ENGINE, REVERTS, needed
from bot.policy.branch_rules import Apps
from bot.policy.charter import PATH
from tests.app.setup.peer import TOKEN, Repository, served
from tests.app.setup.specification import Request, problems, specification
from tests.servers.absent import absent
from tests.servers.aimock.peer import Missing

pytestmark = pytest.mark.integration  # it loads PyGithub and GitHub's specification

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def asked() -> list[Request]:
    """The requests of a whole setup with everything chosen, of mending a rule, and of a doctor."""
    try:
        specification()
    except Missing as error:
        absent(error)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    repo = Repository(apps={11: needed(ENGINE), 22: needed(REVERTS)}, hook={"url": "https://bot.example/webhook"})
    with served(repo) as address:
        given = RoadSettings(
            github_repository=repo.name,
            github_api_url=address,
            github_token=Secret(TOKEN),
            github_app_id="11",
            github_app_private_key=pem,
            github_revert_app_id="22",
            github_revert_app_private_key=pem,
            github_webhook_secret=Secret("w" * 32),
        )
        choice = Choice(Apps(11, 22), queue=True)
        for _ in range(2):
            set_up(access(given=given), ROOT, Wish(("ann",)), choice, dry_run=False)
            repo.merge()
        repo.rulesets[1]["bypass_actors"] = [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
        set_up(access(given=given), ROOT, Wish(), choice, dry_run=False)
        repo.environments["release"] = []
        examine(given)
        examine(RoadSettings(**{f: getattr(given, f) for f in given.__dataclass_fields__} | {"github_token": Secret()}))
    return repo.asked


def test_every_request_is_one_that_github_takes(asked: list[Request]) -> None:
    assert [wrong for request in asked for wrong in problems(request)] == []
    assert {verb for verb, *_ in asked} == {"GET", "POST", "PUT"}
    assert len(asked) > 50


def test_every_kind_of_rule_was_sent(asked: list[Request]) -> None:
    bodies = [body for verb, path, _, body in asked if verb == "POST" and path.endswith("/rulesets")]
    kinds = {rule["type"] for body in bodies for rule in body["rules"]}
    assert {"pull_request", "required_status_checks", "merge_queue", "update"} <= kinds
    assert "required_linear_history" not in kinds
    assert any(path.endswith("/rulesets/1") and verb == "PUT" for verb, path, _, _ in asked)


def test_a_mistake_would_be_seen(asked: list[Request]) -> None:
    verb, path, query, body = next(one for one in asked if one[0] == "POST" and one[1].endswith("/rulesets"))
    for change in (
        lambda b: b.update(target="branches"),
        lambda b: b.pop("name"),
        lambda b: b.update(bypassers=[]),
        lambda b: b["rules"].append({"type": "no_such_rule"}),
        lambda b: b["bypass_actors"].append({"actor_id": "5", "actor_type": "Everybody"}),
    ):
        wrong = copy.deepcopy(body)
        change(wrong)
        assert problems((verb, path, query, wrong)) != []
    assert problems((verb, path + "x", query, body)) != []
    assert problems(("GET", "/repos/octo/bot/labels", {"perpage": ["1"]}, None)) != []


def test_no_secret_and_no_value_is_ever_sent(asked: list[Request]) -> None:
    """What a setup writes goes by git objects, rules and labels; what workflows need is named to people alone."""
    places = {path for verb, path, _, _ in asked if verb != "GET"}
    assert not any("secrets" in path or "variables" in path for path in places)
    sent = [body for verb, path, _, body in asked if verb == "POST" and path.endswith("/git/trees")]
    assert any(row["path"] == PATH for body in sent for row in body["tree"])
