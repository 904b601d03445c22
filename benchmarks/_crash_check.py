"""What must hold at the end of a story, whenever and wherever a process was killed in it."""

from collections import Counter
from typing import Any

from benchmarks._crash_story import Story
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge, read_dashboard
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.app.home import Home
from bot.core.change import Proposal
from bot.improve.context import CONSENT, GATE, HEALTH
from bot.improve.reverts.reland import AUTHOR as AGAIN

State = dict[str, Any]


async def state_of(home: Home) -> State:
    """Everything that must be the same with and without a kill: no times, no commit ids, no evidence texts."""
    forge, repo = LocalForge(home.forge), GitRepository(home.forge / "repo.git")
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
        "proposals": [await _proposal(forge, p) for p in proposals],
        "tree": repo.tree(main),
        "merges": len(merges),
        "tags": {name: repo.tree(sha) for name, sha in (await forge.tags()).items()},
        "outcomes": outcomes,
        "tables": tables,
        "pages": pages,
        "audit": sorted({(e.act, e.subject) for e in FileAuditLog(home.audit).entries()}),
        "dashboard": bool(read_dashboard(home.forge)),
    }


async def _proposal(forge: LocalForge, proposal: Proposal) -> State:
    page = await forge.page(proposal.pull)
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
        "comments": sorted({c["marker"].split("-")[0] for c in page["comments"]}),
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
