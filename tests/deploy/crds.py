"""The schemas of Argo CD and Argo Rollouts, made strict: a field that they do not name is an error."""

import copy
import gzip
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

DATA = Path(__file__).parents[3] / "shared" / "data"
FILES = {
    "Application": "argocd-application-crd.yaml.gz",
    "AppProject": "argocd-appproject-crd.yaml.gz",
    "Rollout": "argo-rollout-crd.yaml.gz",
    "AnalysisTemplate": "argo-analysis-template-crd.yaml.gz",
}
ABSENT = f"the schemas of Argo CD and Argo Rollouts are not in {DATA}"
_OPEN = "x-kubernetes-preserve-unknown-fields"


def there() -> bool:
    """Whether all schemas are."""
    return all((DATA / name).is_file() for name in FILES.values())


def problems(document: dict[str, Any]) -> list[str]:
    """What the strict schema of its kind says against a document."""
    return sorted(f"{error.json_path}: {error.message}" for error in _validator(document["kind"]).iter_errors(document))


@cache
def _validator(kind: str) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = gzip.decompress((DATA / FILES[kind]).read_bytes())
    (version,) = [one for one in yaml.load(text, loader)["spec"]["versions"] if one["name"] == "v1alpha1"]
    schema = version["schema"]["openAPIV3Schema"]
    return jsonschema.Draft202012Validator(strict(schema))


def strict(schema: Any) -> Any:
    """The schema with every object closed that names its fields; free maps and the object's own metadata stay open."""
    if not isinstance(schema, dict):
        return [strict(one) for one in schema] if isinstance(schema, list) else schema
    made = {key: strict(value) if key != "properties" else _each(value) for key, value in schema.items()}
    if made.pop(_OPEN, False):
        return made
    if made.pop("x-kubernetes-int-or-string", False):
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    if "properties" in made and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return made


def _each(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: strict(one) for name, one in properties.items()}


def misspelt(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The document with one field of its spec misspelt, for each field at every depth but in free maps of labels."""
    for path in _paths(document["spec"], ()):
        changed = copy.deepcopy(document)
        place = changed["spec"]
        for key in path[:-1]:
            place = place[key]
        place[f"{path[-1]}x"] = place.pop(path[-1])
        yield ".".join(map(str, path)), changed


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _paths(one, (*path, index))
    if isinstance(value, dict):
        for key, one in value.items():
            yield (*path, key)
            if key not in {"labels", "matchLabels", "annotations", "nodeSelector", "limits", "requests"}:
                yield from _paths(one, (*path, key))
