"""The chart is sound under every value set, for the oldest Kubernetes that it says it runs on and for a current one."""

import json
from collections.abc import Iterator
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml
from typer.main import get_command

from bot.app import settings
from bot.app.commands import build
from bot.app.discord_run import shard_ids
from bot.app.references.commands import leaves
from bot.core.errors import Misconfigured
from tests.deploy import crds
from tests.deploy.rendering import CHART, COMMIT, DEPLOY, VALUES, WORKLOADS, documents, merged, of_kind, pods, rendered

pytestmark = pytest.mark.integration
OPERATOR = frozenset({"ServiceMonitor", "PrometheusRule"})
"""Kinds of the Prometheus operator, of which no schema is at hand."""
SOUND = VALUES["production"]


def refusal(values: dict[str, Any]) -> str:
    """Why the chart cannot be rendered with these values; '' if it can."""
    try:
        rendered(values)
    except helm_python.HelmError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", list(VALUES))
def test_helm_finds_nothing_to_say(name: str) -> None:
    report = helm_python.lint(CHART, VALUES[name], strict=True, namespace="megawatts", kube_version="v1.28.0")
    serious = [one for one in report["messages"] if one["severity"] > 1]
    assert (report["errors"], serious, report["total_charts_linted"]) == ([], [], 1)


def distinct(version: str) -> dict[str, Any]:
    """Every document that Kubernetes knows itself, once, by its text; a Rollout's pods as those of a Deployment."""
    found = {}
    for name in VALUES:
        for one in documents(name):
            document = one
            if one["kind"] == "Rollout":
                kept = {key: one["spec"][key] for key in ("selector", "template")}
                document = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": one["metadata"], "spec": kept}
            if version == "1.28.0" and name in {"boxed", "confined"} and one["kind"] in WORKLOADS:
                # The field is younger than that version, and not set unless it is asked for.
                young = {"template": {"spec": {"securityContext": {"appArmorProfile": None}}}}
                document = merged(one, {"spec": young})
            if document["kind"] not in OPERATOR and document["kind"] not in crds.FILES:
                found[json.dumps(document, sort_keys=True)] = document
    return found


@pytest.mark.parametrize("version", ["1.28.0", kubernetes_validate.latest_version()])
def test_every_document_is_valid_to_the_letter(version: str) -> None:
    found = distinct(version).values()
    for document in found:
        kubernetes_validate.validate(document, version, strict=True)
    assert {one["kind"] for one in found} == {
        "StatefulSet", "Deployment", "Service", "ServiceAccount", "NetworkPolicy", "PodDisruptionBudget",
        "HorizontalPodAutoscaler", "PersistentVolumeClaim", "Ingress", "ConfigMap",
    }  # fmt: skip


def test_a_misspelt_field_of_kubernetes_is_seen() -> None:
    (workload,) = of_kind("smallest", "StatefulSet")
    wrong = merged(workload, {"spec": {"replica": 1}})
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.28.0", strict=True)


@pytest.mark.skipif(not crds.there(), reason=crds.ABSENT)
@pytest.mark.parametrize("name", ["canary", "blue-green"])
def test_a_rollout_and_its_analysis_are_valid_to_the_letter(name: str) -> None:
    (rollout,), (template,) = of_kind(name, "Rollout"), of_kind(name, "AnalysisTemplate")
    assert crds.problems(rollout) == []
    assert crds.problems(template) == []
    assert not of_kind(name, "StatefulSet"), "two workloads would hold the same shards"


def test_a_rollout_asks_for_the_template_that_is_there_with_all_that_it_wants() -> None:
    for name in ("canary", "blue-green"):
        (rollout,), (template,) = of_kind(name, "Rollout"), of_kind(name, "AnalysisTemplate")
        strategy = rollout["spec"]["strategy"]
        steps = strategy.get("canary", {}).get("steps", [])
        asked = [step["analysis"] for step in steps if "analysis" in step]
        asked += [strategy["blueGreen"]["prePromotionAnalysis"]] if "blueGreen" in strategy else []
        assert asked
        for analysis in asked:
            assert [one["templateName"] for one in analysis["templates"]] == [template["metadata"]["name"]]
            given = {one["name"]: one["value"] for one in analysis["args"]}
            assert given.keys() == {one["name"] for one in template["spec"]["args"]}
            assert given["revision"] == COMMIT
            assert given["job"] in {one["metadata"]["name"] for one in of_kind(name, "Service")}


