"""The play: what people do in the demo, and what has to be seen before a step counts as observed."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.adapters.localforge.forge import LocalForge
from bot.app.demo.hostile import HOSTILE, Hostile
from bot.app.demo.processes import Journal
from bot.app.demo.scene import VOTERS, Scene
from bot.core.change import Idea, Origin, Patch
from bot.core.errors import MegawattsError
from bot.core.ids import ProposalId, PullNumber, Sha
from bot.core.verdict import Verdict
from bot.improve.act import leading
from bot.improve.context import GATE
from bot.votes.service import Votes

PATIENCE = 900.0
"""Seconds to wait for anything: a slow machine is no reason to say that something did not happen."""


class NotSeen(MegawattsError):  # noqa: N818  (reads as what it is)
    """What the play shows did not happen, or happened otherwise."""


def expect(seen: object, otherwise: str) -> None:
    """Raise NotSeen with that sentence unless it was seen."""
    if not seen:
        raise NotSeen(otherwise)


@dataclass(slots=True)
class Teller:
    """Marks steps as observed, with the time since the last one of the same act."""

    scene: Scene
    since: float

    def saw(self, step: str, **facts: Any) -> None:
        """This step was observed, now."""
        moment = time.monotonic()
        found = self.scene.observed.steps[step]
        found.status, found.seconds = "ok", moment - self.since
        found.facts = {name: value for name, value in facts.items() if value not in ("", None)}
        self.since = moment


async def attempt(scene: Scene, steps: tuple[str, ...], act: Callable[[Scene, Teller], Awaitable[None]]) -> None:
    """Play one act. What did not come, or came wrong, marks the first step that was not reached, with the reason."""
    teller = Teller(scene, time.monotonic())
    try:
        await act(scene, teller)
    except (TimeoutError, MegawattsError) as error:
        missed = next((s for s in steps if scene.observed.steps[s].status != "ok"), None)
        if missed is not None:
            found = scene.observed.steps[missed]
            found.status, found.seconds = "failed", time.monotonic() - teller.since
            found.facts = {"because": str(error) or type(error).__name__, "log": scene.controller.tail(600)}


async def play(scene: Scene) -> None:
    """The whole demo, act by act."""
    good = ("find", "write", "validate", "propose", "decide", "merge", "deploy", "healthy")
    async with asyncio.TaskGroup() as group:
        await attempt(scene, good, good_change)
        await attempt(scene, ("bad_deploy",), bad_change)
        group.create_task(_hostile(scene))
        await attempt(scene, ("detect", "revert"), taken_back)
        # Members vote while the revert is watched; what they carry over is merged when the watch has ended.
        group.create_task(attempt(scene, ("vote_voided", "vote"), voted_change))
        await attempt(scene, ("recovered",), recovery)


async def good_change(scene: Scene, teller: Teller) -> None:
    """A test that kills a mutant: found, written, judged, proposed, merged, deployed, watched, released."""
    journal, begun = scene.journal, time.monotonic()
    scene.ask_for("mutant_tests")
    ranked = await journal.wait("ranked", lambda r: r["chosen"] > 0, since=begun, within=PATIENCE)
    scene.observed.ranking = list(ranked["top"])
    teller.saw("find", findings=ranked["findings"], ideas=ranked["ideas"])
    written = await journal.wait("written", lambda r: r["author"] == "mutant_tests", since=begun, within=PATIENCE)
    teller.saw("write", title=written["title"], commit=written["head"][:12])
    proposed = await journal.wait("proposed", since=begun, within=PATIENCE)
    pull, head = PullNumber(proposed["pull"]), Sha(proposed["head"])
    gate = await _gate(scene, head)
    teller.saw("validate", **{v.name: f"{v.seconds:.1f} s" for v in gate.children})
    body = str((await scene.forge.page(pull)).get("body", ""))
    expect("## Evidence" in body, "the pull request's body carries no evidence")
    teller.saw("propose", pull=f"#{pull}", title=proposed["title"])
    merged = await journal.wait("merged", lambda r: r["pull"] == pull, since=begun, within=PATIENCE)
    teller.saw("decide", because=merged["because"])
    teller.saw("merge", commit=merged["merge"][:12])
    # The next change is written and judged while this one is deployed and watched; it merges when this one is healthy.
    scene.ask_for("tuner", symbol="user_burst")
    switched = await journal.wait("switched", lambda r: r["sha"] == merged["merge"], since=begun, within=PATIENCE)
    scene.mark("deploy", f"#{pull} {merged['merge'][:7]}", switched["t"])
    teller.saw("deploy", commit=switched["sha"][:12], before=switched["previous"][:12])
    healthy = await journal.wait("healthy", lambda r: r["pull"] == pull, since=begun, within=PATIENCE)
    scene.mark("healthy", healthy["version"], healthy["t"])
    teller.saw("healthy", version=healthy["version"], because=healthy["because"])


async def _gate(scene: Scene, head: Sha) -> Verdict:
    verdict = await scene.forge.reported(head, GATE)
    if verdict is None:
        raise NotSeen(f"no verdict stands on {head[:12]}")
    return verdict


async def _hostile(scene: Scene) -> None:
    """Five hostile changes under the engine's own name, one after another, while the bad deploy is watched."""
    for case in HOSTILE:

        async def act(scene: Scene, teller: Teller, case: Hostile = case) -> None:
            await _refused(scene, teller, case)

        await attempt(scene, (case.step,), act)


