"""A Rollout's pods learn from a label, which Argo Rollouts changes while they run, whether they are on trial."""

from pathlib import Path
from typing import Any

import helm_python
import pytest

from bot.app import settings
from bot.policy.rings import ring_in
from tests.deploy import crds
from tests.deploy.rendering import VALUES, Document, merged, of_kind, rendered

pytestmark = pytest.mark.integration
LABEL = "megawatts.dev/ring"
TRIAL, TAKEN = (
    {"canary": "canaryMetadata", "blueGreen": "previewMetadata"},
    {
        "canary": "stableMetadata",
        "blueGreen": "activeMetadata",
    },
)
ROLLOUTS = ["canary", "blue-green"]


def rollout(name: str, **bot: Any) -> Document:
    (found,) = [one for one in rendered(merged(VALUES[name], {"bot": bot})) if one["kind"] == "Rollout"]
    return found


def environment(document: Document) -> dict[str, str]:
    (container,) = document["spec"]["template"]["spec"]["containers"]
    return {one["name"]: one.get("value", "") for one in container["env"]}


@pytest.mark.parametrize("name", ROLLOUTS)
def test_the_new_version_is_labelled_beta_and_the_old_one_stable(name: str) -> None:
    (found,) = of_kind(name, "Rollout")
    ((kind, strategy),) = found["spec"]["strategy"].items()
    rings = [strategy[which[kind]]["labels"][LABEL] for which in (TRIAL, TAKEN)]
    assert [ring_in(ring) for ring in rings] == rings == ["beta", "stable"]
    assert LABEL not in found["spec"]["selector"]["matchLabels"], "a selector may not change"
    assert LABEL not in found["spec"]["template"]["metadata"]["labels"], "the template's would stand for all pods"


@pytest.mark.parametrize("name", ROLLOUTS)
def test_the_label_comes_as_a_file_that_changes_with_it(name: str) -> None:
    """A variable would stay as it was when the pod started: a new version would be on trial for ever."""
    (found,) = of_kind(name, "Rollout")
    pod = found["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (volume,) = [one for one in pod["volumes"] if "downwardAPI" in one]
    (mount,) = [one for one in container["volumeMounts"] if one["name"] == volume["name"]]
    (item,) = volume["downwardAPI"]["items"]
    assert item["fieldRef"] == {"fieldPath": f"metadata.labels['{LABEL}']"}
    assert "subPath" not in mount, "a file mounted by subPath is never updated"
    assert mount["readOnly"]
    told = environment(found)
    assert told["DISCORD_RING"] == str(Path(mount["mountPath"]) / item["path"])
    assert settings.load(told | {"DISCORD_BOT_TOKEN": ""}).discord_beta_minutes == 10


@pytest.mark.parametrize("name", ROLLOUTS)
def test_without_it_nothing_of_it_is_there(name: str) -> None:
    found = rollout(name, beta={"enabled": False})
    ((kind, strategy),) = found["spec"]["strategy"].items()
    assert not {TRIAL[kind], TAKEN[kind]} & strategy.keys()
    assert not {"DISCORD_RING", "DISCORD_BETA_MINUTES"} & environment(found).keys()
    assert not [one for one in found["spec"]["template"]["spec"]["volumes"] if "downwardAPI" in one]


@pytest.mark.skipif(not crds.there(), reason=crds.ABSENT)
@pytest.mark.parametrize("name", ROLLOUTS)
def test_argo_rollouts_knows_these_fields_and_no_misspelt_ones(name: str) -> None:
    found = rollout(name)
    assert crds.problems(found) == []
    ((kind, strategy),) = found["spec"]["strategy"].items()
    strategy[TRIAL[kind].replace("Metadata", "Metdata")] = strategy.pop(TRIAL[kind])
    assert crds.problems(found) != []


def test_a_bot_of_shards_has_no_version_beside_it_and_says_so() -> None:
    with pytest.raises(helm_python.HelmError, match=r"set bot\.mode to canary or blueGreen"):
        rendered(merged(VALUES["production"], {"bot": {"beta": {"enabled": True}}}))


@pytest.mark.parametrize("wrong", [{"minutes": -1}, {"minutes": 1441}, {"minute": 5}, {"enabled": "yes"}])
def test_the_chart_refuses_what_the_bot_would(wrong: dict[str, Any]) -> None:
    with pytest.raises(helm_python.HelmError, match="beta"):
        rendered(merged(VALUES["canary"], {"bot": {"beta": wrong}}))
