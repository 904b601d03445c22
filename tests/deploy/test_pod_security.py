"""Every pod of every value set is hardened; the restricted standard of Kubernetes is what is held, and more.

Source: Kubernetes, Pod Security Standards, restricted.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.rendering import ROOT, VALUES, Document, documents, merged, of_kind, pods

pytestmark = pytest.mark.integration
LARGEST = {"bot": 500, "controller": 2200}
"""Megabytes that a part may be given by default: the specification's figures, 500 MB for the bot, 2 GB in all."""
PODS = dict(pods())
OFF = ("automountServiceAccountToken", "enableServiceLinks")
FREE_SHARE = frozenset({"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"})


def problems(pod: Document) -> Iterator[str]:
    """Why a pod is not hardened."""
    spec = pod["spec"]
    if pod["metadata"]["labels"].get("modification.allowed") != "false":
        yield "label modification.allowed"
    if spec.get("serviceAccountName", "default") == "default":
        yield "default service account"
    yield from (f"{key} is not off" for key in OFF if spec.get(key) is not False)
    yield from (f"{key} is set" for key in FREE_SHARE & spec.keys())
    if spec.get("hostUsers", False) is not False:
        yield "hostUsers is on"
    if spec.get("hostUsers") is not False and any("procMount" in _security(one) for one in spec["containers"]):
        yield "/proc is not masked and the users are the node's"
    yield from _identity(spec.get("securityContext", {}))
    for volume in spec.get("volumes", []):
        yield from _volume(volume)
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        yield from (f"{container['name']}: {one}" for one in _container(container))


def _security(container: dict[str, Any]) -> dict[str, Any]:
    return dict(container.get("securityContext", {}))


def _identity(security: dict[str, Any]) -> Iterator[str]:
    wanted = {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000, "runAsNonRoot": True}
    yield from (f"{key} is not {value}" for key, value in wanted.items() if security.get(key) != value)
    if security.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "no seccomp profile"


def _volume(volume: dict[str, Any]) -> Iterator[str]:
    if not volume.keys() & {"emptyDir", "persistentVolumeClaim", "configMap", "secret", "downwardAPI"}:
        yield f"volume {volume['name']} is of a kind that is not allowed"
    if "emptyDir" in volume and not volume["emptyDir"].get("sizeLimit"):
        yield f"volume {volume['name']} has no limit"


def _container(container: dict[str, Any]) -> Iterator[str]:
    security = _security(container)
    wanted = {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }
    yield from (f"{key} is not {value}" for key, value in wanted.items() if security.get(key) is not value)
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield "capabilities"
    resources = container.get("resources", {})
    for bound in ("requests", "limits"):
        if resources.get(bound, {}).keys() != {"cpu", "memory", "ephemeral-storage"}:
            yield f"no {bound}"
    image = container["image"]
    if "@sha256:" not in image and (":" not in image or image.endswith(":latest")):
        yield "image is not pinned"
    for one in container.get("ports", []):
        if "hostPort" in one or one["containerPort"] < 1024:
            yield "port of the host, or one that asks for rights"


@pytest.mark.parametrize("name", list(PODS))
def test_every_pod_is_hardened(name: str) -> None:
    assert list(problems(PODS[name])) == []


def test_every_workload_was_looked_at() -> None:
    kinds = {name.split(": ")[1].split()[0] for name in PODS}
    assert kinds == {"StatefulSet", "Deployment", "Rollout"}
    assert len(PODS) == len(VALUES) - 1 + 1, "the monitoring set runs no pod, the trusting set bot and controller"


