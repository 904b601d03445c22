"""Where untrusted code runs, what forbids it there, and what to do."""

from pathlib import Path

import pytest

from bot.app.doctor_sandbox import (
    ACCOUNT,
    APPARMOR,
    CLONE,
    LABEL,
    MARKS,
    MOST,
    MOUNTS,
    STATUS,
    USERS,
    Host,
    advise,
    host,
)
from bot.core.verdict import Status

HOSTED = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted"}


def kernel(root: Path, **values: str) -> Path:
    for name, value in values.items():
        path = root / {"apparmor": APPARMOR, "clone": CLONE, "most": MOST}[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")
    return root


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        (HOSTED, "hosted runner"),
        ({"GITHUB_ACTIONS": "true"}, "runner"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "pod"),
        ({}, "machine"),
        ({"GITHUB_ACTIONS": "false"}, "machine"),
    ],
)
def test_the_place_is_told_by_what_surrounds_it(tmp_path: Path, environment: dict[str, str], place: str) -> None:
    assert host(tmp_path, environment, uid=1000) == Host(place)


def test_a_pod_without_its_variables_is_known_by_its_account(tmp_path: Path) -> None:
    (tmp_path / ACCOUNT).mkdir(parents=True)
    assert host(tmp_path, {}, uid=1000).place == "pod"


@pytest.mark.parametrize("mark", MARKS)
def test_a_container_is_known_by_its_engines_mark_and_told_which_options_are_lacking(tmp_path: Path, mark: str) -> None:
    (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / mark).touch()
    assert host(tmp_path, {}, uid=1000) == Host("container")
    assert host(tmp_path, POD, uid=1000).place == "pod", "Kubernetes runs containers too"
    for path, text in ((MOUNTS, MASKED), (STATUS, "Seccomp:\t2"), (LABEL, "docker-default (enforce)")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    because = advise(host(tmp_path, {}, uid=1000), "landlock").because
    assert "this container: Landlock holds" in because
    options = "systempaths=unconfined and seccomp=deploy/seccomp/megawatts-sandbox.json and apparmor=megawatts-sandbox"
    assert f"--security-opt {options} (docs/deploy.md" in because
    assert "hostUsers" not in because
    assert advise(host(tmp_path, {}, uid=1000), "bubblewrap").because == "this container: bubblewrap holds"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"most": "0"}, "max_user_namespaces"),
        ({"clone": "0", "most": "63000"}, "unprivileged_userns_clone"),
        ({"apparmor": "1", "clone": "1", "most": "63000"}, "AppArmor"),
        ({"apparmor": "0", "clone": "1", "most": "63000"}, ""),
        ({}, ""),
    ],
)
def test_what_the_kernel_forbids_is_named(tmp_path: Path, values: dict[str, str], said: str) -> None:
    found = host(kernel(tmp_path, **values), {}, uid=1000)
    assert said in found.forbids
    assert bool(found.forbids) is bool(said)


def test_root_needs_no_user_namespace(tmp_path: Path) -> None:
    assert host(kernel(tmp_path, apparmor="1", most="0"), {}, uid=0).forbids == ""


RESTRICTED = Host("hosted runner", "user namespaces restricted by AppArmor")


def test_a_hosted_runner_gets_the_line_that_mends_it() -> None:
    fallen = advise(RESTRICTED, "")
    assert fallen.status is Status.FAIL
    assert "sysctl kernel.apparmor_restrict_unprivileged_userns=0" in fallen.because
    assert advise(RESTRICTED, "bubblewrap").passed, "a rule of AppArmor lets it through"


def test_landlock_is_well_and_says_what_would_be_better() -> None:
    verdict = advise(RESTRICTED, "landlock")
    assert verdict.passed
    assert "Landlock holds" in verdict.because
    assert "sysctl kernel.apparmor_restrict_unprivileged_userns=0" in verdict.because
    assert "V-12" not in verdict.because


POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}
MASKED = "30 22 0:5 / /proc rw - proc proc rw\n31 30 0:6 / /proc/kcore ro - tmpfs tmpfs ro"
WHOLE = "30 22 0:5 / /proc rw - proc proc rw\n33 22 0:7 / /procs rw - tmpfs tmpfs rw"
HARD = {
    USERS: "         0          0 4294967295",
    MOUNTS: MASKED,
    STATUS: "Name:\tx\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1",
    LABEL: "cri-containerd.apparmor.d (enforce)",
}
SOFT = {
    USERS: "         0  833617920      65536",
    MOUNTS: WHOLE,
    STATUS: "Seccomp:\t0\nSeccomp_filters:\t0",
    LABEL: "unconfined",
}
WANTED = {USERS: "hostUsers: false", MOUNTS: "procMount: Unmasked", STATUS: "seccompProfile", LABEL: "appArmorProfile"}


def surroundings(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


def test_a_hardened_pod_is_told_each_line_that_it_lacks(tmp_path: Path) -> None:
    found = host(surroundings(tmp_path, HARD), POD, uid=1000)
    verdict = advise(found, "", "bubblewrap: no; landlock: no")
    assert verdict.status is Status.FAIL
    assert [one for one in WANTED.values() if one not in verdict.because] == []
    assert "bubblewrap: no" in verdict.because
    assert "docs/deploy.md" in verdict.because


@pytest.mark.parametrize("name", WANTED)
def test_only_what_is_lacking_is_asked_for(tmp_path: Path, name: str) -> None:
    found = host(surroundings(tmp_path, {**SOFT, name: HARD[name]}), POD, uid=1000)
    (lacks,) = found.lacks
    assert WANTED[name] in lacks
    assert host(surroundings(tmp_path, SOFT), POD, uid=1000).lacks == ()


def test_elsewhere_nothing_of_a_pod_is_asked_for(tmp_path: Path) -> None:
    found = host(surroundings(tmp_path, HARD), HOSTED, uid=1000)
    assert found.lacks == ()
    assert "hostUsers" not in advise(found, "landlock").because


def test_odd_files_of_the_kernel_say_nothing(tmp_path: Path) -> None:
    odd = {
        USERS: "",
        MOUNTS: "x\n\n1 2",
        STATUS: "Seccomp:\nSeccomp",
        LABEL: "\udcff".encode("utf-8", "replace").decode(),
    }
    assert host(surroundings(tmp_path, odd), POD, uid=1000).lacks == ()


def test_a_pod_on_a_node_that_forbids_it_is_told_of_the_node() -> None:
    verdict = advise(Host("pod", "user namespaces restricted by AppArmor", ("hostUsers: false",)), "")
    assert "on the node" in verdict.because


@pytest.mark.parametrize("box", ["", "unconfined", "odd"])
def test_nothing_that_confines_is_a_failure(box: str) -> None:
    assert advise(Host("machine"), box).status is Status.FAIL


def test_other_limits_of_the_kernel_have_their_own_fix() -> None:
    verdict = advise(
        Host("machine", "no user namespaces without root (kernel.unprivileged_userns_clone is 0)"), "landlock"
    )
    assert "sysctl" in verdict.because
    assert "AppArmor" not in verdict.because
    assert "bubblewrap and libseccomp2" in advise(Host("machine"), "").because
