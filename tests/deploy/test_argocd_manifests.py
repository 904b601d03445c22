"""What people apply to Argo CD, against its own schemas made strict, and against what it is for."""

import json
import re
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from bot.adapters.argocd.links import PULL, REVERT, VERDICT, annotation
from bot.core.health import MetricRule
from bot.policy.judge.court import judge
from bot.policy.judge.samples import Samples
from bot.policy.rollouts import LABEL
from tests.deploy import crds
from tests.deploy.rendering import CHART, DEPLOY, ROOT, VALUES, WORKLOADS, documents

pytestmark = pytest.mark.integration
FILES = sorted((DEPLOY / "argocd").rglob("*.yaml"))
DOCUMENTS = [one for path in FILES for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]
APPLICATIONS = {one["metadata"]["name"]: one for one in DOCUMENTS if one["kind"] == "Application"}
(PROJECT,) = [one for one in DOCUMENTS if one["kind"] == "AppProject"]
OURS = [one for one in DOCUMENTS if one["kind"] in crds.FILES]
needs_schemas = pytest.mark.skipif(not crds.there(), reason=crds.ABSENT)


@needs_schemas
@pytest.mark.parametrize("document", OURS, ids=lambda one: one["metadata"]["name"])
def test_a_manifest_is_valid_to_the_letter(document: dict[str, Any]) -> None:
    assert crds.problems(document) == []


@needs_schemas
@pytest.mark.parametrize("document", OURS, ids=lambda one: one["metadata"]["name"])
def test_a_misspelt_field_anywhere_is_seen(document: dict[str, Any]) -> None:
    unseen = [path for path, changed in crds.misspelt(document) if not crds.problems(changed)]
    assert unseen == []


@needs_schemas
@pytest.mark.parametrize("name", ["canary", "blue-green"])
def test_a_misspelt_field_of_a_rollout_is_seen(name: str) -> None:
    for document in documents(name):
        if document["kind"] in {"Rollout", "AnalysisTemplate"}:
            unseen = {path for path, changed in crds.misspelt(document) if not crds.problems(changed)}
            # The schema leaves volumes open: tests/deploy/test_chart.py holds the pod against Kubernetes' own.
            assert {path for path in unseen if not path.startswith("template.spec.volumes.")} == set()


@pytest.mark.parametrize("name", list(APPLICATIONS))
def test_an_application_leads_to_files_that_are_there(name: str) -> None:
    source = APPLICATIONS[name]["spec"]["source"]
    assert (ROOT / source["path"]).samefile(CHART)
    for file in source["helm"]["valueFiles"]:
        assert (CHART / file).resolve().is_file()
        assert (CHART / file).resolve().is_relative_to(DEPLOY)


def test_the_bot_follows_the_base_branch_and_the_controller_a_tag_that_people_move() -> None:
    follows = {name: one["spec"]["source"]["targetRevision"] for name, one in APPLICATIONS.items()}
    assert follows["megawatts-bot"] == follows["megawatts-bot-staging"] == "main"
    assert follows["megawatts-controller"] == follows["megawatts-monitoring"] == "controller-approved"
    assert follows.keys() == {"megawatts-bot", "megawatts-bot-staging", "megawatts-controller", "megawatts-monitoring"}


def test_the_bot_and_the_controller_are_two_releases() -> None:
    names = {
        (one["spec"]["destination"]["namespace"], one["spec"]["source"]["helm"]["releaseName"])
        for one in APPLICATIONS.values()
    }
    assert len(names) == len(APPLICATIONS)


@pytest.mark.parametrize("name", list(APPLICATIONS))
def test_an_application_stays_within_its_project(name: str) -> None:
    spec = APPLICATIONS[name]["spec"]
    project = PROJECT["spec"]
    assert spec["project"] == PROJECT["metadata"]["name"]
    assert spec["source"]["repoURL"] in project["sourceRepos"]
    assert spec["destination"] in project["destinations"]
    assert spec["syncPolicy"]["automated"]["selfHeal"] is True


def test_the_project_allows_what_the_chart_makes_and_no_more() -> None:
    allowed = {(one["group"], one["kind"]) for one in PROJECT["spec"]["namespaceResourceWhitelist"]}
    made = {(one["apiVersion"].rpartition("/")[0], one["kind"]) for name in VALUES for one in documents(name)}
    assert made == allowed
    assert PROJECT["spec"]["clusterResourceWhitelist"] == []
    assert not allowed & {("", "Secret"), ("rbac.authorization.k8s.io", "Role")}


