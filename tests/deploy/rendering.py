"""The chart rendered under the value sets that the tests look at."""

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "megawatts"
DEPLOY = ROOT / "deploy"
COMMIT = "c0ffee" * 6 + "c0ff"
Document = dict[str, Any]


def read(*parts: str) -> Any:
    """One YAML document below deploy/."""
    return yaml.safe_load(DEPLOY.joinpath(*parts).read_text(encoding="utf-8"))


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Values as Helm lays one file over another; None takes a key away."""
    found: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = found.get(key)
            if value is None:
                found.pop(key, None)
                continue
            found[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return copy.deepcopy(found)


def _image(part: str) -> dict[str, Any]:
    return {part: {"image": {"digest": f"sha256:{'ab' * 32}", "commit": COMMIT}}}


_BOT = {
    "production": read("environments", "production", "bot.yaml"),
    "staging": read("environments", "staging", "bot.yaml"),
}
_CONTROLLER = read("environments", "production", "controller.yaml")
_HOOKED = {
    "controller": {
        "webhook": {"enabled": True, "ingress": {"enabled": True, "host": "hook.example.org", "tlsSecret": "hook-tls"}},
    },
    "networkPolicy": {
        "webhookSenders": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}]
    },
    "monitoring": {"serviceMonitor": True},
}
_CONFINED = {
    "bot": {
        "appArmorProfile": {"type": "Localhost", "localhostProfile": "megawatts-bot"},
        "tolerations": [{"key": "arm64", "operator": "Exists"}],
        "podLabels": {"team": "bots"},
        "podAnnotations": {"note": "x"},
        "priorityClassName": "high",
        "imagePullSecrets": [{"name": "registry"}],
        "home": {"existingClaim": "kept"},
    }
}
_BOXED = {
    "controller": {
        "procMount": "Unmasked",
        "seccompProfile": {"type": "Localhost", "localhostProfile": "megawatts-sandbox.json"},
        "appArmorProfile": {"type": "Localhost", "localhostProfile": "megawatts-sandbox"},
    }
}
"""As docs/deploy.md has it for bubblewrap."""
_TRUSTING = {
    "bot": {"enabled": True},
    "certificates": {"existingConfigMap": "our-authorities", "key": "trust-bundle.pem"},
}
_DATA = {"bot": {"data": {"enabled": True, "revision": "d" * 40, "sha256": "e" * 64, "content": "eJx-_9"}}}
VALUES: dict[str, dict[str, Any]] = {
    "smallest": _image("bot"),
    "staging": merged(_BOT["staging"], _image("bot")),
    "production": merged(_BOT["production"], _image("bot")),
    "region eu": merged(_BOT["production"], read("regions", "eu.yaml"), _image("bot")),
    "region us": merged(_BOT["production"], read("regions", "us.yaml"), _image("bot")),
    "canary": merged(_BOT["production"], read("rollouts", "canary.yaml"), _image("bot")),
    "blue-green": merged(_BOT["production"], read("rollouts", "blue-green.yaml"), _image("bot")),
    "controller": merged(_CONTROLLER, _image("controller")),
    "hooked": merged(_CONTROLLER, _image("controller"), _HOOKED),
    "boxed": merged(_CONTROLLER, _image("controller"), _BOXED),
    "trusting": merged(_BOT["staging"], _CONTROLLER, _image("bot"), _image("controller"), _TRUSTING),
    "confined": merged(_image("bot"), _CONFINED),
    "data alone": merged(_BOT["staging"], _image("bot"), _DATA),
    "monitoring": read("environments", "production", "monitoring.yaml"),
}
"""Values by name; production stands as the repository has it, but for the image, which the promotion writes."""
WORKLOADS = frozenset({"StatefulSet", "Deployment", "Rollout"})


def rendered(values: Mapping[str, Any]) -> list[Document]:
    """Every document of the chart under these values."""
    with helm_python.Chart.load(CHART) as chart:
        texts = chart.render(dict(values), name="mw", namespace="megawatts")
    manifests = (text for path, text in sorted(texts.items()) if path.endswith(".yaml"))
    return [document for text in manifests for document in yaml.safe_load_all(text) if document]


@cache
def documents(name: str) -> tuple[Document, ...]:
    """Every document under the value set of that name."""
    return tuple(rendered(VALUES[name]))


def of_kind(name: str, kind: str) -> list[Document]:
    """Documents of one kind under a value set."""
    return [one for one in documents(name) if one["kind"] == kind]


def pods() -> Iterator[tuple[str, Document]]:
    """Every pod template of every value set, with the name of the set and the workload."""
    for name in VALUES:
        for document in documents(name):
            if document["kind"] in WORKLOADS:
                yield f"{name}: {document['kind']} {document['metadata']['name']}", document["spec"]["template"]