async def _refused(scene: Scene, teller: Teller, case: Hostile) -> None:
    begun = time.monotonic()
    base = await scene.forge.main()
    patch = await asyncio.to_thread(case.make, scene.repo, base)
    idea = Idea(
        id=ProposalId(hashlib.sha256(case.step.encode()).hexdigest()[:12]),
        title=case.title,
        why="It would be nicer so.",
        kind=case.kind,
        origin=Origin.ANALYST,
        author="captured",
    )
    head = await asyncio.to_thread(lambda: scene.repo.commit(patch, f"chore: {case.title}\n", author="megawatts[bot]"))
    branch = f"megawatts/{idea.id}"
    await scene.forge.publish(scene.repo, branch, head, expecting=None)
    pull = await scene.forge.open(branch, f"chore: {case.title}", idea.why, idea, ("megawatts",))
    closed = await scene.journal.wait("closed", lambda r: r["pull"] == pull, since=begun, within=PATIENCE)
    verdict = await scene.forge.reported(head, GATE)
    stage = leading(verdict) if verdict is not None else str(closed["stage"])
    failed = [v.name for v in verdict.children if v.status.name == "FAIL"] if verdict else [stage]
    merged = scene.journal.find("merged", lambda r: r["pull"] == pull)
    expect(merged is None, "it was merged")
    expect(case.stage in failed or verdict is None, f"refused by {failed}, not by {case.stage}")
    teller.saw(case.step, by=", ".join(failed), because=closed["because"])


async def bad_change(scene: Scene, teller: Teller) -> None:
    """A tuned value that every stage passes and that only hurts when members write fast."""
    journal = scene.journal
    proposed = await journal.wait("proposed", lambda r: r["kind"] == "configuration", within=PATIENCE)
    pull = PullNumber(proposed["pull"])
    merged = await journal.wait("merged", lambda r: r["pull"] == pull, within=PATIENCE)
    switched = await journal.wait("switched", lambda r: r["sha"] == merged["merge"], within=PATIENCE)
    scene.members.rush()
    scene.mark("deploy", f"#{pull} {proposed['title']}", switched["t"])
    teller.saw("bad_deploy", pull=f"#{pull}", title=proposed["title"], commit=merged["merge"][:12])


async def taken_back(scene: Scene, teller: Teller) -> None:
    """What members meet shows it; the exact inverse is merged."""
    journal = scene.journal
    verdict = await journal.wait("revert", within=PATIENCE)
    deployed = _deployed(journal, verdict["pull"])
    seconds = round(verdict["t"] - deployed["t"], 1)
    teller.saw("detect", because=verdict["because"], seconds_from_deploy=seconds)
    revert = PullNumber(verdict["revert"])
    back = await journal.wait("merged", lambda r: r["pull"] == revert, within=PATIENCE)
    await _is_inverse(scene, deployed["sha"], back["merge"])
    # What a member suggests now is written and judged while the revert is watched.
    await scene.members.say("grace", '!suggest when I say "cast the bones" you should roll dice')
    await scene.members.say("grace", "!go")
    scene.ask_for("phrases")
    teller.saw(
        "revert", pull=f"#{revert}", because=back["because"], seconds_from_verdict=round(back["t"] - verdict["t"], 1)
    )


