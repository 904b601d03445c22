"""Which data the processes that Prometheus scrapes have read, as they say themselves."""

import re
from collections.abc import Mapping

from bot.adapters.prometheus.client import Server
from bot.adapters.prometheus.queries import BUILD, TARGET, builds, matchers
from bot.core.ids import Sha
from bot.policy.data_rollouts import Said
from bot.policy.figures import DATA_REFUSED

FAULT = "data"
"""The refusal that is the commit's own fault. Edited data, data for other code, a full disk: they blame no commit."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


def refusals(where: Mapping[str, str] | None = None) -> str:
    """How many processes refuse which commit's data, and why in a word; `where` narrows the processes."""
    process = f"and on ({', '.join(TARGET)}) {BUILD}{{{matchers(where or {})}}}"
    return f"count by (commit, because) ({DATA_REFUSED} == 1 {process})"


async def said(server: Server, where: Mapping[str, str] | None = None) -> Said:
    """What they say now. Raises as `Server.query` does."""
    _at, rows = await server.query(builds(where))
    running = {labels.get("revision", ""): int(count) for labels, count in rows}
    _at, rows = await server.query(refusals(where))
    refused = {labels.get("commit", ""): int(count) for labels, count in rows if labels.get("because") == FAULT}
    return Said(_commits(running), _commits(refused))


def _commits(found: Mapping[str, int]) -> Mapping[Sha, int]:
    return {Sha(commit): count for commit, count in found.items() if _COMMIT.fullmatch(commit)}