def reaches(application: str, action: str, role: str = "loop") -> bool:
    """Whether a role of the project may do this: Argo CD's policy lines with their globs."""
    (found,) = [one for one in PROJECT["spec"]["roles"] if one["name"] == role]
    for line in found["policies"]:
        _, subject, resource, may, what, effect = [word.strip() for word in line.split(",")]
        assert (subject, resource, effect) == (f"proj:megawatts:{role}", "applications", "allow")
        if all(re.fullmatch(p.replace("*", ".*"), v) for p, v in ((may, action), (what, f"megawatts/{application}"))):
            return True
    return False


@pytest.mark.parametrize("action", ["get", "sync", "update"])
def test_the_loop_moves_the_bot_and_never_itself(action: str) -> None:
    assert reaches("megawatts-bot", action)
    assert reaches("megawatts-bot-staging", action)
    assert not reaches("megawatts-controller", action)
    assert not reaches("megawatts-monitoring", action)


def test_the_loop_creates_and_deletes_nothing() -> None:
    for action in ("create", "delete", "override", "action/apps/StatefulSet/restart"):
        assert not reaches("megawatts-bot", action)
    assert reaches("megawatts-bot", "action/argoproj.io/Rollout/promote-full")
    assert not reaches("megawatts-bot", "sync", role="readers")


def test_the_controller_watches_an_application_that_the_image_workflow_promotes_to() -> None:
    """One that waits for people would hold every further merge."""
    values = yaml.safe_load((DEPLOY / "environments" / "production" / "controller.yaml").read_text())
    watched = APPLICATIONS[values["controller"]["settings"]["ARGOCD_APPLICATION"]]
    promoted = re.findall(r"environment: (\w+)", (ROOT / ".github" / "workflows" / "image.yml").read_text())
    (file,) = watched["spec"]["source"]["helm"]["valueFiles"]
    assert [one for one in promoted if f"/environments/{one}/" in file]
    assert reaches(watched["metadata"]["name"], "sync")
    assert watched["spec"]["project"] == values["controller"]["settings"]["ARGOCD_PROJECT"]


def test_every_environments_file_is_some_applications() -> None:
    used = {
        (CHART / file).resolve()
        for one in APPLICATIONS.values()
        for file in one["spec"]["source"]["helm"]["valueFiles"]
    }
    assert used == {path.resolve() for path in (DEPLOY / "environments").rglob("*.yaml")}


def test_no_window_holds_back_a_revert_of_the_bot() -> None:
    for window in PROJECT["spec"]["syncWindows"]:
        assert window["applications"] == ["megawatts-controller"]
        assert not {"namespaces", "clusters"} & window.keys()


def test_every_notification_that_is_subscribed_has_a_trigger_and_a_template() -> None:
    (config,) = [one["data"] for one in DOCUMENTS if one["kind"] == "ConfigMap"]
    for name, one in APPLICATIONS.items():
        for key in one["metadata"]["annotations"]:
            trigger, service = key.removeprefix("notifications.argoproj.io/subscribe.").split(".")
            assert f"service.webhook.{service}" in config, name
            for rule in yaml.safe_load(config[f"trigger.{trigger}"]):
                assert all(service in config[f"template.{send}"] for send in rule["send"])
                assert rule["when"]


HOSTILE = 'a "quoted"\\ text\n</script> @everyone {{ .x }} \u202e'
APP = {
    "metadata": {"name": HOSTILE, "annotations": {"megawatts.dev/verdict": HOSTILE}},
    "spec": {"source": {"repoURL": "https://example.org/a.git"}},
    "status": {
        "sync": {"revision": "c0ffee"},
        "operationState": {"operation": {"sync": {"revision": "c0ffee"}}, "message": HOSTILE},
    },
}


