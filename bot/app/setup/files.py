"""The files that a fork lacks, from the product's own; pure but for reading those."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.core.charter import Charter
from bot.core.errors import Misconfigured
from bot.policy import charter as charters
from bot.policy import codeowners, people
from bot.policy.repository_setup import Action, Change

PLACEHOLDER = "maintainer"
"""The login that stands in the product's own charter until a fork has its own."""
COPIED = (".github/workflows", ".github/actions", ".github/ISSUE_TEMPLATE")
SINGLE = (".github/PULL_REQUEST_TEMPLATE.md",)
OVERRULING = (".github/CODEOWNERS", "docs/CODEOWNERS")
"""Where else GitHub looks for CODEOWNERS: the first is read before ours, so that ours would say nothing."""
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")
_PEOPLE = """\
# Which member of the home guild is who on the forge. Read at the base branch, like the charter; only people change it.
# What a maintainer says on Discord counts as theirs only by this list, and nobody's review counts for their own wish.

[people]
# "123456789012345678" = "login"
"""


class Differing(StrEnum):
    """What to do about a file that is there and is another."""

    REFUSE = "refuse"
    KEEP = "keep"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a repository."""

    text: str
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person who sets up a fork chose."""

    maintainers: tuple[str, ...] = ()
    home_guild: str = ""
    base_branch: str = ""
    """Empty: as the charter says, or main."""
    differing: Differing = Differing.REFUSE


@dataclass(frozen=True, slots=True)
class Layout:
    """The fork's files: what will be written, the table, and the charter that holds then (None if there is none)."""

    write: Mapping[str, File]
    changes: tuple[Change, ...]
    charter: Charter | None
    workflows: Mapping[str, str]


