"""Writes a layout into a checkout, with the rules and Apps as files for people to import by hand."""

import html
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bot.adapters.files import replace
from bot.app.setup.files import File
from bot.core.errors import Misconfigured
from bot.policy.app_access import ENGINE, REVERTS, Role, manifest
from bot.policy.branch_rules import Ruleset

BESIDE = ".github/setup"
"""For people; nothing reads it."""
GITHUB = "https://github.com"


def present(folder: Path) -> dict[str, str]:
    """The files of a checkout that a setup looks at, by path."""
    if not folder.is_dir():
        raise Misconfigured(f"{folder} is no folder: name a checkout of the fork with --write")
    places = [folder / "CODEOWNERS", folder / "docs/CODEOWNERS", *(folder / ".github").rglob("*")]
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8", errors="replace")
        for path in places
        if path.is_file()
    }


def write(folder: Path, files: Mapping[str, File]) -> None:
    """Put files in place, each whole or not at all. Raises Misconfigured if a link leads out of the folder."""
    root = folder.resolve()
    for name, file in files.items():
        path = folder / name
        if not path.parent.resolve().is_relative_to(root):
            raise Misconfigured(f"{path} leads out of {folder} by a link: remove that link")
        try:
            replace(path, file.text.encode())
            path.chmod(0o755 if file.executable else 0o644)
        except OSError as error:
            why = f"{path} cannot be written ({error.strerror}): free the disk or change its rights"
            raise Misconfigured(why) from error


def by_hand(rules: tuple[Ruleset, ...], repository: str, hook: str, *, queue: bool) -> dict[str, File]:
    """Rulesets for "Import a ruleset", and a page that registers both Apps by GitHub's manifest flow."""
    found = {f"{BESIDE}/rulesets/{_slug(one.name)}.json": File(_json(one.body())) for one in rules}
    if not repository:
        return found
    apps = {role.name: app(role, repository, hook, queue=queue) for role in (ENGINE, REVERTS)}
    found |= {f"{BESIDE}/apps/{name}.json": File(_json(one)) for name, one in apps.items()}
    return found | {f"{BESIDE}/apps/register.html": File(_page(apps, repository.partition("/")[0]))}


def app(
    role: Role, repository: str, hook: str, *, queue: bool, redirect: str = "", server: str = GITHUB
) -> dict[str, Any]:
    """The manifest of one App for this repository; GitHub limits names to 34 characters."""
    owner, _, name = repository.partition("/")
    home = f"{server}/{repository}"
    title = f"{name[:16]}-{role.name}-{owner}"[:34].rstrip("-")
    return manifest(role, title, home, hook=hook, redirect=redirect or home, queue=queue)


def form(
    manifest_of: Mapping[str, Any], owner: str, *, organisation: bool, state: str = "", server: str = GITHUB
) -> str:
    """A form that posts a manifest to GitHub. Everything in it is escaped."""
    place = f"organizations/{owner}/settings/apps/new" if organisation else "settings/apps/new"
    action = html.escape(f"{server}/{place}" + (f"?state={state}" if state else ""), quote=True)
    value = html.escape(json.dumps(manifest_of), quote=True)
    where = f"the organisation {owner}" if organisation else "my own account"
    return (
        f'<form action="{action}" method="post"><input type="hidden" name="manifest" value="{value}">'
        f"<button>Register {html.escape(str(manifest_of['name']))} for {html.escape(where)}</button></form>"
    )


def page(forms: Iterable[str]) -> str:
    """An HTML page of such forms, without scripts."""
    body = "\n".join(forms)
    return f'<!doctype html>\n<meta charset="utf-8">\n<title>Apps of Megawatts</title>\n{body}\n'


def _page(apps: Mapping[str, Mapping[str, Any]], owner: str) -> str:
    return page(form(one, owner, organisation=org) for one in apps.values() for org in (False, True))


def _slug(name: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in name.casefold()).replace("--", "-").strip("-")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"
