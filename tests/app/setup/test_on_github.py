"""A fork is set up on GitHub: by a pull request, then by rules; twice is once, and a conflict is nothing."""

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app.environment import Secret
from bot.app.setup.access import Access
from bot.app.setup.files import Differing, Wish
from bot.app.setup.on_github import Outcome, set_up
from bot.app.setup.plan import Choice
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.policy import codeowners
from bot.policy.branch_rules import Apps, rulesets
from bot.policy.charter import PATH, parse
from bot.policy.repository_setup import LABELS, Action
from tests.app.setup.peer import TOKEN, Repository, served

pytestmark = pytest.mark.integration  # it loads PyGithub and listens on a socket

ROOT = Path(__file__).parents[3]
ANN = Wish(("ann",))
APPS = Choice(Apps(11, 22))


class Stage:
    """One repository, and a person who sets it up."""

    def __init__(self, repo: Repository, address: str) -> None:
        self.repo = repo
        self.address = address

    def run(self, wish: Wish = ANN, choice: Choice = APPS, *, dry_run: bool = False, token: str = TOKEN) -> Outcome:
        access = Access(self.repo.name, self.address, Secret(token))
        return set_up(access, ROOT, wish, choice, dry_run=dry_run)

    def ready(self) -> None:
        """Set up whole."""
        self.run()
        self.repo.merge()
        self.run()


@pytest.fixture
def stage() -> Iterator[Stage]:
    repo = Repository()
    with served(repo) as address:
        yield Stage(repo, address)


def actions(outcome: Outcome, area: str) -> set[Action]:
    return {row.action for row in outcome.rows if row.area == area}


def test_files_come_by_a_pull_request_and_rules_after_its_merge(stage: Stage) -> None:
    first = stage.run()
    assert first.pull == "https://github.com/octo/bot/pull/1"
    assert actions(first, "file") == {Action.CREATE}
    assert actions(first, "ruleset") == {Action.LATER}
    assert stage.repo.rulesets == {}, "they would hold the onboarding itself back"
    assert stage.repo.refs["main"] != stage.repo.refs[stage.repo.pulls[0]["head"]]
    assert not stage.repo.pulls[0]["head"].startswith("megawatts/"), "that name is the engine's"
    stage.repo.merge()
    second = stage.run()
    assert second.pull == ""
    assert actions(second, "file") == {Action.SAME}
    assert actions(second, "ruleset") == {Action.CREATE}
    charter = parse(stage.repo.files[PATH])
    assert charter.maintainers == ("ann",)
    assert [one["name"] for one in stage.repo.rulesets.values()] == [
        one.name for one in rulesets(charter, Apps(11, 22))
    ]
    assert {one["name"] for one in stage.repo.labels} == {one.name for one in LABELS}
    assert stage.repo.modes[".github/actions/validate/judge"] == "100755"


