"""What `megawatts doctor` asks about actions: whether each pin is the commit of the tag that stands beside it."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.core.errors import Misconfigured
from bot.core.verdict import Verdict
from bot.policy.action_pins import judged, pins

if TYPE_CHECKING:
    from bot.adapters.github.api import Api
    from bot.app.doctor_github import Look

DEEPEST = 5
"""Tags may name tags; more than these is no tag of anybody."""


def actions(name: str, look: "Look") -> Verdict:
    """Every action of the workflows is pinned to the commit of the tag that it says; the repositories are asked."""
    found = pins(text for path, text in look.texts.items() if path.endswith((".yml", ".yaml")))
    asked = {(pin.action, pin.tag) for pin in found if pin.commit and pin.tag}
    commits: Mapping[tuple[str, str], str | None] = {key: commit_of(look.api, *key) for key in sorted(asked)}
    return judged(name, found, commits)


def commit_of(api: "Api", action: str, tag: str) -> str | None:
    """The commit that a repository's tag leads to; None where there is no such tag.

    REST: "Get a reference" and "Get a tag" (docs.github.com/rest/git). Raises what the client raises.
    """
    found = api.find(f"/repos/{action}/git/ref/tags/{quote(tag, safe='')}")
    for _ in range(DEEPEST):
        if found is None:
            return None
        kind, sha = str(found["object"]["type"]), str(found["object"]["sha"])
        if not re.fullmatch(r"[0-9a-f]{40}", sha):
            break
        if kind == "commit":
            return sha
        found = api.get(f"/repos/{action}/git/tags/{sha}") if kind == "tag" else None
    raise Misconfigured(f"{action}: its tag {tag} leads to no commit; pin another version")
