"""The AppArmor profiles: what the bot's leaves out, and that AppArmor's own parser compiles both."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.rendering import pods

pytestmark = pytest.mark.integration
FILE = Path(__file__).parents[2] / "deploy" / "apparmor" / "megawatts-bot"
LINES = [line.strip() for line in FILE.read_text().splitlines() if line.strip() and not line.strip().startswith("#")]
PARSER = shutil.which("apparmor_parser", path="/usr/sbin:/sbin:/usr/bin:/bin")


def test_its_name_is_that_of_its_file_and_it_is_enforced() -> None:
    (head,) = [line for line in LINES if line.startswith("profile ")]
    assert head.split()[1] == FILE.name
    assert "complain" not in head
    assert "unconfined" not in head


def test_every_rule_ends_and_every_brace_is_closed() -> None:
    assert FILE.read_text().count("{") == FILE.read_text().count("}")
    rules = [line for line in LINES if not line.startswith(("include", "profile", "}", "abi"))]
    assert [line for line in rules if not line.endswith(",")] == []


@pytest.mark.parametrize("denied", [
    "deny network raw,", "deny network packet,", "deny capability,", "deny mount,", "deny umount,", "deny pivot_root,",
    "deny ptrace,", "deny /opt/megawatts/** w,", "deny /usr/** w,", "deny /etc/** w,", "deny @{PROC}/*/environ r,",
    "deny /var/lib/megawatts/** mx,", "deny /tmp/** mx,",
])  # fmt: skip
def test_what_must_never_happen_is_denied(denied: str) -> None:
    assert denied in LINES


def grants() -> list[tuple[str, str]]:
    found = [re.fullmatch(r"(?:owner )?([/@]\S*) ([a-zA-Z]+),", line) for line in LINES if not line.startswith("deny")]
    return [(matched[1], matched[2]) for matched in found if matched]


def test_only_home_and_tmp_are_written_and_nothing_written_is_run() -> None:
    assert len(grants()) > 10
    for path, how in grants():
        writable = path.startswith(("/var/lib/megawatts/", "/tmp/"))
        assert writable or not set(how) & set("wakl"), path
        if writable:
            assert not set(how) & set("mx"), path


@pytest.mark.parametrize("volume", ["certificates", "pod"])
def test_what_the_chart_mounts_to_be_read_can_be_read(volume: str) -> None:
    (where,) = {
        one["mountPath"]
        for _name, pod in pods()
        for one in pod["spec"]["containers"][0]["volumeMounts"]
        if one["name"] == volume
    }
    assert (f"{where}/**", "r") in grants()


def test_a_program_stays_in_the_profile() -> None:
    for path, how in grants():
        if "x" in how:
            assert how == "ixr", path
            assert path in {"/opt/megawatts/.venv/bin/*", "/usr/local/bin/python3*"}
    assert not any(re.search(r"\b[upc]+x\b", line, re.IGNORECASE) for line in LINES)


def release(parser: str) -> tuple[int, ...]:
    """The parser's release: 3.0.8 as (3, 0, 8)."""
    told = subprocess.run([parser, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"version (\d+)\.(\d+)", told)[0]))


def within(text: str, parser: str) -> str:
    """What that parser can know of a profile: before 4.0 there is no `userns`, and its word for itself is `abi/3.0`."""
    if release(parser) >= (4, 0):
        return text
    return text.replace("abi <abi/4.0>,", "abi <abi/3.0>,").replace("  userns,\n", "")


@pytest.mark.skipif(PARSER is None, reason="apparmor_parser is not installed (Debian: apparmor)")
@pytest.mark.parametrize(
    ("name", "rule"), [("megawatts-bot", "deny mount,"), ("megawatts-sandbox", "pivot_root,")], ids=lambda one: one
)
def test_apparmors_own_parser_compiles_it_and_not_a_misspelt_one(tmp_path: Path, name: str, rule: str) -> None:
    text = within((FILE.parent / name).read_text(), str(PARSER))
    assert text.count("userns") == (0 if name == "megawatts-bot" or release(str(PARSER)) < (4, 0) else 1)
    compiled = []
    for written in (text, text.replace(rule, f"{rule[:-1]}s,")):
        path = tmp_path / name
        path.write_text(written)
        argv = [str(PARSER), "--skip-kernel-load", "--skip-cache", "--stdout", str(path)]
        compiled.append(subprocess.run(argv, capture_output=True, check=False))
    assert compiled[0].returncode == 0, compiled[0].stderr
    assert name.encode() in compiled[0].stdout, "the kernel's form of it, by its name"
    assert compiled[1].returncode != 0
    assert b"syntax error" in compiled[1].stderr
