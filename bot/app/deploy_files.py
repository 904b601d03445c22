"""Files of the chart that are made from the charter, the settings and the rules beside it; a test compares them."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from bot.app.analysis_template import text
from bot.app.environment import Secret
from bot.app.road_settings import RoadSettings
from bot.app.settings import Settings
from bot.policy.charter import parse

CHART = "charts/megawatts"
ANALYSIS = f"{CHART}/files/analysis.json"
SCHEMA = f"{CHART}/values.schema.json"
_MANAGED = frozenset({"DISCORD_SHARD_COUNT", "DISCORD_SHARD_IDS", "CONTROLLER_HOST", "CONTROLLER_PORT"})
"""The chart sets these itself."""
_TRACES = "OTEL"
"""Beginning of the names that OpenTelemetry's library reads by itself."""
_SECRETIVE = "(TOKEN|SECRET|PASSWORD|KEY|HEADERS)"
"""In a name that a client library reads: its value is a secret, and none belongs into values."""
_GROUPS = re.compile(r"^groups:", re.MULTILINE)


def files(root: Path) -> dict[str, str]:
    """Text of each generated file by its path in this checkout."""
    made = {
        ANALYSIS: text(parse((root / ".github" / "charter.toml").read_text("utf-8")).health),
        SCHEMA: schema((root / SCHEMA).read_text("utf-8")),
    }
    for source in sorted((root / "deploy" / "prometheus").glob("*.y*ml")):
        content = source.read_text("utf-8")
        if _GROUPS.search(content):
            made[f"{CHART}/files/rules/{source.stem}.yaml"] = content
    for source in sorted((root / "deploy" / "grafana").rglob("*.json")):
        made[f"{CHART}/files/dashboards/{source.name}"] = source.read_text("utf-8")
    return made


def stale(root: Path) -> dict[str, str | None]:
    """Generated files that differ from what they should be, with the text that they should have; None: none at all."""
    wanted = files(root)
    late: dict[str, str | None] = {
        name: content
        for name, content in wanted.items()
        if not (root / name).is_file() or (root / name).read_text("utf-8") != content
    }
    made = {str(one.relative_to(root)) for one in (root / CHART / "files").rglob("*") if one.is_file()}
    return late | dict.fromkeys(made - wanted.keys())


def write(root: Path) -> list[str]:
    """Bring every generated file up to date; the paths that changed."""
    late = stale(root)
    for name, content in late.items():
        target = root / name
        if content is None:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return sorted(late)


def schema(text: str) -> str:
    """The schema of the chart's values with the names of settings that this version knows. Pure."""
    document = json.loads(text)
    document["$defs"] |= {
        f"{part}{what}": _names(list(names), "secretRef" if what == "Secrets" else "settingValue")
        for part in ("bot", "controller")
        for what, names in (("Settings", _allowed(part, secret=False)), ("Secrets", _allowed(part, secret=True)))
    }
    return json.dumps(document, indent=2) + "\n"


def _allowed(part: str, *, secret: bool) -> Iterator[str]:
    """Settings that this part may be given: the bot none of the road's, the controller not Discord's token."""
    kinds = (Settings,) if part == "bot" else (Settings, RoadSettings)
    for one in (field for kind in kinds for field in fields(kind)):
        name = one.name.upper()
        theirs = part == "controller" and name == "DISCORD_BOT_TOKEN"
        if isinstance(one.default, Secret) == secret and name not in _MANAGED and not theirs:
            yield name


def _names(names: list[str], value: str) -> dict[str, Any]:
    """An object whose keys are these names, or begin as a client library's own settings do."""
    others: dict[str, Any] = {"pattern": f"^{_TRACES}_[A-Z0-9_]+$"}
    secretive = {"pattern": _SECRETIVE}
    others |= {"not": secretive} if value == "settingValue" else {"allOf": [secretive]}
    rule = {"anyOf": [{"enum": sorted(names)}, others]}
    return {"type": "object", "propertyNames": rule, "additionalProperties": {"$ref": f"#/$defs/{value}"}}
