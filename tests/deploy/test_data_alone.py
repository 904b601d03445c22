"""Data beside an image: another of it changes no pod, and what is mounted is what the bot takes."""

import copy
import json
from typing import Any

import pytest

from bot.policy.data_bundle import DOCUMENT, LONGEST, Bundle, mounted
from bot.policy.hot_path import FILES
from tests.deploy.rendering import CHART, COMMIT, VALUES, WORKLOADS, Document, merged, rendered

BUNDLE = Bundle(COMMIT, "d" * 40, dict.fromkeys(FILES, 'en = ["<b>&"]\n'))  # type: ignore[arg-type]


def values(name: str = "data alone", **data: Any) -> dict[str, Any]:
    return merged(VALUES[name], {"bot": {"data": {"enabled": True, **data}}})


def of(bundle: Bundle) -> dict[str, str]:
    return {"revision": bundle.revision, "sha256": bundle.sha256, "content": bundle.content}


def found(documents: list[Document], kind: str) -> Document:
    (one,) = [d for d in documents if d["kind"] == kind and d["metadata"]["name"].endswith(("-bot", "-bot-data"))]
    return one


def test_what_is_promoted_is_what_the_bot_takes() -> None:
    config = found(rendered(values(**of(BUNDLE))), "ConfigMap")
    assert mounted(config["data"][DOCUMENT].encode(), COMMIT) == BUNDLE
    assert "immutable" not in config, "what is immutable cannot be read anew"
    assert config["metadata"]["annotations"] == {"megawatts.dev/commit": "d" * 40, "megawatts.dev/code": COMMIT}


def test_without_data_pods_are_told_to_read_their_own() -> None:
    none = values(revision="", sha256="", content="")
    assert mounted(found(rendered(none), "ConfigMap")["data"][DOCUMENT].encode(), COMMIT) is None


@pytest.mark.parametrize("name", ["data alone", "production", "canary"])
def test_other_data_is_another_annotation_and_the_same_pods(name: str) -> None:
    before, after = rendered(values(name, revision="", sha256="", content="")), rendered(values(name, **of(BUNDLE)))
    kind = next(d["kind"] for d in before if d["kind"] in WORKLOADS)
    old, new = copy.deepcopy(found(before, kind)), found(after, kind)
    assert new["spec"] == old["spec"], "a changed template would start pods anew"
    assert new["spec"]["template"]["metadata"]["labels"]["megawatts.dev/commit"] == COMMIT, "their code"
    assert old["metadata"]["annotations"]["megawatts.dev/commit"] == COMMIT
    shown = new["metadata"]["annotations"]
    assert (shown["megawatts.dev/commit"], shown["megawatts.dev/code"]) == ("d" * 40, COMMIT)
    assert all("d" * 40 in text for key, text in shown.items() if key.startswith("link."))


def test_it_is_mounted_read_only_as_a_folder() -> None:
    pod = found(rendered(values(**of(BUNDLE))), "StatefulSet")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (mount,) = [one for one in container["volumeMounts"] if one["name"] == "data"]
    assert mount == {"name": "data", "mountPath": "/etc/megawatts/data", "readOnly": True}, "a subPath is never updated"
    assert container["args"][-2:] == ["--data", mount["mountPath"]]
    (volume,) = [one for one in pod["volumes"] if one["name"] == "data"]
    assert volume["configMap"]["optional"] is True
    assert "items" not in volume["configMap"]


def test_where_nobody_opened_it_there_is_nothing_of_it() -> None:
    for name in ("staging", "production", "canary"):
        text = json.dumps(rendered(VALUES[name]))
        assert "--data" not in text
        assert "bot-data" not in text


def test_the_chart_takes_what_promotions_write_and_no_more() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert schema["properties"]["bot"]["properties"]["data"]["properties"]["content"]["maxLength"] == LONGEST
