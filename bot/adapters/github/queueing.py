"""What GitHub's merge queue has put together: branches of its own, named after pull request and base.

Source: docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository, "Managing a merge queue";
the names are those of the `merge_group` event's `head_ref`.
"""

import re

from bot.adapters.github.desk import Desk
from bot.core.ids import PullNumber, Sha
from bot.core.merge_queue import MergeGroup

_PREFIX = "refs/heads/gh-readonly-queue/"
_NAME = re.compile(r"pr-([1-9]\d{0,8})-([0-9a-f]{40})")


def groups(desk: Desk) -> list[MergeGroup]:
    """The groups of the base branch, with their commits in the clone. Nothing is asked where the look has shown no
    queued pull request. A branch of another name is nobody's: left out."""
    if not any(pull.queued for pull in desk.seen.open.values()):
        return []
    prefix = f"{_PREFIX}{desk.base()}/"
    refs = desk.remote.refs(desk.repo, f"{prefix}*")
    named = [(ref, sha, _NAME.fullmatch(ref.removeprefix(prefix))) for ref, sha in sorted(refs.items())]
    found = [MergeGroup(ref, sha, PullNumber(int(name[1])), Sha(name[2])) for ref, sha, name in named if name]
    if found:
        desk.need(*(group.head for group in found))
    return found
