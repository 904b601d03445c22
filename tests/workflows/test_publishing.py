"""What publishes, run by act: programs that speak to the outside are doubles that write down how they were called."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.ground import FILES, NAME, Ground, git, put

pytestmark = pytest.mark.integration
DIGEST = "sha256:" + "d" * 64
TOKEN = "promoters-token-8c1f"
VALUES = 'bot:\n  image:\n    digest: ""\n    commit: unknown\n'
DOUBLE = """#!/bin/sh
name=$(basename "$0")
printf '%s\\n' "$name $*" >> "$CALLS/argv"
case "$name $*" in
    *"$REFUSED"*) exit 1 ;;
    "gh release"*) cp notes.md "$CALLS/notes.md" ;;
    "gh api graphql"*) cp request.json "$CALLS/request.json"; printf '%s' "$GH_TOKEN" > "$CALLS/token" ;;
    "gh api "*--jq*default_branch) echo main ;;
    "gh api "*--jq*.sha) echo cccccccccccccccccccccccccccccccccccccccc ;;
    "curl "*)
        while [ "$1" != --output ]; do shift; done
        printf 'known bugs' > "$2" ;;
    "docker login"*) cat > /dev/null ;;
    "docker buildx build"*)
        while [ "$1" != --metadata-file ]; do shift; done
        printf '{"containerimage.digest": "%s"}' "$DIGEST" > "$2" ;;
esac
"""
JQ = """#!/bin/sh
for file in "$@"; do :; done
exec "$TEST_PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))["containerimage.digest"])' "$file"
"""
APP = """name: app
description: Stands for the action that makes an App's token.
inputs: {app-id: {description: x}, private-key: {description: x}}
outputs: {token: {description: x, value: "%s"}}
runs: {using: composite, steps: [{shell: sh, run: "true"}]}
"""
CHECKOUT = """name: checkout
description: Stands for the action where a branch is named; act itself does the rest.
inputs: {ref: {description: x}, persist-credentials: {description: x}}
runs:
  using: composite
  steps:
    - shell: sh
      env: {REF: "${{ inputs.ref }}"}
      run: git init -q . && git fetch -q "$SUBJECT" "$REF" && git checkout -q --force FETCH_HEAD
"""
QUIET = """name: quiet
description: Stands for an action that speaks to the outside.
runs:
  using: composite
  steps:
    - shell: sh
      run: printf '%s\\n' 'action NAME' >> "$CALLS/argv"; case NAME in *"$REFUSED"*) exit 1 ;; esac
