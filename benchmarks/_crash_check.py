"""What must hold at the end of a story, whenever and wherever a process was killed in it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol

from benchmarks._crash_story import Story
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge, read_dashboard
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.app.home import Home
from bot.core.change import Proposal
from bot.core.ids import PullNumber
from bot.core.ports import Forge
from bot.improve.context import CONSENT, GATE, HEALTH
from bot.improve.reverts.reland import AUTHOR as AGAIN

State = dict[str, Any]


class Shown(Protocol):
    """The forge as people see it."""

    forge: Forge
    repo: GitRepository

    async def page(self, pull: PullNumber) -> Mapping[str, Any]:
        """Of a pull request: its `body`, the `owners` that were asked, the markers of its `comments`."""

    def dashboard(self) -> bool:
        """Whether there is one."""


class LocalPages:
    """Of the embedded forge."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._forge = LocalForge(home.forge)
        self.forge: Forge = self._forge
        self.repo = GitRepository(home.forge / "repo.git")

    async def page(self, pull: PullNumber) -> Mapping[str, Any]:
        page = await self._forge.page(pull)
        return {**page, "comments": [c["marker"] for c in page["comments"]]}

    def dashboard(self) -> bool:
        return bool(read_dashboard(self._home.forge))


async def state_of(home: Home, shown: Shown | None = None) -> State:
    """Everything that must be the same with and without a kill: no times, no commit ids, no evidence texts."""
    shown = shown or LocalPages(home)
    forge, repo = shown.forge, shown.repo
    main = await forge.main()
    proposals = await forge.proposals(everything=True)
    records = SqliteRecords(home.records)
    try:
        tables = {
            name: sorted(key for key, _ in records.scan(name)) for name in ("quarantine", "requests", "rollbacks")
        }
        # What comes again is named after the commit that it brings, which has another time in each story.
        outcomes = {
            "again" if row["author"] == AGAIN else key: (row["author"], row["rule"], row["result"], row["pull"])
            for key, row in records.scan("outcomes")
        }
        pages = len(records.scan("pages"))
    finally:
        records.close()
    merges = repo.git.run("rev-list", "--first-parent", "--merges", main).out.decode().split()
    return {
        "proposals": [await _proposal(shown, p) for p in proposals],
        "tree": repo.tree(main),
        "merges": len(merges),
        "tags": {name: repo.tree(sha) for name, sha in (await forge.tags()).items()},
        "outcomes": outcomes,
        "tables": tables,
        "pages": pages,
        "audit": sorted({(e.act, e.subject) for e in FileAuditLog(home.audit).entries()}),
        "dashboard": shown.dashboard(),
    }


async def _proposal(shown: Shown, proposal: Proposal) -> State:
    forge, page = shown.forge, await shown.page(proposal.pull)
    merged = proposal.merged_as
    health = await forge.reported(merged, HEALTH) if merged else None
    gate, consent = await forge.reported(proposal.head, GATE), await forge.reported(proposal.head, CONSENT)
    return {
        "pull": proposal.pull,
        # Named after the commit that they are about, which has another time in each story.
        "branch": "revert" if proposal.reverts else "again" if proposal.draft else proposal.branch,
        "title": proposal.title,
        "labels": sorted(proposal.labels),
        "merged": merged is not None,
        "closed": proposal.closed,
        "draft": proposal.draft,
        "reverts": proposal.reverts is not None,
        "gate": gate.status if gate else None,
        "consent": consent.status if consent else None,
        "health": health.status if health else None,
        "body": bool(page["body"]),
        "owners": page["owners"],
        "comments": sorted({marker.split("-")[0] for marker in page["comments"]}),
    }


def violations(story: Story, home: Home, found: State, wanted: State) -> list[str]:
    """Each promise that does not hold, in words."""
    wrong = [f"{name}: {found[name]!r} in place of {wanted[name]!r}" for name in wanted if found[name] != wanted[name]]
    proposals = found["proposals"]
    counts = {
        "pull requests": (sum(not p["draft"] for p in proposals), story.pulls),
        "drafts": (sum(p["draft"] for p in proposals), story.drafts),
        "merges": (found["merges"], story.merges),
        "reverts": (sum(p["reverts"] for p in proposals), story.reverts),
        "tags": (len(found["tags"]), story.tags),
    }
    wrong += [f"{count} {name}, not {right}" for name, (count, right) in counts.items() if count != right]
    twice = [name for name, n in Counter(p["branch"] for p in proposals if not p["closed"]).items() if n > 1]
    wrong += [f"two pull requests for {name}" for name in twice if name != "revert"]
    chain = FileAuditLog(home.audit).verify()
    return wrong if chain.passed else [*wrong, f"audit: {chain.because}"]
