"""Where untrusted code runs, what forbids it there, and what to do."""

from pathlib import Path

import pytest

from bot.app.doctor_sandbox import ACCOUNT, APPARMOR, CLONE, MOST, Host, advise, host
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
    fallen = advise(RESTRICTED, "landlock")
    assert fallen.status is Status.INCONCLUSIVE
    assert "sysctl kernel.apparmor_restrict_unprivileged_userns=0" in fallen.because
    assert "V-12" in fallen.because
    assert advise(RESTRICTED, "bubblewrap").passed, "a rule of AppArmor lets it through"


def test_a_pod_is_told_of_a_pod_of_its_own() -> None:
    verdict = advise(
        Host("pod", "no user namespaces (user.max_user_namespaces is 0)"), "", "bubblewrap: no; landlock: no"
    )
    assert verdict.status is Status.FAIL
    assert "hostUsers: false" in verdict.because
    assert "bubblewrap: no" in verdict.because


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