def product(root: Path) -> dict[str, File]:
    """The product's own files that a fork needs. Raises Misconfigured where the program runs without its checkout."""
    places = [root / name for name in SINGLE]
    for folder in COPIED:
        places += sorted(
            path for path in (root / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )
    found = {
        str(path.relative_to(root)): File(path.read_text(encoding="utf-8"), bool(path.stat().st_mode & 0o100))
        for path in places
        if path.is_file()
    }
    charter = root / charters.PATH
    if not charter.is_file():
        raise Misconfigured(f"{root} has no {charters.PATH}: run `megawatts init` from a checkout of the product")
    return {**found, charters.PATH: File(charter.read_text(encoding="utf-8"))}


def lay_out(own: Mapping[str, File], there: Mapping[str, str], wish: Wish) -> Layout:
    """What a fork with these files (text by path) needs, against the product's own."""
    text, first = _charter(own[charters.PATH].text, there.get(charters.PATH), wish)
    if first.action is Action.CONFLICT:
        return Layout({}, (first,), None, {})
    charter = charters.parse(text)
    wanted = {charters.PATH: File(text), codeowners.PATH: File(codeowners.generate(charter))}
    wanted |= {people.PATH: File(there.get(people.PATH, _PEOPLE))}
    wanted |= {
        path: File(_adapted(path, file.text, charter.base_branch), file.executable)
        for path, file in own.items()
        if path != charters.PATH
    }
    changes = [first, *_overruled(there)]
    changes += [
        _change(path, file.text, there.get(path), wish) for path, file in wanted.items() if path != charters.PATH
    ]
    writing = {one.name for one in changes if one.action in {Action.CREATE, Action.UPDATE}}
    held = {path: there[path] if path in there and path not in writing else file.text for path, file in wanted.items()}
    workflows = {path: held[path] for path in held if path.startswith((".github/workflows/", ".github/actions/"))}
    return Layout({path: wanted[path] for path in wanted if path in writing}, tuple(changes), charter, workflows)


def _charter(template: str, there: str | None, wish: Wish) -> tuple[str, Change]:
    """The charter that will hold. One that people have made theirs is never changed here."""
    for login in wish.maintainers:
        if not _LOGIN.fullmatch(login):
            raise Misconfigured(f"--maintainer {login[:40]!r} is no login: write it as GitHub shows it")
    if there is None:
        return _filled(_unowned(template), wish), Change("file", charters.PATH, Action.CREATE, "with your maintainers")
    try:
        found = charters.parse(there)
    except Misconfigured as error:
        because = f"does not hold: {str(error).splitlines()[0]}"
        return there, Change("file", charters.PATH, Action.CONFLICT, because)
    if PLACEHOLDER in found.maintainers:
        return _filled(there, wish), Change(
            "file", charters.PATH, Action.UPDATE, "your maintainers for the placeholder"
        )
    problem = _contradiction(found, wish)
    if problem:
        return there, Change(
            "file", charters.PATH, Action.CONFLICT, f"{problem}; change it by a pull request of your own"
        )
    return there, Change("file", charters.PATH, Action.SAME)


def _contradiction(found: Charter, wish: Wish) -> str:
    """Where the fork's own charter says something else than the command line; '' if nowhere."""
    if wish.maintainers and {one.casefold() for one in wish.maintainers} != {
        one.casefold() for one in found.maintainers
    }:
        return f"names other maintainers ({', '.join(found.maintainers) or 'none'})"
    if wish.home_guild and wish.home_guild != found.home_guild:
        return f"names another home guild ({found.home_guild or 'none'})"
    if wish.base_branch and wish.base_branch != found.base_branch:
        return f"names another base branch ({found.base_branch})"
    return ""


def _unowned(template: str) -> str:
    """The product's charter with the placeholder for its people; a fork that it is copied from has named its own.

    Raises Misconfigured where it names people in a way that is not understood here: none may come along unseen.
    """
    text = re.sub(r"^maintainers\s*=\s*\[[^\]]*\]", f'maintainers = ["{PLACEHOLDER}"]', template, flags=re.MULTILINE)
    text = re.sub(r"^(\s*)owners\s*=\s*\[[^\]]*\]", rf'\1owners = ["@{PLACEHOLDER}"]', text, flags=re.MULTILINE)
    text = re.sub(r"^\[teams\][^\n]*\n(?:(?!\[)[^\n]*\n?)*", "", text, flags=re.MULTILINE)
    text = re.sub(r"^home_guild\s*=\s*([\"'])[0-9]*\1", 'home_guild = ""', text, flags=re.MULTILINE)
    text = re.sub(r"^base_branch\s*=\s*([\"']).*?\1", 'base_branch = "main"', text, flags=re.MULTILINE)
    found = charters.parse(text)
    named = {*found.maintainers, *(owner.removeprefix("@") for ward in found.wards for owner in ward.owners)}
    if named != {PLACEHOLDER} or found.teams or found.home_guild:
        fix = f"write maintainers, owners and home_guild there as this product's {charters.PATH} has them"
        raise Misconfigured(f"the checkout's {charters.PATH} names people in a way that cannot be replaced: {fix}")
    return text


def _filled(text: str, wish: Wish) -> str:
    """A charter with this fork's people in the place of the placeholder. Raises Misconfigured if it does not hold."""
    if not wish.maintainers:
        raise Misconfigured("nobody is named as maintainer: give --maintainer LOGIN, once for each")
    if wish.home_guild and not re.fullmatch(r"[0-9]{15,20}", wish.home_guild):
        raise Misconfigured(f"--home-guild {wish.home_guild[:40]!r} is no guild's id: write its 15 to 20 digits")
    logins = ", ".join(f'"{login}"' for login in wish.maintainers)
    owners = ", ".join(f'"@{login}"' for login in wish.maintainers)
    text = text.replace(f'"{PLACEHOLDER}"', logins).replace(f'"@{PLACEHOLDER}"', owners)
    if wish.home_guild:
        text = re.sub(r'^home_guild = ".*?"', f'home_guild = "{wish.home_guild}"', text, flags=re.MULTILINE)
    if wish.base_branch:
        text = re.sub(
            r'^base_branch = ".*?"', lambda _: f'base_branch = "{wish.base_branch}"', text, flags=re.MULTILINE
        )
    charters.parse(text)
    return text


def _adapted(path: str, text: str, base: str) -> str:
    """A workflow of the product for a fork whose base branch has another name."""
    if base == "main" or not path.startswith(".github/workflows/"):
        return text
    return text.replace("branches: [main]", f'branches: ["{base}"]')


def _overruled(there: Mapping[str, str]) -> list[Change]:
    found = [path for path in OVERRULING[:1] if path in there]
    because = "GitHub would read it in the place of CODEOWNERS; remove it"
    return [Change("file", path, Action.CONFLICT, because) for path in found]


def _change(path: str, wanted: str, there: str | None, wish: Wish) -> Change:
    if there is None:
        return Change("file", path, Action.CREATE)
    if there == wanted:
        return Change("file", path, Action.SAME)
    if path == codeowners.PATH and there.startswith(wanted.splitlines()[0]):
        return Change("file", path, Action.UPDATE, "generated anew from the charter")
    if wish.differing is Differing.REPLACE:
        return Change("file", path, Action.UPDATE, "in the place of yours")
    if wish.differing is Differing.KEEP and path != codeowners.PATH:
        return Change("file", path, Action.KEEP, "differs from the product's")
    keep = "" if path == codeowners.PATH else "--differing keep leaves it, "
    return Change("file", path, Action.CONFLICT, f"is another than the product's: {keep}--differing replace takes ours")
