"""The compose file for one machine: valid, closed to the outside, and without a password of its own."""

import json
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.app.environment import Secret
from bot.app.road_settings import RoadSettings
from bot.app.settings import Settings
from tests.deploy.dockerfile import parse
from tests.servers.absent import absent
from tests.servers.prometheus import Missing, promtool

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "compose"
FILE = FOLDER / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("bot", "controller")
WITHOUT_A_PROGRAM = {"loki", "tempo", "logs"}
"""Their images hold nothing that could ask; Prometheus asks the first two."""


def problems(document: Any) -> list[str]:
    """What the Compose Specification says, as check-jsonschema ships it."""
    text = files("check_jsonschema").joinpath("builtin_schemas", "vendor", "compose-spec.json").read_text("utf-8")
    schema = json.loads(text)
    return [error.message for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(document)]


def test_it_is_a_compose_file() -> None:
    assert problems(COMPOSE) == []
    assert problems(yaml.safe_load(FILE.read_text().replace("stop_grace_period:", "stop_grace_periods:")))


def test_all_that_one_machine_needs_is_there() -> None:
    assert SERVICES.keys() == {
        "bot", "controller", "postgres", "redis", "minio", "qdrant", "prometheus", "alertmanager",
        "grafana", "loki", "tempo", "logs",
    }  # fmt: skip
    assert {name for name, one in SERVICES.items() if "profiles" in one} == {"controller", "minio"}


