"""`megawatts init --github`: an onboarding pull request for the files, and the repository's settings."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app.setup.access import Access
from bot.app.setup.files import Layout, Wish, lay_out, product
from bot.app.setup.plan import Choice, Plan, apply, compare, find
from bot.core.errors import Misconfigured
from bot.policy import charter as charters
from bot.policy.repository_setup import Action, Change, named

if TYPE_CHECKING:
    from bot.adapters.github.repository_settings import RepositorySettings

LOOKED_AT = re.compile(r"CODEOWNERS|docs/CODEOWNERS|\.github/.+")
TITLE = "chore: set up Megawatts"
_BODY = """\
`megawatts init` writes what this repository lacks. Read it as you would any change of what governs your code: the
charter says who may change what, CODEOWNERS is generated from it, and the workflows hold it.

{rows}

After the merge run `megawatts init` once more: it makes the rules of the base branch.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, and what was done about it."""

    rows: tuple[Change, ...]
    pull: str = ""
    """Address of the onboarding pull request, if files are missing."""

    @property
    def conflicts(self) -> tuple[Change, ...]:
        return tuple(row for row in self.rows if row.action is Action.CONFLICT)


def set_up(access: Access, root: Path, wish: Wish, choice: Choice, *, dry_run: bool) -> Outcome:
    """Look, and unless it is a dry run or something conflicts, do what is missing. May be repeated."""
    settings = access.settings()
    base = wish.base_branch or settings.default_branch()
    there = settings.texts(base, LOOKED_AT)
    if charters.PATH not in there:
        wish = replace(wish, base_branch=base)  # the checkout's own base branch is nothing to this repository
    layout = lay_out(product(root), there, wish)
    if layout.charter is None:
        return Outcome(layout.changes)
    if layout.charter.base_branch != base:
        fix = f"name --base {layout.charter.base_branch}, or change base_branch there"
        ours = layout.charter.base_branch
        raise Misconfigured(f"the charter is about {ours}, the repository's branch is {base}: {fix}")
    plan = compare(layout.charter, choice, find(settings), named(layout.workflows), files_wait=bool(layout.write))
    outcome = Outcome((*layout.changes, *plan.rows))
    if dry_run or outcome.conflicts:
        return outcome
    return Outcome(outcome.rows, _done(settings, base, layout, plan))


def _done(settings: "RepositorySettings", base: str, layout: Layout, plan: Plan) -> str:
    pull = ""
    if layout.write:
        files = {path: (file.text, file.executable) for path, file in layout.write.items()}
        rows = "\n".join(f"- {row.action}: `{row.name}` {row.because}".rstrip() for row in layout.changes)
        pull = settings.propose(base, files, TITLE, _BODY.format(rows=rows))
    apply(settings, plan)
    return pull