@pytest.mark.parametrize("path", [
    "bot.replica", "bot.shards.counts", "bot.settings.OPENAI_MODLE", "bot.home.sizes", "controller.webhooks",
    "networkPolicy.enable", "monitoring.rulez", "analysis.canaryWeight", "topologySpread.key", "imagePullSecret",
    "bot.resources.limits.memmory", "bot.secrets.DISCORD_TOKEN", "bot.image.sha", "links.repo",
])  # fmt: skip
def test_a_misspelt_value_is_refused(path: str) -> None:
    value: Any = {"name": "a", "key": "b"} if "secrets" in path else "x"
    *_, last = path.split(".")
    for key in reversed(path.split(".")):
        value = {key: value}
    said = refusal(merged(SOUND, value))
    assert last in said
    assert "additional properties" in said or "propert" in said


FREE = {"settings", "secrets", "labels", "podLabels", "podAnnotations", "nodeSelector", "matchLabels", "annotations"}


def keys(values: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key of the values at every depth, but inside of maps whose keys are the user's."""
    if isinstance(values, list):
        for index, one in enumerate(values):
            yield from keys(one, (*path, index))
    elif isinstance(values, dict):
        for key, one in values.items():
            yield (*path, key)
            if key not in FREE and not str(key).endswith("Labels"):
                yield from keys(one, (*path, key))


def test_each_key_of_each_value_set_is_refused_if_it_is_misspelt() -> None:
    with helm_python.Chart.load(CHART) as chart:
        for values in (chart.values, VALUES["production"], VALUES["hooked"], VALUES["confined"], VALUES["boxed"]):
            chart.validate_schema(values)
            found = list(keys(values))
            assert found
            for path in found:
                wrong = merged(values)
                place: Any = wrong
                for key in path[:-1]:
                    place = place[key]
                place[f"{path[-1]}x"] = place[path[-1]]
                with pytest.raises(helm_python.HelmValuesError):
                    chart.validate_schema(wrong)


def test_every_object_of_the_schema_is_closed() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    todo, closed = [schema], 0
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if "properties" in node and node.get("type") == "object":
                assert node["additionalProperties"] is False, sorted(node["properties"])
                closed += 1
            todo += node.values()
        elif isinstance(node, list):
            todo += node
    assert closed > 20


@pytest.mark.parametrize(("values", "says"), [
    ({"bot": {"image": {"digest": "", "tag": ""}}}, "image.tag or image.digest must be set"),
    ({"bot": {"image": {"digest": "", "tag": "latest"}}}, "tag"),
    ({"bot": {"image": {"digest": "sha256:short"}}}, "digest"),
    ({"bot": {"shards": {"total": 2, "first": 1, "count": 2}}}, "more than total"),
    ({"bot": {"autoscaling": {"enabled": True}}}, "number of shards is fixed"),
    ({"bot": {"home": {"existingClaim": "one"}}}, "each shard's pod keeps its own home"),
    ({"bot": {"mode": "canary", "secrets": {"DATABASE_URL": None}}}, "several pods share PostgreSQL"),
    ({"bot": {"secrets": {"DATABASE_URL": None}}}, "several pods share PostgreSQL"),
    ({"bot": {"secrets": {"GITHUB_TOKEN": {"name": "a", "key": "b"}}}}, "GITHUB_TOKEN"),
    ({"bot": {"secrets": {"ARGOCD_AUTH_TOKEN": {"name": "a", "key": "b"}}}}, "ARGOCD_AUTH_TOKEN"),
    ({"bot": {"settings": {"DISCORD_BOT_TOKEN": "in the open"}}}, "DISCORD_BOT_TOKEN"),
    ({"bot": {"settings": {"OTEL_EXPORTER_OTLP_HEADERS": "in the open"}}}, "OTEL_EXPORTER_OTLP_HEADERS"),
    ({"bot": {"settings": {"DISCORD_SHARD_IDS": "7"}}}, "DISCORD_SHARD_IDS"),
    ({"bot": {"podLabels": {"modification.allowed": "true"}}}, "modification.allowed"),
    ({"bot": {"seccompProfile": {"type": "Unconfined"}}}, "seccompProfile"),
    ({"bot": {"data": {"enabled": True, "revision": "d" * 40}}}, "revision needs sha256 and content"),
    ({"bot": {"data": {"enabled": True, "revision": "main"}}}, "revision"),
    ({"bot": {"data": {"enabled": True, "content": "{}"}}}, "content"),
    ({"bot": {"data": {"enabled": True, "content": "a" * 196_609}}}, "content"),
    ({"controller": {"secrets": {"DISCORD_BOT_TOKEN": {"name": "a", "key": "b"}}}}, "DISCORD_BOT_TOKEN"),
])  # fmt: skip
def test_what_would_be_wrong_is_refused_with_its_name(values: dict[str, Any], says: str) -> None:
    assert refusal(SOUND) == ""
    assert says in refusal(merged(SOUND, values))


@pytest.mark.parametrize(("values", "says"), [
    ({"hostUsers": True}, "controller.procMount Unmasked needs controller.hostUsers false"),
    ({"seccompProfile": {"type": "RuntimeDefault", "localhostProfile": None}}, "of type Localhost"),
    ({"procMount": "unmasked"}, "procMount"),
    ({"hostUsers": "no"}, "hostUsers"),
    ({"appArmorProfile": {"type": "Unconfined"}}, "appArmorProfile"),
])  # fmt: skip
def test_half_of_what_bubblewrap_needs_is_refused(values: dict[str, Any], says: str) -> None:
    boxed = VALUES["boxed"]
    assert refusal(boxed) == ""
    assert says in refusal(merged(boxed, {"controller": values}))


def test_the_users_of_the_node_are_shared_where_that_is_asked_for() -> None:
    (one,) = [
        one for one in rendered(merged(VALUES["controller"], {"controller": {"hostUsers": True}}))
        if one["kind"] == "Deployment"
    ]  # fmt: skip
    assert "hostUsers" not in one["spec"]["template"]["spec"]


def test_an_ingress_needs_a_name_and_a_certificate() -> None:
    hooked = VALUES["hooked"]
    for key in ("host", "tlsSecret"):
        said = refusal(merged(hooked, {"controller": {"webhook": {"ingress": {key: ""}}}}))
        assert f"controller.webhook.ingress.{key} must be set" in said
    assert "needs controller.webhook.enabled" in refusal(
        merged(hooked, {"controller": {"webhook": {"enabled": False}}})
    )


def test_rules_reach_prometheus_and_dashboards_grafana_as_they_stand_in_deploy() -> None:
    rules = [one["spec"] for one in of_kind("monitoring", "PrometheusRule")]
    sources = [yaml.safe_load(path.read_text()) for path in sorted((DEPLOY / "prometheus").glob("*.yaml"))]
    assert rules == [one for one in sources if "groups" in one]
    assert rules
    boards = {key: json.loads(text) for one in of_kind("monitoring", "ConfigMap") for key, text in one["data"].items()}
    assert boards == {path.name: json.loads(path.read_text()) for path in (DEPLOY / "grafana").glob("*.json")}
    assert all(one["metadata"]["labels"]["grafana_dashboard"] == "1" for one in of_kind("monitoring", "ConfigMap"))
    assert not [one for one in documents("monitoring") if one["kind"] in WORKLOADS]


def test_what_is_scraped_is_each_part_once_by_the_port_that_it_has() -> None:
    for name, part in (("production", "bot"), ("hooked", "controller")):
        (monitor,) = of_kind(name, "ServiceMonitor")
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        (service,) = [one for one in of_kind(name, "Service") if wanted <= one["metadata"]["labels"].items()]
        assert service["metadata"]["name"] == f"mw-megawatts-{part}"
        (endpoint,) = monitor["spec"]["endpoints"]
        assert (endpoint["port"], endpoint["path"], endpoint["interval"]) == ("http", "/metrics", "5s")
        assert [one["name"] for one in service["spec"]["ports"]] == [endpoint["port"]]
    blue_green = [
        one for one in of_kind("blue-green", "Service") if "app.kubernetes.io/component" in one["metadata"]["labels"]
    ]
    assert len(blue_green) == 1, "a pod behind two scraped services would count twice"


def environment(name: str, kind: str) -> dict[str, Any]:
    (workload,) = of_kind(name, kind)
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    return {one["name"]: one for one in container["env"]}


def test_each_pod_is_the_shard_of_its_number_and_regions_share_all_of_them() -> None:
    held: list[int] = []
    for name in ("region eu", "region us"):
        (workload,) = of_kind(name, "StatefulSet")
        first, count = workload["spec"]["ordinals"]["start"], workload["spec"]["replicas"]
        held += range(first, first + count)
        given = environment(name, "StatefulSet")
        assert given["DISCORD_SHARD_COUNT"]["value"] == "4"
        field = given["DISCORD_SHARD_IDS"]["valueFrom"]["fieldRef"]["fieldPath"]
        assert field == "metadata.labels['apps.kubernetes.io/pod-index']"
    assert held == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["smallest", "production", "region eu", "region us"])