@pytest.mark.parametrize("name", ["deployed", "degraded", "sync-failed", "taken-back"])
def test_a_notification_is_json_whatever_the_texts_in_it_are(tmp_path: Path, name: str) -> None:
    """The engine is Helm's: Argo CD's is the same text/template with the same functions, and its own `call .repo`."""
    (config,) = [one["data"] for one in DOCUMENTS if one["kind"] == "ConfigMap"]
    body = yaml.safe_load(config[f"template.megawatts-{name}"])["webhook"]["discord"]["body"]
    body = body.replace("(call .repo.RepoURLToHTTPS .app.spec.source.repoURL)", ".Values.app.spec.source.repoURL")
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: note\nversion: 0.1.0\n")
    (tmp_path / "templates" / "note.yaml").write_text(body.replace(" .app.", " .Values.app."))
    with helm_python.Chart.load(tmp_path) as chart:
        (text,) = chart.render({"app": APP}, name="n").values()
    said = json.loads(text)
    assert said["allowed_mentions"] == {"parse": []}
    assert said.keys() == {"allowed_mentions", "content"}
    assert said["content"].startswith(HOSTILE)
    assert "c0ffee" in said["content"]
    assert "%!" not in said["content"], "a verb of printf without its argument"


def test_who_is_told_of_a_revert_reads_one_sentence_of_metric_values_and_link(tmp_path: Path) -> None:
    """From the judge's own words to the line on the application to the message."""
    rule = MetricRule("messages", "rate", minimum=6)
    found = judge(rule, Samples((0.0,) * 8, (10.0,) * 8), Samples((5.0,) * 8, (10.0,) * 8))
    sentence = f"https://forge.example/pull/3 is taken back: {rule.name}: {found.because}"
    app = {**APP, "metadata": {"name": "bot", "annotations": {annotation(REVERT): sentence}}}
    (config,) = [one["data"] for one in DOCUMENTS if one["kind"] == "ConfigMap"]
    body = yaml.safe_load(config["template.megawatts-taken-back"])["webhook"]["discord"]["body"]
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: note\nversion: 0.1.0\n")
    (tmp_path / "templates" / "note.yaml").write_text(body.replace(" .app.", " .Values.app."))
    with helm_python.Chart.load(tmp_path) as chart:
        (text,) = chart.render({"app": app}, name="n").values()
    said = json.loads(text)["content"]
    assert said.startswith(
        "bot: https://forge.example/pull/3 is taken back: messages: worse: 40 of 80 (50.00%) against 0 of 80 (0.00%)"
    )
    (rule_of,) = yaml.safe_load(config["trigger.megawatts-taken-back"])
    assert annotation(REVERT) in rule_of["when"]
    assert rule_of["oncePer"] in rule_of["when"], "once for each sentence"


def test_the_webhook_of_notifications_is_a_secret_and_mentions_nobody() -> None:
    (config,) = [one["data"] for one in DOCUMENTS if one["kind"] == "ConfigMap"]
    assert yaml.safe_load(config["service.webhook.discord"])["url"] == "$discord-webhook"
    for key, text in config.items():
        if key.startswith("template."):
            assert '"allowed_mentions": {"parse": []}' in text
            assert "toJson" in text, "a text of others must not end the JSON string"


def test_what_is_told_of_a_bad_deploy_is_what_the_controller_writes_on_the_application() -> None:
    (config,) = [one["data"] for one in DOCUMENTS if one["kind"] == "ConfigMap"]
    named = set(re.findall(r'"(megawatts\.dev/[a-z-]+)"', config["template.megawatts-degraded"]))
    assert named == {annotation(name) for name in (PULL, VERDICT, REVERT)}


def test_the_pods_label_is_the_one_that_the_deployer_looks_for() -> None:
    for name in VALUES:
        for document in documents(name):
            if document["kind"] in WORKLOADS:
                assert LABEL in document["spec"]["template"]["metadata"]["labels"]


def test_namespaces_refuse_pods_that_are_not_hardened() -> None:
    spaces = {one["metadata"]["name"]: one["metadata"]["labels"] for one in DOCUMENTS if one["kind"] == "Namespace"}
    used = {one["spec"]["destination"]["namespace"] for one in APPLICATIONS.values()} - {"monitoring"}
    assert used == spaces.keys()
    assert all(labels["pod-security.kubernetes.io/enforce"] == "restricted" for labels in spaces.values())


def test_what_kubectl_applies_from_the_folder_is_what_people_mean() -> None:
    top = {path.name for path in (DEPLOY / "argocd").iterdir() if path.is_file()}
    assert Path("argocd-notifications-cm.yaml").name not in top, "it would overwrite the map that is there"
