"""THREATS 2, 3: one of our workflows, changed as an attacker would; and an event that carries an attacker's words."""

from pathlib import Path

import pytest

from bot.app.ci.annotations import annotations
from bot.app.ci.event import parse
from bot.app.ci.findings import Place
from bot.app.ci.summary import summary
from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict
from bot.improve.stages._workflows import broken as judged
from tests.workflows.rules import broken

FOLDER = Path(__file__).parents[2] / ".github" / "workflows"
CHECKOUT = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd"


def ours(name: str) -> str:
    return (FOLDER / f"{name}.yml").read_text(encoding="utf-8")


MUTATIONS = {
    "event text in a script": (
        "validate",
        "ci plan --repo .",
        "ci plan --repo . ${{ github.event.pull_request.title }}",
    ),
    "branch name in a script": ("policy", "ci policy --repo .", "ci policy --repo ${{ github.head_ref }}"),
    "an input in a script": ("promote", '"$ENVIRONMENT" --digest', '"${{ inputs.environment }}" --digest'),
    "a stranger's change with our secrets": ("validate", "  pull_request:\n", "  pull_request_target:\n"),
    "a stranger's run wakes one with secrets": ("image", "on:\n  push:", "on:\n  workflow_run:\n  push:"),
    "a moving tag": ("ci", CHECKOUT, "actions/checkout@v6"),
    "a moving branch": ("release", CHECKOUT, "actions/checkout@main"),
    "a short commit": ("image", CHECKOUT, CHECKOUT[:32]),
    "every right": ("validate", "permissions: {}", "permissions: write-all"),
    "no word on rights": ("policy", "permissions: {}\n", ""),
    "one right more": ("validate", "      contents: read", "      contents: write"),
    "a token for packages": ("policy", "      contents: read", "      contents: read\n      packages: write"),
    "an identity for strangers": ("ci", "      contents: read", "      contents: read\n      id-token: write"),
    "a cache between runs": ("ci", f"uses: {CHECKOUT}", f"uses: actions/cache@{'a' * 40} # v5.0.0"),
    "a cache in the release": ("image", "fail-build: true", "fail-build: true\n          cache: true"),
    "a token left in the tree": ("validate", "persist-credentials: false", "persist-credentials: true"),
    "a secret beside a stranger's code": ("ci", "env:", "env:\n          KEY: ${{ secrets.PROMOTER_PRIVATE_KEY }}"),
    "a token beside a stranger's code": ("ci", "env:", "env:\n          KEY: ${{ github.token }}"),
    "all secrets to a called workflow": (
        "image",
        "    secrets:\n      PROMOTER",
        "    secrets: inherit\n    x:\n      PROMOTER",
    ),
    "a scan that lets pass": (
        "image",
        "      - uses: anchore/",
        "      - continue-on-error: true\n        uses: anchore/",
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_workflow_changed_so_is_named(name: str) -> None:
    flow, old, new = MUTATIONS[name]
    text = ours(flow)
    assert old in text, "the mutation has to hit something"
    assert broken(flow, text) == []
    changed = text.replace(old, new)
    assert broken(flow, changed) or list(judged(changed))


@pytest.mark.parametrize(
    "name", ["event text in a script", "a stranger's change with our secrets", "a moving tag", "every right"]
)
def test_the_engines_own_gate_refuses_it_too(name: str) -> None:
    flow, old, new = MUTATIONS[name]
    assert list(judged(ours(flow))) == []
    assert list(judged(ours(flow).replace(old, new)))


HOSTILE = [
    "x\n::add-mask::a",
    "x\r::stop-commands::pause",
    "%0A::error::forged",
    "::error file=bot/policy/tier.py::forged",
    "a\u2028::warning::b",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_words_of_a_change_become_no_workflow_command(text: str) -> None:
    told = annotations([Place("scope", "rule", "error", text, f"a,line=1{text}.py", 3)])
    lines = told.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("::error title=scope%3A rule,file=")
    assert lines[0].count("::") == 2 + text.count("::"), "the rest stands behind the command's own end"
    properties = lines[0].removeprefix("::error ").split("::", 1)[0]
    assert [pair.split("=")[0] for pair in properties.split(",")] == ["title", "file", "line"]


@pytest.mark.parametrize(
    "text", ["`x`|y", "<img src=x>", "[a](http://b.example)", "@ann see #1", "a | b | c", "\\| b", "http://b.example"]
)
def test_words_of_a_change_become_no_markup_of_the_summary(text: str) -> None:
    verdict = Verdict("gate", Status.FAIL, text, (Verdict("scope", Status.FAIL, text),))
    rows = summary(verdict, [Place("scope", "scope", "error", text)]).splitlines()
    for row in (row for row in rows if "scope" in row or text[:3] in row):
        outside = "".join(row.split("`")[::2])
        assert not any(sign in outside for sign in "<[@#h"), row
        assert row.replace("\\|", "").count("|") in {0, 4, 5}, row


@pytest.mark.parametrize(
    "sha",
    ["", "HEAD", "main", "a" * 39, "a" * 41, "A" * 40, "--upload-pack=x", "g" * 40, "a" * 40 + "\n", 7, None, ["a"]],
)
def test_an_odd_commit_of_an_event_reaches_no_program(sha: object) -> None:
    with pytest.raises(Misconfigured):
        parse("push", {"before": "a" * 40, "after": sha})
    with pytest.raises(Misconfigured):
        parse("merge_group", {"merge_group": {"base_sha": sha, "head_sha": "b" * 40}})
    with pytest.raises(Misconfigured):
        parse("pull_request", {"pull_request": {"number": 1, "base": {"sha": sha}, "head": {"sha": "b" * 40}}})
