"""What GitHub Actions says of commits of the base branch in commit statuses, such as the nightly measurement."""

from bot.adapters.github.desk import Desk
from bot.adapters.github.rows import moment
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict

AUTOMATION = "github-actions[bot]"
"""Who posts with the token of a workflow run. Nobody can register a login with brackets; a person who posts with a
token of their own posts under their own login."""
FRESH = 300.0
"""Seconds for which an answer is kept: a measurement is made once a night."""
_STATES = {"success": Status.PASS, "failure": Status.FAIL, "error": Status.ERROR, "pending": Status.PENDING}
_KEPT = 200


class Nightly:
    """Statuses of trusted automation, each asked for once in five minutes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[Sha, str], tuple[float, Verdict | None]] = {}

    def measured(self, sha: Sha, context: str) -> Verdict | None:
        """The last status of that context that Actions posted on a commit, its fact `at` when; None: there is none.

        Source: docs.github.com/en/rest/commits/statuses, "List commit statuses for a reference" (newest first).
        """
        now, key = self._desk.elapsed(), (sha, context)
        if key in self._known and now - self._known[key][0] < FRESH:
            return self._known[key][1]
        if len(self._known) >= _KEPT:
            self._known.clear()
        found = self._read(sha, context)
        self._known[key] = (now, found)
        return found

    def _read(self, sha: Sha, context: str) -> Verdict | None:
        try:
            rows = self._desk.api.pages(f"{self._desk.path}/commits/{sha}/statuses")
        except Denied:
            return None  # a commit that GitHub does not know
        ours = [row for row in rows if row["context"] == context and _automated(row.get("creator"))]
        if not ours:
            return None
        last = max(ours, key=lambda row: (moment(row["created_at"]), int(row["id"])))
        because = one_line(str(last.get("description") or ""), 200) or "no reason given"
        status = _STATES.get(str(last["state"]), Status.ERROR)
        return Verdict("red-team", status, because, facts={"at": moment(last["created_at"]).isoformat()})


def _automated(creator: dict[str, object] | None) -> bool:
    return creator is not None and creator.get("login") == AUTOMATION and creator.get("type") == "Bot"
