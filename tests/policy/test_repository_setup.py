"""What workflows name is asked of a repository, by name alone."""

from pathlib import Path

from bot.core.change import Kind
from bot.core.charter import Charter
from bot.improve.act import REVERT_LABELS
from bot.policy.branch_rules import CI_CHECKS
from bot.policy.repository_setup import LABELS, environments, jobs, named
from bot.policy.watch import SECURITY

FLOWS = {
    "a.yml": """
env:
  A: ${{ vars.ENGINE_LOGIN }}
  B: ${{ secrets.GITHUB_TOKEN }}
  C: ${{ secrets.COSIGN_KEY || vars.OTHER }}
jobs:
  one:
    environment: release
  two:
    environment:
      name: production
""",
    "b.yml": "run: echo secrets.NOT_ASKED ${{ github.token }}\n",
}


def test_names_are_read_from_expressions_alone() -> None:
    found = named(FLOWS)
    assert found.secrets == {"COSIGN_KEY"}
    assert found.variables == {"ENGINE_LOGIN", "OTHER"}
    assert found.environments == {"release", "production"}
    assert named({}).secrets == frozenset()


def test_an_environment_is_out_of_a_pull_requests_reach() -> None:
    production, release = environments(Charter(wards=(), base_branch="trunk"), ["release", "production", "release"])
    assert (production.name, production.branches, production.tags) == ("production", ("trunk",), ())
    assert (release.name, release.branches, release.tags) == ("release", ("trunk",), ("v*",))


def test_the_labels_that_the_loop_sets_and_reads_are_there() -> None:
    names = [one.name for one in LABELS]
    assert {*REVERT_LABELS, SECURITY, *(kind.value for kind in Kind)} <= set(names)
    assert len(names) == len(set(names))
    assert all(len(one.colour) == 6 and int(one.colour, 16) >= 0 and len(one.what) <= 100 for one in LABELS)


FLOW = """
name: not a job
on: [push]
jobs:
  plan:
    runs-on: x
    steps:
      - name: not a job either
  # a remark
  stage:
    name: "stage one"
    needs: plan
env:
  also: none
"""


def test_jobs_report_under_their_name_else_their_key() -> None:
    assert jobs({".github/workflows/a.yml": FLOW}) == {"plan", "stage one"}
    assert jobs({".github/actions/a/action.yml": FLOW}) == frozenset()
    assert jobs({".github/workflows/a.yml": ""}) == frozenset()


def test_the_required_checks_are_jobs_of_our_own_workflows() -> None:
    flows = (Path(__file__).parents[2] / ".github/workflows").glob("*.yml")
    found = jobs({f".github/workflows/{flow.name}": flow.read_text() for flow in flows})
    assert set(CI_CHECKS) <= found