def test_a_checkout_with_people_and_a_branch_of_its_own_sets_up_another_repository(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    text = (ROOT / PATH).read_text().replace('"maintainer"', '"old-owner"').replace('"@maintainer"', '"@old-owner"')
    (tmp_path / PATH).write_text(text.replace('base_branch = "main"', 'base_branch = "trunk"'))
    assert parse((tmp_path / PATH).read_text()).maintainers == ("old-owner",), "or nothing is tried here"
    repo = Repository(branch="stable")
    with served(repo) as address:
        outcome = set_up(Access(repo.name, address, Secret(TOKEN)), tmp_path, ANN, APPS, dry_run=False)
        assert outcome.pull
        repo.merge()
        assert set_up(Access(repo.name, address, Secret(TOKEN)), tmp_path, Wish(), APPS, dry_run=True).pull == ""
    charter = parse(repo.files[PATH])
    assert (charter.maintainers, charter.base_branch) == (("ann",), "stable")
    assert not any("old-owner" in text or "trunk" in text for text in repo.files.values())


def test_a_third_time_changes_nothing(stage: Stage) -> None:
    stage.ready()
    stage.repo.asked.clear()
    third = stage.run()
    assert stage.repo.changes() == []
    assert {row.action for row in third.rows if row.area not in {"secret", "variable"}} == {Action.SAME}


def test_the_same_again_before_the_merge_opens_no_second_pull_request(stage: Stage) -> None:
    assert stage.run().pull == stage.run().pull
    assert len(stage.repo.pulls) == 1


def test_a_kill_between_branch_and_pull_request_is_made_good(stage: Stage) -> None:
    stage.repo.fails["POST /repos/octo/bot/pulls"] = (502, {"message": "Bad gateway"})
    with pytest.raises(Unavailable):
        stage.run()
    stage.repo.fails.clear()
    refs = dict(stage.repo.refs)
    assert stage.run().pull
    assert stage.repo.refs == refs


def test_a_dry_run_asks_and_changes_nothing(stage: Stage) -> None:
    outcome = stage.run(dry_run=True)
    assert stage.repo.changes() == []
    assert actions(outcome, "file") == {Action.CREATE}
    assert outcome.pull == ""


def test_a_conflict_is_nothing_done_at_all(stage: Stage) -> None:
    stage.repo.files[codeowners.PATH] = "* @eve\n"
    outcome = stage.run()
    assert [row.name for row in outcome.conflicts] == [codeowners.PATH]
    assert stage.repo.changes() == []
    assert stage.run(Wish(("ann",), differing=Differing.REPLACE)).pull


def test_a_charter_of_their_own_stays(stage: Stage) -> None:
    stage.ready()
    text = stage.repo.files[PATH]
    outcome = stage.run(Wish(("eve",)))
    assert "names other maintainers" in outcome.conflicts[0].because
    assert stage.repo.files[PATH] == text
    assert len(stage.repo.pulls) == 1


def test_a_rule_that_was_loosened_is_mended_and_no_second_one_made(stage: Stage) -> None:
    stage.ready()
    number, body = next((n, one) for n, one in stage.repo.rulesets.items() if one["name"] == "megawatts: always")
    good = copy.deepcopy(body)
    body["bypass_actors"] = [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
    outcome = stage.run()
    row = next(row for row in outcome.rows if row.name == "megawatts: always")
    assert (row.action, "RepositoryRole 5" in row.because) == (Action.UPDATE, True)
    assert stage.repo.rulesets[number] == good
    assert len(stage.repo.rulesets) == len(rulesets(parse(stage.repo.files[PATH]), Apps(11, 22)))


def test_without_apps_no_rule_is_made_but_in_a_trial(stage: Stage) -> None:
    stage.run()
    stage.repo.merge()
    outcome = stage.run(choice=Choice())
    assert actions(outcome, "ruleset") == {Action.LATER}
    assert stage.repo.rulesets == {}
    stage.run(choice=Choice(Apps(), trial=True))
    assert len(stage.repo.rulesets) == 4


def test_an_environment_takes_only_what_may_use_it(stage: Stage) -> None:
    stage.ready()
    for name, policies in stage.repo.environments.items():
        assert policies, name
        assert {"name": "main", "type": "branch"} in policies
        assert not any(one["name"] == "*" for one in policies)


def test_labels_that_are_there_in_other_letters_are_left(stage: Stage) -> None:
    stage.repo.labels.append({"name": "Security", "color": "000000"})
    stage.run()
    assert [one["name"].casefold() for one in stage.repo.labels].count("security") == 1


@pytest.mark.parametrize(
    ("fails", "error", "said"),
    [
        ({"GET /repos/octo/bot": (404, {"message": "Not Found"})}, Denied, "not found"),
        ({"GET /repos/octo/bot/rulesets": (403, {"message": "Resource not accessible"})}, Denied, "forbids"),
        ({"GET /repos/octo/bot/labels": (500, {})}, Unavailable, "500"),
        ({"POST /repos/octo/bot/git/refs": (403, {"message": "without `workflows` permission"})}, Denied, "workflows"),
    ],
)
def test_what_github_refuses_is_told(
    stage: Stage, fails: dict[str, tuple[int, object]], error: type[Exception], said: str
) -> None:
    stage.repo.fails.update(fails)
    with pytest.raises(error, match=said):
        stage.run()
    assert stage.repo.pulls == []
    assert stage.repo.rulesets == {}


def test_a_wrong_token_is_told_without_showing_it(stage: Stage) -> None:
    with pytest.raises(Misconfigured) as error:
        stage.run(token="ghp_wrong")
    assert "ghp_wrong" not in str(error.value)


def test_a_missing_token_is_told(stage: Stage) -> None:
    with pytest.raises(Misconfigured, match="GITHUB_TOKEN"):
        stage.run(token="")
    assert stage.repo.asked == []


@pytest.mark.parametrize("name", ["bot", "a/b/c", "octo/..", "../x", "octo/bot?x=1", "octo/bot#", "o o/bot", ""])
def test_a_name_that_is_none_is_never_asked_for(stage: Stage, name: str) -> None:
    with pytest.raises(Misconfigured, match="OWNER/NAME"):
        set_up(Access(name, stage.address, Secret(TOKEN)), ROOT, ANN, APPS, dry_run=True)
    assert stage.repo.asked == []


def test_a_charter_about_another_branch_is_told(stage: Stage) -> None:
    stage.ready()
    stage.repo.files[PATH] = stage.repo.files[PATH].replace('base_branch = "main"', 'base_branch = "trunk"')
    with pytest.raises(Misconfigured, match="about trunk"):
        stage.run()


def test_the_token_is_sent_and_written_nowhere(stage: Stage) -> None:
    stage.ready()
    assert TOKEN not in str(stage.repo.asked)
    assert TOKEN not in repr(Access("octo/bot", token=Secret(TOKEN)))