def test_what_a_pod_is_told_of_its_shard_is_what_the_bot_takes(name: str) -> None:
    (workload,) = of_kind(name, "StatefulSet")
    first, count = workload["spec"]["ordinals"]["start"], workload["spec"]["replicas"]
    total = environment(name, "StatefulSet")["DISCORD_SHARD_COUNT"]["value"]
    for ordinal in range(first, first + count):
        told = settings.load({"DISCORD_SHARD_COUNT": total, "DISCORD_SHARD_IDS": str(ordinal)})
        assert shard_ids(told) == (ordinal,)
    with pytest.raises(Misconfigured):
        shard_ids(settings.load({"DISCORD_SHARD_COUNT": total, "DISCORD_SHARD_IDS": total}))


def test_each_part_starts_a_command_that_there_is() -> None:
    known = {path.rpartition(" ")[2] for path, _ in leaves("megawatts", get_command(build([])))}
    for name, pod in pods():
        (container,) = pod["spec"]["containers"]
        assert container["args"][0] == container["name"] in known, name


def test_shards_start_one_after_another_and_slower_than_discord_allows() -> None:
    (workload,) = of_kind("production", "StatefulSet")
    assert workload["spec"]["podManagementPolicy"] == "OrderedReady"
    assert workload["spec"]["minReadySeconds"] > 5
    assert "MEGAWATTS_DEPLOYED_FROM" not in environment("production", "StatefulSet")


