"""What is written into a checkout: whole, inside of it, and beside it what people import by hand."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.app.setup.files import File
from bot.app.setup.written import BESIDE, by_hand, form, present, write
from bot.core.charter import Charter
from bot.core.errors import Misconfigured
from bot.policy.app_access import ENGINE, REVERTS, needed
from bot.policy.branch_rules import Apps, rulesets

RULES = rulesets(Charter(wards=()), Apps(11, 22))
REPOSITORY = "octo/bot"


def test_files_are_put_in_place_with_their_mode(tmp_path: Path) -> None:
    write(tmp_path, {"a/b.yml": File("x\n"), "a/run": File("#!/bin/sh\n", executable=True)})
    assert (tmp_path / "a/b.yml").read_text() == "x\n"
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a/b.yml", "a/run")] == [0o644, 0o755]


def test_what_a_setup_looks_at_is_read_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, {name: File(name) for name in ("CODEOWNERS", ".github/a/b.yml", "docs/CODEOWNERS", "docs/x", "x")})
    assert set(present(tmp_path)) == {"CODEOWNERS", ".github/a/b.yml", "docs/CODEOWNERS"}
    with pytest.raises(Misconfigured, match="no folder"):
        present(tmp_path / "none")


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / ".github").symlink_to(outside)
    with pytest.raises(Misconfigured, match="leads out"):
        write(inside, {".github/charter.toml": File("x")})
    assert list(outside.iterdir()) == []


def test_a_link_in_the_place_of_a_file_is_replaced(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/CODEOWNERS").symlink_to(outside)
    write(tmp_path / "in", {"CODEOWNERS": File("ours")})
    assert outside.read_text() == "mine"
    assert not (tmp_path / "in/CODEOWNERS").is_symlink()


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file where a folder should be")
    with pytest.raises(Misconfigured, match="cannot be written"):
        write(tmp_path, {"a/b": File("x")})


def test_rulesets_are_as_github_imports_them() -> None:
    found = by_hand(RULES, "", "", queue=False)
    assert len(found) == len(RULES)
    for one, file in zip(RULES, found.values(), strict=True):
        assert json.loads(file.text) == one.body()
    assert f"{BESIDE}/rulesets/megawatts-engine-s-branches.json" in found


def manifests(found: dict[str, File]) -> dict[str, Any]:
    return {role: json.loads(found[f"{BESIDE}/apps/{role}.json"].text) for role in ("engine", "reverts")}


def test_manifests_name_two_apps_with_their_rights_and_no_secret() -> None:
    found = by_hand((), REPOSITORY, "https://bot.example/webhook", queue=False)
    apps = manifests(found)
    assert apps["engine"]["default_permissions"] == needed(ENGINE)
    assert apps["reverts"]["default_permissions"] == needed(REVERTS)
    assert apps["engine"]["hook_attributes"]["url"] == "https://bot.example/webhook"
    assert "hook_attributes" not in apps["reverts"]
    assert apps["engine"]["name"] != apps["reverts"]["name"]


def test_names_of_apps_are_no_longer_than_github_takes() -> None:
    long = by_hand((), f"{'o' * 39}/{'n' * 80}", "", queue=False)
    assert all(len(one["name"]) <= 34 for one in manifests(long).values())
    assert len({one["name"] for one in manifests(long).values()}) == 2


def test_the_page_posts_each_manifest_whole() -> None:
    page = by_hand((), REPOSITORY, "", queue=False)[f"{BESIDE}/apps/register.html"].text
    posted = [json.loads(html.unescape(value)) for value in re.findall(r'name="manifest" value="([^"]*)"', page)]
    assert {one["name"] for one in posted} == {"bot-engine-octo", "bot-reverts-octo"}
    assert page.count('action="https://github.com/organizations/octo/settings/apps/new"') == 2
    assert page.count('action="https://github.com/settings/apps/new"') == 2


def test_nothing_breaks_out_of_a_form() -> None:
    text = form({"name": '"><script>alert(1)</script>'}, '"><x>', organisation=True, state="a&b")
    assert "<script>" not in text
    assert "<x>" not in text
    assert "a&amp;b" in text