@pytest.mark.parametrize("name", list(SERVICES))
def test_a_service_is_pinned_confined_and_bounded(name: str) -> None:
    service = SERVICES[name]
    tag = service["image"].rpartition(":")[2]
    assert re.match(r"\$\{MEGAWATTS|v?\d+\.\d+|RELEASE\.\d{4}-", tag if name not in OURS else service["image"]), (
        service["image"]
    )
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] <= (1024 if name == "controller" else 256), "the gate runs in the controller"
    assert service["mem_limit"]
    assert not {"privileged", "network_mode", "pid", "ipc", "devices", "userns_mode"} & service.keys()
    assert set(service.get("cap_add", ())) <= {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
    assert not any("docker.sock" in str(one) for one in service.get("volumes", ()))


@pytest.mark.parametrize("name", list(SERVICES))
def test_a_service_is_asked_how_it_is(name: str) -> None:
    check = SERVICES[name].get("healthcheck")
    if name == "bot":
        # The image's own.
        assert check is None
        assert parse((ROOT / "deploy/docker/Dockerfile").read_text())["bot"].all("HEALTHCHECK")
    elif name in WITHOUT_A_PROGRAM:
        assert check == {"disable": True}
    else:
        assert check is not None
        assert check["test"][0] in {"CMD", "CMD-SHELL"}


def test_whoever_is_waited_for_says_when_it_is_ready() -> None:
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "test" in SERVICES[other]["healthcheck"]
            assert "profiles" not in SERVICES[other], "it would not be started"


def test_nothing_is_published_but_on_loopback_and_no_store_at_all() -> None:
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert published.keys() == {"bot", "prometheus", "grafana", "logs"}
    stores = {name for name, one in SERVICES.items() if one["networks"] == ["stores"]}
    assert stores == {"postgres", "redis", "qdrant", "minio"}
    assert COMPOSE["networks"]["stores"] == {"internal": True}
    assert {name for name, one in SERVICES.items() if "front" in one["networks"]} == set(OURS)


def values(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((name, str(value)) for name, value in service.get("environment", {}).items())


def test_no_secret_stands_in_the_file_or_in_an_argument() -> None:
    for service in SERVICES.values():
        for name, value in values(service):
            if re.search(r"PASSWORD|TOKEN|SECRET|KEY|_USER_", name):
                assert value.startswith("/run/secrets/"), name
        assert "/run/secrets" not in "".join(service.get("ports", ()))
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("secrets/")
    used = {one for service in SERVICES.values() for one in service.get("secrets", ())}
    assert used == COMPOSE["secrets"].keys()
    assert "secrets/" in (FOLDER / ".gitignore").read_text().splitlines()


def test_our_services_are_given_settings_that_exist_and_the_bot_none_of_the_road() -> None:
    known = {kind: set(kind.__dataclass_fields__) for kind in (Settings, RoadSettings)}
    for name in OURS:
        for setting, _ in values(SERVICES[name]):
            lower = setting.lower()
            assert (
                lower in known[Settings]
                or setting.startswith("OTEL_")
                or (name == "controller" and lower in known[RoadSettings])
            )
    assert SERVICES["bot"]["labels"] == SERVICES["controller"]["labels"] == {"modification.allowed": "false"}
    assert {SERVICES[name]["user"] for name in OURS} == {"1000:1000"}


def test_images_of_ours_are_built_from_the_dockerfiles_targets() -> None:
    stages = parse((ROOT / "deploy/docker/Dockerfile").read_text())
    for name in OURS:
        build = SERVICES[name]["build"]
        assert (FOLDER / build["context"] / build["dockerfile"]).resolve() == ROOT / "deploy" / "docker" / "Dockerfile"
        assert build["target"] == name in stages
        assert build["args"].keys() == {"COMMIT"}


def mounted() -> Iterator[tuple[str, str]]:
    for name, service in SERVICES.items():
        for one in service.get("volumes", ()):
            source, _, rest = one.partition(":")
            if source.startswith("."):
                yield source, rest
            else:
                assert source in COMPOSE["volumes"], (name, source)


def test_what_is_mounted_is_there_and_cannot_be_written() -> None:
    found = list(mounted())
    assert len(found) > 5
    for source, rest in found:
        generated = source.startswith("../../charts/megawatts/files/")
        assert generated or (FOLDER / source).exists(), source
        assert rest.endswith(":ro")


def made(folder: Path) -> dict[str, str]:
    shutil.copy(FOLDER / "secrets.sh", folder)
    subprocess.run([folder / "secrets.sh"], check=True, capture_output=True)
    return {one.name: one.read_text() for one in (folder / "secrets").iterdir()}


def test_secrets_are_random_kept_and_closed_to_others(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    first, other = (made(folder) for folder in folders)
    named = {Path(one["file"]).name for one in COMPOSE["secrets"].values()}
    named |= {Path(one["path"]).name for service in SERVICES.values() for one in service.get("env_file", ())}
    assert first.keys() == named
    assert all(first[name] != other[name] for name in first)
    assert all(re.search(r"[0-9a-f]{48}|-[0-9a-f]{8}$", text) for text in first.values())
    (folders[0] / "secrets" / "bot.env").chmod(0o600)
    (folders[0] / "secrets" / "bot.env").write_text("DISCORD_BOT_TOKEN=mine\n")
    assert made(folders[0]) == {**first, "bot.env": "DISCORD_BOT_TOKEN=mine\n"}
    assert stat.S_IMODE((folders[0] / "secrets").stat().st_mode) == 0o700


def test_the_bot_is_given_the_passwords_that_the_stores_ask_for(tmp_path: Path) -> None:
    found = made(tmp_path)
    told = dict(line.split("=", 1) for line in found["bot.env"].splitlines())
    assert told["POSTGRES_PASSWORD"] == found["postgres"].strip()
    assert f"requirepass {told['REDIS_PASSWORD']}" in found["redis.conf"].splitlines()
    assert found["qdrant.env"].strip() == f"QDRANT__SERVICE__API_KEY={told['VECTOR_DB_API_KEY']}"
    assert all(isinstance(getattr(Settings(), name.lower()), Secret) for name in told)
    assert found["controller.env"].splitlines() == [f"POSTGRES_PASSWORD={told['POSTGRES_PASSWORD']}"]


def test_logs_go_to_the_port_that_takes_them_and_traces_to_tempos() -> None:
    logs = yaml.safe_load((FOLDER / "fluent-bit.yaml").read_text())["pipeline"]
    address = {SERVICES[name]["logging"]["options"]["fluentd-address"] for name in OURS}
    assert address == {f"127.0.0.1:{logs['inputs'][0]['port']}"}
    assert SERVICES["logs"]["ports"] == ["127.0.0.1:24224:24224"]
    loki = yaml.safe_load((FOLDER / "loki.yaml").read_text())
    assert (logs["outputs"][0]["host"], logs["outputs"][0]["port"]) == ("loki", loki["server"]["http_listen_port"])
    tempo = yaml.safe_load((FOLDER / "tempo.yaml").read_text())
    taken = tempo["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    assert SERVICES["bot"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://tempo:{taken}"


def test_grafana_asks_services_that_are_there() -> None:
    for source in yaml.safe_load((FOLDER / "grafana" / "datasources.yaml").read_text())["datasources"]:
        host, port = re.fullmatch(r"http://(\w+):(\d+)", source["url"]).groups()  # type: ignore[union-attr]
        assert "watch" in SERVICES[host]["networks"]
        assert (host, port) in {("prometheus", "9090"), ("loki", "3100"), ("tempo", "3200")}


def test_prometheus_takes_its_configuration() -> None:
    try:
        argv = [promtool(), "check", "config", str(FOLDER / "prometheus.yml")]
    except Missing as error:
        absent(error)
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    told = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    assert told["global"]["scrape_interval"] == "5s"
    targets = {one for job in told["scrape_configs"] for group in job["static_configs"] for one in group["targets"]}
    assert {one.split(":")[0] for one in targets} - {"127.0.0.1"} <= SERVICES.keys()
    assert {"bot:8080", f"controller:{SERVICES['controller']['environment']['CONTROLLER_PORT']}"} <= targets