WEAKER: list[dict[str, Any]] = [
    {"metadata": {"labels": {"modification.allowed": "true"}}},
    {"spec": {"automountServiceAccountToken": True}},
    {"spec": {"serviceAccountName": None}},
    {"spec": {"enableServiceLinks": None}},
    {"spec": {"hostNetwork": True}},
    {"spec": {"hostPID": True}},
    {"spec": {"hostUsers": True}},
    {"spec": {"securityContext": {"runAsUser": 0}}},
    {"spec": {"securityContext": {"fsGroup": None}}},
    {"spec": {"securityContext": {"runAsNonRoot": None}}},
    {"spec": {"securityContext": {"seccompProfile": {"type": "Unconfined"}}}},
    {"spec": {"volumes": [{"name": "sock", "hostPath": {"path": "/run"}}]}},
    {"spec": {"volumes": [{"name": "tmp", "emptyDir": {}}]}},
    {"spec": {"initContainers": [{"name": "late", "image": "x:1"}]}},
]
IN_CONTAINER: list[dict[str, Any]] = [
    {"securityContext": {"allowPrivilegeEscalation": True}},
    {"securityContext": {"privileged": True}},
    {"securityContext": {"procMount": "Unmasked"}},
    {"securityContext": {"readOnlyRootFilesystem": None}},
    {"securityContext": {"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}}},
    {"resources": {"limits": None}},
    {"image": "megawatts:latest"},
    {"image": "megawatts"},
    {"ports": [{"containerPort": 80}]},
    {"ports": [{"containerPort": 8080, "hostPort": 8080}]},
]


@pytest.mark.parametrize("weaker", WEAKER, ids=str)
def test_a_weaker_pod_is_seen(weaker: dict[str, Any]) -> None:
    pod = next(iter(PODS.values()))
    assert list(problems(pod)) == []
    assert list(problems(merged(pod, weaker)))


@pytest.mark.parametrize("weaker", IN_CONTAINER, ids=str)
def test_a_weaker_container_is_seen(weaker: dict[str, Any]) -> None:
    pod = next(iter(PODS.values()))
    (container,) = pod["spec"]["containers"]
    assert list(problems(merged(pod, {"spec": {"containers": [merged(container, weaker)]}})))


CONTROLLER = {name: pod for name, pod in PODS.items() if pod["spec"]["containers"][0]["name"] == "controller"}


def test_the_pod_that_runs_unapproved_code_has_users_of_its_own() -> None:
    assert {name: pod["spec"].get("hostUsers") for name, pod in CONTROLLER.items()} == dict.fromkeys(CONTROLLER, False)
    assert len(CONTROLLER) >= 3
    assert all("hostUsers" not in pod["spec"] for name, pod in PODS.items() if name not in CONTROLLER)


def test_proc_is_masked_unless_bubblewrap_is_asked_for() -> None:
    unmasked = {
        name.split(":")[0]: pod["spec"]["containers"][0]["securityContext"]["procMount"]
        for name, pod in PODS.items()
        if "procMount" in pod["spec"]["containers"][0]["securityContext"]
    }
    assert unmasked == {"boxed": "Unmasked"}
    (boxed,) = (pod["spec"]["securityContext"] for name, pod in CONTROLLER.items() if name.startswith("boxed"))
    for kind, profile in (("seccomp", boxed["seccompProfile"]), ("apparmor", boxed["appArmorProfile"])):
        assert profile["type"] == "Localhost"
        assert (ROOT / "deploy" / kind / profile["localhostProfile"]).is_file()


@pytest.mark.parametrize("name", list(PODS))
def test_what_a_pod_writes_to_is_mounted_and_nothing_else_is(name: str) -> None:
    spec = PODS[name]["spec"]
    (container,) = spec["containers"]
    mounted = {one["mountPath"]: one["name"] for one in container["volumeMounts"] if not one.get("readOnly")}
    assert mounted == {"/var/lib/megawatts": "home", "/tmp": "tmp"}
    read = [one["name"] for one in container["volumeMounts"] if one.get("readOnly")]
    others = {"trusting": "certificates", "data alone": "data"}
    expected = [other for words, other in others.items() if name.startswith(words)]
    assert read == expected + (["pod"] if "Rollout" in name else [])
    values = {one["name"]: one.get("value") for one in container["env"]}
    assert (values["MEGAWATTS_HOME"], values["HOME"], values["PYTHONDONTWRITEBYTECODE"]) == (
        "/var/lib/megawatts", "/tmp", "1",
    )  # fmt: skip


def test_the_home_is_a_claim_where_it_must_outlive_the_pod() -> None:
    (workload,) = of_kind("production", "StatefulSet")
    assert [one["metadata"]["name"] for one in workload["spec"]["volumeClaimTemplates"]] == ["home"]
    kept = workload["spec"]["persistentVolumeClaimRetentionPolicy"]
    assert kept == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (controller,), (claim,) = of_kind("controller", "Deployment"), of_kind("controller", "PersistentVolumeClaim")
    homes = [v for v in controller["spec"]["template"]["spec"]["volumes"] if v["name"] == "home"]
    assert homes == [{"name": "home", "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}}]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    (named,) = of_kind("confined", "StatefulSet")
    assert "volumeClaimTemplates" not in named["spec"]
    volumes = {one["name"]: one for one in named["spec"]["template"]["spec"]["volumes"]}
    assert volumes["home"]["persistentVolumeClaim"] == {"claimName": "kept"}


@pytest.mark.parametrize("name", [name for name in PODS if "-bot" in name])
def test_the_bot_is_asked_whether_it_lives_and_whether_it_is_ready(name: str) -> None:
    (container,) = PODS[name]["spec"]["containers"]
    for probe, path in {"livenessProbe": "/healthz", "readinessProbe": "/readyz"}.items():
        asked = container[probe]
        assert asked["httpGet"] == {"path": path, "port": "http"}
        assert (asked["periodSeconds"], asked["timeoutSeconds"]) == (30, 3)
    assert [one["name"] for one in container["ports"]] == ["http"]


def test_a_bot_that_cannot_reach_its_records_is_not_killed_for_it() -> None:
    (container,) = PODS["production: StatefulSet mw-megawatts-bot"]["spec"]["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] != "/readyz"


@pytest.mark.parametrize("name", list(PODS))
def test_memory_is_within_what_was_measured_and_specified(name: str) -> None:
    (container,) = PODS[name]["spec"]["containers"]
    megabytes = {key: _megabytes(value["memory"]) for key, value in container["resources"].items()}
    assert megabytes["requests"] <= megabytes["limits"] <= LARGEST[container["name"]]
    if container["name"] == "bot":
        # docs/benchmarks.md: 60.5 idle, 54 for 1,000 guilds and 2,500 guilds a shard at most.
        assert megabytes["requests"] > 60.5 * 2
        assert megabytes["limits"] > 60.5 + 2.5 * 54 + 100
    else:
        assert megabytes["limits"] > 1424, "what the gate took at its peak"


def _megabytes(quantity: str) -> float:
    units = {"Mi": 2**20 / 1e6, "Gi": 2**30 / 1e6}
    return float(quantity[:-2]) * units[quantity[-2:]]


def test_the_bot_and_the_controller_hold_no_right_in_the_cluster() -> None:
    for name in VALUES:
        kinds = {one["kind"] for one in documents(name)}
        assert not kinds & {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Secret"}
        assert all(one["automountServiceAccountToken"] is False for one in of_kind(name, "ServiceAccount"))
