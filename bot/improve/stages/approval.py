"""V-13: whose consent the change needs by its paths, its kind and its origin."""

from collections.abc import Mapping
from dataclasses import replace

from bot.core.change import Origin
from bot.core.tier import Tier
from bot.core.verdict import Fact, Status, Verdict
from bot.improve.doors import Gate, not_applicable
from bot.policy.tier import only_adds, tier_of, ward_of

WHO = {
    Tier.SAFE: "green stages suffice",
    Tier.VALIDATED: "waits for one maintainer, or for the members' vote",
    Tier.CRITICAL: "waits for the code owners of every touched path",
    Tier.SEALED: "waits for people: only they change this",
}


class ApprovalStage:
    """The tier rule as a verdict: SAFE passes, other tiers wait for people, the engine is refused what is sealed."""

    id = "V-13"
    name = "approval"
    needs: tuple[str, ...] = ()
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        if not gate.profile.own:
            return not_applicable(self.name, "the repository has no charter, so nobody's consent is asked for")
        paths = {path for change in gate.changes for path in change.paths}
        origin = Origin.ANALYST if gate.by_engine else Origin.PERSON
        adds = only_adds(gate.changes)
        ruling = tier_of(paths, gate.kind, origin, adds, gate.charter)
        owners = {o for p in paths if (w := ward_of(p, gate.charter, adds=str(p) in adds)) for o in w.owners}
        facts: dict[str, Fact] = {"tier": int(ruling.tier), "owners": sorted(owners)}
        tier = replace(ruling.because, facts={**ruling.because.facts})
        if ruling.because.status is Status.FAIL:
            return Verdict(
                self.name, Status.FAIL, f"closed to the engine: {ruling.because.because}", (tier,), facts=facts
            )
        status = Status.PASS if ruling.tier is Tier.SAFE else Status.PENDING
        named = f" ({', '.join(sorted(owners))})" if owners and status is Status.PENDING else ""
        text = f"{WHO[ruling.tier]}{named}: {ruling.because.because}"
        return Verdict(self.name, status, text, (tier,), facts=facts)


STAGE = ApprovalStage()