"""


@dataclass(frozen=True, slots=True)
class House:
    """The small repository, with doubles first on the path."""

    ground: Ground
    calls: Path

    @classmethod
    def make(cls, where: Path) -> "House":
        ground = Ground.make(where)
        put(
            ground.folder,
            {"deploy/environments/staging/bot.yaml": VALUES, "changelog.d/1.feature.md": "It does more.\n"},
        )
        git(ground.folder, "update-ref", "refs/remotes/origin/main", "main")
        (where / "calls").mkdir()
        for name in ("gh", "docker", "cosign", "curl", "jq"):
            program = where / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(JQ if name == "jq" else DOUBLE)
            program.chmod(0o755)
        return cls(ground, where / "calls")

    def run(self, event: str, workflow: str, payload: dict[str, Any], refused: str = "nothing") -> list[str]:
        """Run it; the calls of all programs and actions, in order. `refused`: what the outside says no to."""
        where = self.calls.parent
        local = {}
        for action in ("anchore/scan-action", "sigstore/cosign-installer", "actions/attest-build-provenance"):
            folder = where / action.replace("/", "-")
            folder.mkdir(exist_ok=True)
            (folder / "action.yml").write_text(QUIET.replace("NAME", action))
            local[action] = folder
        for action, text in (("actions/create-github-app-token", APP % TOKEN), ("actions/checkout", CHECKOUT)):
            local[action] = where / action.replace("/", "-")
            local[action].mkdir(exist_ok=True)
            (local[action] / "action.yml").write_text(text)
        told = {"repository": {"full_name": NAME, "default_branch": "main"}, **payload}
        more = {"CALLS": str(self.calls), "REFUSED": refused, "DIGEST": DIGEST, "SUBJECT": str(self.ground.folder)}
        self.ground.act(event, workflow, told, named(self.ground.folder, local), more=more, first=where / "bin")
        file = self.calls / "argv"
        return file.read_text().splitlines() if file.exists() else []


def named(folder: Path, local: dict[str, Path]) -> dict[str, Path]:
    """The doubles of actions by the pins that our workflows have."""
    found = {}
    for path in (folder / ".github" / "workflows").iterdir():
        for line in path.read_text().splitlines():
            used = line.split("uses:")[1].split("#")[0].strip() if "uses:" in line else ""
            if used.split("@")[0] in local:
                found[used] = local[used.split("@")[0]]
    return found


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House.make(tmp_path)


def asked(house: House) -> dict[str, Any]:
    commit = git(house.ground.folder, "rev-parse", "main")
    return {"inputs": {"environment": "staging", "digest": DIGEST, "commit": commit}}


def test_a_proven_image_becomes_a_pull_request_with_a_commit_that_github_signs(house: House) -> None:
    calls = house.run("workflow_dispatch", "promote", asked(house))
    commit = git(house.ground.folder, "rev-parse", "main")
    assert [" ".join(call.split()[:3]) for call in calls] == [
        "docker login ghcr.io", "gh attestation verify", f"gh api repos/{NAME}/git/refs", "gh api graphql",
        "gh pr create", "gh pr merge",
    ]  # fmt: skip
    assert f"oci://ghcr.io/owner/megawatts-bot@{DIGEST}" in calls[1]
    assert f"--source-digest {commit}" in calls[1]
    assert TOKEN not in "\n".join(calls)
    assert (house.calls / "token").read_text() == TOKEN
    body = json.loads((house.calls / "request.json").read_text())["variables"]["input"]
    assert (body["expectedHeadOid"], body["branch"]["repositoryNameWithOwner"]) == (commit, NAME)
    assert [one["path"] for one in body["fileChanges"]["additions"]] == ["deploy/environments/staging/bot.yaml"]


def test_an_image_that_nothing_proves_is_not_promoted(house: House) -> None:
    calls = house.run("workflow_dispatch", "promote", asked(house), refused="attestation verify")
    assert [" ".join(call.split()[:3]) for call in calls] == ["docker login ghcr.io", "gh attestation verify"]


@pytest.mark.parametrize("key", ["environment", "digest"])
def test_words_that_try_to_be_more_are_refused(house: House, key: str) -> None:
    payload = asked(house)
    payload["inputs"][key] = '$(touch hijacked)"; touch hijacked; "'
    calls = house.run("workflow_dispatch", "promote", payload)
    assert calls[-1].startswith("gh attestation verify"), "it came so far"
    assert not any(call.startswith(("gh api", "gh pr")) for call in calls)
    assert not list(house.calls.parent.rglob("hijacked"))


def test_an_image_is_scanned_before_it_is_signed_and_signed_before_it_is_promoted(house: House) -> None:
    head = git(house.ground.folder, "rev-parse", "main")
    calls = house.run("push", "image", {"after": head, "before": house.ground.base, "ref": "refs/heads/main"})
    words = [" ".join(call.split()[:2]) for call in calls]
    assert words.count("docker buildx") == 3, calls
    assert words.index("action anchore/scan-action") < words.index("cosign sign") < words.index("gh attestation")
    assert words.count("cosign sign") == words.count("action actions/attest-build-provenance") == 2
    assert any(f"megawatts-controller@{DIGEST}" in call for call in calls if call.startswith("cosign"))
    built = [call for call in calls if call.startswith("docker buildx build")]
    assert all("--provenance mode=max --sbom true --no-cache" in call for call in built)
    assert all(f"COMMIT={head}" in call for call in built)


def test_an_image_with_a_known_hole_is_neither_signed_nor_promoted(house: House) -> None:
    head = git(house.ground.folder, "rev-parse", "main")
    payload = {"after": head, "before": house.ground.base, "ref": "refs/heads/main"}
    calls = house.run("push", "image", payload, refused="anchore/scan-action")
    assert any(call.startswith("action anchore/scan-action") for call in calls)
    assert not any(call.startswith(("cosign", "gh", "action actions/attest")) for call in calls)


def test_a_version_is_released_with_its_changelog(house: House) -> None:
    git(house.ground.folder, "tag", "v1.2.0")
    calls = house.run(
        "push", "release", {"ref": "refs/tags/v1.2.0", "after": git(house.ground.folder, "rev-parse", "main")}
    )
    assert calls == ["gh release create v1.2.0 --verify-tag --title v1.2.0 --notes-file notes.md"]
    assert "It does more." in (house.calls / "notes.md").read_text()


def test_a_version_beside_the_main_branch_is_not_released(house: House) -> None:
    git(house.ground.folder, "checkout", "-qb", "other")
    put(house.ground.folder, FILES | {"pkg/more.py": "X = 1\n"})
    git(house.ground.folder, "tag", "v1.2.1")
    assert house.run("push", "release", {"ref": "refs/tags/v1.2.1"}) == []


BENCH = """#!/bin/sh
# Stands for the benchmark: %(slipped)s bugs get through.
set -eu
scripts/setup
test "$1 $2" = "gate --resume" && test -s "$MEGAWATTS_DATA/humanevalfix-python.jsonl"
"$TEST_PYTHON" -c 'import json, sys
for group in ("bad", "mutant", "shallow"):
    for n in range(164):
        ok = group == "shallow" or (group == "bad" and n < %(slipped)s)
        print(json.dumps({"id": f"{group}{n}", "group": group, "accepted": ok, "status": "PASS" if ok else "FAIL"}))
' > "$3"
"""
CHECKSUM = hashlib.sha256(b"known bugs").hexdigest()


@pytest.mark.parametrize(
    ("slipped", "checksum", "state", "word"),
    [
        (0, CHECKSUM, "success", "164 of 164 caught: at least 98.2%"),
        (20, CHECKSUM, "failure", "bad: 144 of 164 caught"),
        (0, "0" * 64, "failure", "was not measured"),
    ],
)
def test_a_night_is_green_only_if_enough_was_caught(
    house: House, slipped: int, checksum: str, state: str, word: str
) -> None:
    told = f"RED_TEAM_DATA_URL=https://data.example/x\nRED_TEAM_DATA_SHA256={checksum}\n"
    (house.ground.folder / ".vars").write_text(told)
    put(house.ground.folder, {"scripts/bench": BENCH % {"slipped": slipped}})
    calls = house.run("schedule", "red-team", {"schedule": "23 2 * * *"})
    (posted,) = [call for call in calls if "statuses" in call]
    assert f"--field state={state} " in posted
    assert word in posted


def test_a_night_without_a_measurement_is_red(house: House) -> None:
    calls = house.run("schedule", "red-team", {"schedule": "23 2 * * *"})
    (posted,) = [call for call in calls if "statuses" in call]
    assert "--field state=failure --field context=megawatts/red-team" in posted
    assert "c" * 40 in posted