def test_pods_of_a_rollout_hold_all_shards_and_know_that_others_run_beside_them() -> None:
    for name in ("canary", "blue-green"):
        given = environment(name, "Rollout")
        assert "MEGAWATTS_DEPLOYED_FROM" in given
        assert not {"DISCORD_SHARD_IDS", "DISCORD_SHARD_COUNT"} & given.keys()


def test_the_autoscaler_and_the_rollout_do_not_both_count_pods() -> None:
    (rollout,), (scaler,) = of_kind("canary", "Rollout"), of_kind("canary", "HorizontalPodAutoscaler")
    assert "replicas" not in rollout["spec"]
    target = scaler["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Rollout", rollout["metadata"]["name"])
    assert of_kind("production", "HorizontalPodAutoscaler") == []


def test_secrets_are_named_and_their_values_are_nowhere() -> None:
    for name in ("production", "canary"):
        given = environment(name, "Rollout" if name == "canary" else "StatefulSet")
        for setting in ("DISCORD_BOT_TOKEN", "DATABASE_URL", "REDIS_PASSWORD"):
            assert given[setting]["valueFrom"]["secretKeyRef"].keys() == {"name", "key"}
            assert "value" not in given[setting]
    assert not [one for name in VALUES for one in documents(name) if one["kind"] == "Secret"]


def test_selectors_find_the_pods_of_their_own_part_only() -> None:
    for name in VALUES:
        labels = [
            d["spec"]["template"]["metadata"]["labels"] for d in documents(name) if "template" in d.get("spec", {})
        ]
        for document in documents(name):
            if document["kind"] in {"Service", "PodDisruptionBudget"}:
                selector = document["spec"]["selector"]
                wanted = selector.get("matchLabels", selector).items()
                assert any(wanted <= have.items() for have in labels), (name, document["metadata"]["name"])
                assert "app.kubernetes.io/component" in dict(wanted)


def test_the_controller_is_alone_and_the_old_one_ends_first() -> None:
    (workload,) = of_kind("controller", "Deployment")
    assert workload["spec"]["replicas"] == 1
    assert workload["spec"]["strategy"] == {"type": "Recreate"}
    assert of_kind("controller", "StatefulSet") == of_kind("controller", "Ingress") == []


def test_the_controller_listens_where_it_is_probed_and_reached() -> None:
    given = environment("hooked", "Deployment")
    (workload,), (service,), (ingress,) = (of_kind("hooked", kind) for kind in ("Deployment", "Service", "Ingress"))
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    (port,) = container["ports"]
    assert (given["CONTROLLER_HOST"]["value"], given["CONTROLLER_PORT"]["value"]) == (
        "0.0.0.0",
        str(port["containerPort"]),
    )
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": port["name"]}
    assert [one["targetPort"] for one in service["spec"]["ports"]] == [port["name"]]
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/webhook", "Exact"), "figures are not the world's business"
    assert path["backend"]["service"] == {"name": service["metadata"]["name"], "port": {"name": port["name"]}}


def test_what_argo_cd_shows_leads_to_the_commit() -> None:
    (workload,) = of_kind("production", "StatefulSet")
    notes = workload["metadata"]["annotations"]
    assert notes["megawatts.dev/commit"] == COMMIT
    assert notes["link.argocd.argoproj.io/commit"].endswith(f"/commit/{COMMIT}")
    (bare,) = of_kind("smallest", "StatefulSet")
    assert "link.argocd.argoproj.io/commit" not in bare["metadata"]["annotations"]
