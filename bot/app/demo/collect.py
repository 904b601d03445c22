"""What is read from the forge at the end: proposals with their verdicts, and deploys."""

from bot.app.demo.model import Told
from bot.app.demo.scene import Scene
from bot.core.change import Proposal
from bot.improve.context import CONSENT, GATE, HEALTH


async def collect(scene: Scene) -> None:
    """Fill in proposals and deploys from what the forge and the deployer say, not from what the play expects."""
    for proposal in await scene.forge.proposals(everything=True):
        scene.observed.proposals.append(await _told(scene, proposal))
    scene.observed.deploys += [
        {"t": round(scene.t(row["t"]), 2), "sha": row["sha"], "previous": row["previous"]}
        for row in scene.journal.rows
        if row["event"] == "switched"
    ]


async def _told(scene: Scene, proposal: Proposal) -> Told:
    return Told(
        pull=proposal.pull,
        title=proposal.title,
        kind=proposal.kind.value,
        author=proposal.author,
        outcome=await _outcome(scene, proposal),
        head=proposal.head,
        gate=await scene.forge.reported(proposal.head, GATE),
        why=await scene.forge.reported(proposal.head, CONSENT),
    )


async def _outcome(scene: Scene, proposal: Proposal) -> str:
    if proposal.closed:
        return "refused"
    if proposal.merged_as is None:
        return "open"
    health = await scene.forge.reported(proposal.merged_as, HEALTH)
    if health is None:
        return "merged"
    return f"live in {health.facts.get('version', '?')}" if health.passed else "reverted"
