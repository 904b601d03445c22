"""A ConfigMap as a kubelet mounts it: files behind one link, and the link is moved."""

import json
from pathlib import Path

import yaml  # type: ignore[import-untyped]  # it has no types of its own

from bot.adapters.git.repository import GitRepository
from bot.core.ids import Sha
from tests.deploy.rendering import rendered
from tests.servers.argocd.controller import VALUES


def config_map(repo: GitRepository, revision: Sha) -> dict[str, str]:
    """What the chart makes of the values at a commit."""
    text = repo.read(revision, VALUES)
    assert text is not None
    maps = [one for one in rendered(yaml.safe_load(text)) if one["kind"] == "ConfigMap"]
    (found,) = [one for one in maps if one["metadata"]["name"].endswith("-bot-data")]
    return dict(found["data"])


def swap(mount: Path, data: dict[str, str]) -> None:
    """Put this data there, at once (kubernetes/pkg/volume/util/atomic_writer.go)."""
    mount.mkdir(exist_ok=True)
    version = mount / f"..{len(list(mount.iterdir()))}"
    version.mkdir()
    for name, text in data.items():
        (version / name).write_text(text)
    (mount / "..data_tmp").symlink_to(version.name)
    (mount / "..data_tmp").rename(mount / "..data")
    for name in data:
        if not (mount / name).is_symlink():
            (mount / name).symlink_to(Path("..data") / name)


def edited(data: dict[str, str], **values: str) -> dict[str, str]:
    """By somebody's hand."""
    row = json.loads(data["data.json"]) | values
    return {"data.json": json.dumps(row)}