async def recovery(scene: Scene, teller: Teller) -> None:
    """The revert is deployed, and healthy again."""
    journal = scene.journal
    verdict = journal.find("revert")
    if verdict is None:
        raise NotSeen("nothing was taken back")
    deployed = _deployed(journal, verdict["pull"])
    revert = PullNumber(verdict["revert"])
    merged = await journal.wait("merged", lambda r: r["pull"] == revert, within=PATIENCE)
    again = await journal.wait("switched", lambda r: r["sha"] == merged["merge"], within=PATIENCE)
    scene.mark("revert", f"#{revert} takes #{verdict['pull']} back", again["t"])
    healthy = await journal.wait("healthy", lambda r: r["pull"] == revert, within=PATIENCE)
    scene.mark("healthy", healthy["version"], healthy["t"])
    scene.members.calm()
    seconds = {"seconds_from_verdict": verdict["t"], "seconds_from_deploy": deployed["t"]}
    teller.saw("recovered", version=healthy["version"], **{n: round(healthy["t"] - t, 1) for n, t in seconds.items()})


def _deployed(journal: Journal, pull: int) -> Mapping[str, Any]:
    """The event of the switch to what was merged for this pull request. Raises NotSeen if there was none."""
    merged = journal.find("merged", lambda r: r["pull"] == pull)
    switched = journal.find("switched", lambda r: merged is not None and r["sha"] == merged["merge"])
    if switched is None:
        raise NotSeen(f"#{pull} was never deployed")
    return switched


async def _is_inverse(scene: Scene, merged: str, back: str) -> None:
    before = scene.repo.resolve(f"{merged}^1")
    same = scene.repo.tree(before) == scene.repo.tree(Sha(back))
    expect(same, "the tree after the revert is not the tree before the change")


async def voted_change(scene: Scene, teller: Teller) -> None:
    """A member's phrase, asked for once the revert is merged: voted for, voided by a push, voted for again, merged."""
    journal = scene.journal
    proposed = await journal.wait("proposed", lambda r: r["kind"] == "behaviour", within=PATIENCE)
    pull = PullNumber(proposed["pull"])
    await journal.wait("asked", lambda r: r["pull"] == pull, within=PATIENCE)
    first = await _vote(scene, pull)
    pushed = await _push(scene, pull)
    voided = await journal.wait("vote_voided", lambda r: r["pull"] == pull and r["head"] == pushed, within=PATIENCE)
    expect(not journal.find("merged", lambda r: r["pull"] == pull), "merged on a void vote")
    teller.saw("vote_voided", pull=f"#{pull}", votes_before=first, new_head=str(voided["head"])[:12])
    await journal.wait("asked", lambda r: r["pull"] == pull, since=voided["t"], within=PATIENCE)
    second = await _vote(scene, pull)
    merged = await journal.wait("merged", lambda r: r["pull"] == pull, within=PATIENCE)
    proposal = next(p for p in await scene.forge.proposals(everything=True) if p.pull == pull)
    expect(proposal.head == pushed, "another head was merged than the one voted on")
    teller.saw("vote", pull=f"#{pull}", votes=second, because=merged["because"])


async def _vote(scene: Scene, pull: PullNumber) -> int:
    """Every voter says yes through the chat. Returns how many ballots stand on the poll."""
    for name in VOTERS:
        await scene.members.say(name, f"!vote {pull} for")
    poll = Votes(scene.records).read(pull)
    found = len(poll.ballots) if poll is not None else 0
    expect(found >= 3, f"only {found} ballots were counted")
    return found


async def _push(scene: Scene, pull: PullNumber) -> Sha:
    """Somebody pushes one more phrase to the branch after the vote."""
    proposal = next(p for p in await scene.forge.proposals() if p.pull == pull)
    head = proposal.head
    path = next(p for p in sorted(proposal.paths) if "intents" in p.parts)
    text = (scene.repo.read(head, path) or b"").decode()
    changed = text.replace('"cast the bones"', '"cast the bones", "let the bones roll"')
    expect(changed != text, f"{path} has no such phrase")
    patch = Patch(head, {PurePosixPath(path): changed.encode()})
    new = scene.repo.commit(patch, "feat: and one more phrase\n", author="A member")
    await LocalForge(scene.home.forge, actor="a-member").publish(scene.repo, proposal.branch, new, expecting=head)
    return new
