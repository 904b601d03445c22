"""Whether a chain is whole, about this commit, and says what the repository itself shows."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bot.core.ids import Sha, Tree
from bot.core.verdict import Fact, Status, Verdict, worst
from bot.policy.provenance import AFTER, GENESIS, Broken, Link, Stage, parse

Check = Callable[[str, bytes, bytes], bool]
"""(key id, message, signature): whether the key made it."""
JUDGED = frozenset({"pass", "pending"})
"""A gate that only asks for people is green."""
WITHOUT = frozenset(map(str, ([], ["override"], ["safe"], ["vote"])))
"""Ways to agree without a review: nothing to agree to, a person's override, green stages alone, the members' vote."""
FOUND = frozenset({"analyst", "member", "plugin"})
"""Origins of the engine's own ideas: each begins with what was found or wished."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the repository itself shows, whatever a note may say."""

    sha: Sha
    trees: Mapping[Sha, Tree] = field(default_factory=dict)
    """Tree of each commit that is here."""
    parents: tuple[Sha, ...] = ()
    """Of `sha`."""
    keys: frozenset[str] | None = None
    """Key ids at the base of `sha`; None: the repository has no keys, and records need no signature."""
    later_keys: frozenset[str] = frozenset()
    """Key ids at the head of the base branch: for what happens after the merge."""
    anchors: tuple[str, ...] = ()
    """Digests of records of this chain that the chains of later merges name."""
    reverts: frozenset[Sha] = frozenset()
    """Later commits on the base branch that say "This reverts commit `sha`"."""
    versions: tuple[str, ...] = ()
    """Version tags on `sha`: only what was healthy has one."""


def commits_of(text: str) -> frozenset[Sha]:
    """The commits that a chain names; empty for what cannot be read."""
    try:
        return frozenset(link.commit for link in parse(text))
    except Broken:
        return frozenset()


def anchors_on(sha: Sha, texts: Iterable[str]) -> tuple[str, ...]:
    """What other chains say of where the chain of this commit stood when theirs was merged."""
    found = set()
    for text in texts:
        try:
            said = [link.facts.get("before") for link in parse(text) if link.stage is Stage.MERGE]
        except Broken:
            continue
        found |= {str(name.get("record")) for name in said if isinstance(name, dict) and name.get("gitCommit") == sha}
    return tuple(sorted(found))


def verify(text: str, ground: Ground, check: Check) -> Verdict:
    """The verdict `provenance`: FAIL names the first thing that is broken; no chain at all is a FAIL too."""
    if not text.strip():
        because = f"no provenance is recorded for {ground.sha[:12]}"
        return Verdict("provenance", Status.FAIL, because, facts={"records": 0})
    try:
        chain = parse(text)
    except Broken as error:
        return Verdict("provenance", Status.FAIL, str(error), (Verdict("records", Status.FAIL, str(error)),))
    asked = (
        links(chain),
        _signatures(chain, ground, check),
        _subjects(chain, ground),
        _order(chain),
        _road(chain, ground),
        _aftermath(chain, ground),
        _anchors(chain, ground),
    )
    found = worst("provenance", asked)
    because = _summary(chain, ground) if found.passed else found.because
    facts: dict[str, Fact] = {"records": len(chain), "head": chain[-1].digest, "signed": ground.keys is not None}
    return Verdict("provenance", found.status, because, asked, facts=facts)


def _summary(chain: Sequence[Link], ground: Ground) -> str:
    steps = ", ".join(dict.fromkeys(link.stage.value for link in chain))
    how = "signed" if ground.keys is not None else "unsigned: the repository names no keys"
    return f"{len(chain)} records, chain whole ({steps}); {how}"


def _verdict(name: str, wrong: str, well: str) -> Verdict:
    return Verdict(name, Status.FAIL if wrong else Status.PASS, wrong or well)


def links(chain: Sequence[Link]) -> Verdict:
    """Each follows the one before: numbers, digests, times, and one pull request throughout."""
    return _verdict("links", next(filter(None, map(_link, _steps(chain))), ""), f"{len(chain)} records in a row")


def _steps(chain: Sequence[Link]) -> list[tuple[int, Link | None, Link]]:
    pairs: list[tuple[Link | None, Link]] = [(None, chain[0]), *pairwise(chain)]
    return [(number, before, link) for number, (before, link) in enumerate(pairs, start=1)]


def _link(step: tuple[int, Link | None, Link]) -> str:
    number, before, link = step
    name = f"record {number} ({link.stage})"
    if link.number != number:
        return f"{name} is numbered {link.number}: one is missing, added or out of order"
    if link.previous != (before.digest if before else GENESIS):
        return f"{name} does not follow the one before it"
    if before is not None and before.pull not in {0, link.pull}:
        return f"{name} is of #{link.pull}, the one before it of #{before.pull}"
    if before is not None and link.at < before.at:
        return f"{name} is older than the one before it"
    return ""


def _signatures(chain: Sequence[Link], ground: Ground, check: Check) -> Verdict:
    """Where the base names keys, every record bears a signature of one of them; what else signed it counts nothing."""
    if ground.keys is None:
        return Verdict("signatures", Status.PASS, "not required: there is no .github/provenance.keys at the base")
    for link in chain:
        keys = ground.keys | ground.later_keys if link.stage in AFTER else ground.keys
        if not any(_holds(link, key, check) for key in sorted(keys & link.signatures.keys())):
            why = _unsigned(link, keys)
            return Verdict("signatures", Status.FAIL, f"record {link.number} ({link.stage}) {why}")
    return Verdict("signatures", Status.PASS, f"{len(chain)} records signed by keys that the base names")


def _holds(link: Link, key: str, check: Check) -> bool:
    try:
        mark = base64.b64decode(link.signatures[key], validate=True)
    except (binascii.Error, ValueError):
        return False
    return check(key, link.message, mark)


def _unsigned(link: Link, keys: frozenset[str]) -> str:
    if not link.signatures:
        return "is not signed"
    if keys & link.signatures.keys():
        return "bears a signature that does not fit it"
    return f"is signed by {', '.join(sorted(link.signatures))[:200]}, which the base does not name"


def _subjects(chain: Sequence[Link], ground: Ground) -> Verdict:
    """The chain is about this commit, and every commit of it that is here has the tree it says."""
    wrong = ""
    if ground.sha not in {link.commit for link in chain}:
        wrong = f"the chain is of {chain[-1].commit[:12]}, not of {ground.sha[:12]}"
    for link in chain:
        there = ground.trees.get(link.commit)
        if there is not None and there != link.tree and not wrong:
            wrong = f"record {link.number} ({link.stage}): the tree of {link.commit[:12]} is {there}, not {link.tree}"
    return _verdict("subjects", wrong, "commits and trees are as recorded")


def _order(chain: Sequence[Link]) -> Verdict:
    """Nothing is judged before it was written, and nothing is deployed, healthy or taken back before it is merged."""
    merges = [link for link in chain if link.stage is Stage.MERGE]
    if len(merges) > 1:
        return Verdict("order", Status.FAIL, f"record {merges[1].number} (merge) is a second merge")
    place = merges[0].number if merges else len(chain) + 1
    for link in chain:
        late, early = link.stage in AFTER and link.number < place, link.stage not in AFTER and link.number > place
        if late or early:
            where = "before" if late else "after"
            return Verdict("order", Status.FAIL, f"record {link.number} ({link.stage}) is {where} the merge")
    return _verdict("order", _unwritten(chain), "in the order of a proposal's life")


def _unwritten(chain: Sequence[Link]) -> str:
    """The first record of the way to the merge that is about a head which no patch before it made."""
    written: set[Sha] = set()
    for link in chain:
        if link.stage is Stage.PATCH:
            written.add(link.commit)
        elif link.stage in {Stage.GATE, Stage.INVERSE, Stage.APPROVAL} and link.commit not in written:
            return f"record {link.number} ({link.stage}) is about {link.commit[:12]}, which no patch before it made"
    return ""


def _road(chain: Sequence[Link], ground: Ground) -> Verdict:
    """The merge is of the last head, judged on exactly that head and base, with exactly its tree and its consent."""
    merge = next((link for link in chain if link.stage is Stage.MERGE), None)
    if merge is None:
        missing = "" if any(link.stage is Stage.PATCH for link in chain) else "missing: patch"
        if len(ground.parents) > 1:
            missing = missing or f"missing: merge; {ground.sha[:12]} is a merge commit"
        return _verdict("road", missing, "not merged yet")
    wrong = _merged(chain, merge, ground) or _judged(chain, merge) or _agreed(chain, merge)
    return _verdict("road", wrong, "merged as it was judged and agreed to")


def _merged(chain: Sequence[Link], merge: Link, ground: Ground) -> str:
    patches = [link for link in chain if link.stage is Stage.PATCH]
    base, head = str(merge.facts.get("base", "")), str(merge.facts.get("head", ""))
    if not patches:
        return "missing: patch"
    if str(patches[0].facts.get("origin")) in FOUND and chain[0].stage is not Stage.FINDING:
        return "missing: finding"
    if patches[-1].commit != head:
        return f"merged {head[:12]}, while the last patch is {patches[-1].commit[:12]}"
    if patches[-1].tree != merge.tree:
        return f"the tree that was merged, {merge.tree[:12]}, is not the tree of the patch, {patches[-1].tree[:12]}"
    if merge.commit == ground.sha and ground.parents and ground.parents not in {(base, head), (base,)}:
        return f"{ground.sha[:12]} does not join {head[:12]} to {base[:12]}"
    return ""


def _judged(chain: Sequence[Link], merge: Link) -> str:
    """A revert is judged by the proof that it is the exact inverse; all else by the gate."""
    base, head = merge.facts.get("base"), merge.facts.get("head")
    last = {link.stage: link for link in chain if link.commit == head and link.facts.get("base") == base}
    if "reverts" in merge.facts and Stage.INVERSE in last:
        return "" if last[Stage.INVERSE].facts.get("result") == "pass" else "the inverse was not proved"
    gate = last.get(Stage.GATE)
    if gate is None:
        elsewhere = any(link.stage is Stage.GATE for link in chain)
        return f"missing: gate on {str(head)[:12]} and its base" + (" (it judged another)" if elsewhere else "")
    result = str(gate.facts.get("result", ""))
    return "" if result in JUDGED else f"merged although the gate said {result[:20]}"


def _agreed(chain: Sequence[Link], merge: Link) -> str:
    """Approvals are of the merged head, and those whom the merge names are on record."""
    head, named = merge.facts.get("head"), merge.facts.get("approvals", [])
    given = [link for link in chain if link.stage is Stage.APPROVAL]
    other = next((link for link in given if link.commit != head), None)
    if other is not None:
        by = str(other.facts.get("by", ""))[:60]
        return f"record {other.number} (approval) of {by} is on another head, {other.commit[:12]}"
    on_record = {str(link.facts.get("by", "")) for link in given}
    missing = {str(name) for name in named} - on_record if isinstance(named, list) else {str(named)}
    if missing:
        return f"missing: approval of {', '.join(sorted(missing))[:120]}"
    if not given and str(merge.facts.get("how", [])) not in WITHOUT:
        return "missing: approval; people agreed by review, and no review is on record"
    return "" if merge.facts.get("consent") == "pass" else "missing: consent to the merge"


def _aftermath(chain: Sequence[Link], ground: Ground) -> Verdict:
    """Health follows a deploy, and what the repository shows to have happened since is on record."""
    stages = {link.stage for link in chain}
    healthy = any(link.stage is Stage.HEALTH and link.facts.get("result") == "pass" for link in chain)
    taken = {str(link.facts.get("by")) for link in chain if link.stage is Stage.REVERT}
    wrong = ""
    if healthy and Stage.DEPLOY not in stages:
        wrong = "missing: deploy; health is on record without one"
    elif ground.versions and not healthy:
        wrong = f"missing: health; {ground.sha[:12]} is tagged {', '.join(ground.versions)}"
    elif gone := sorted(ground.reverts - taken):
        wrong = f"missing: revert by {gone[0][:12]}"
    return _verdict("aftermath", wrong, "nothing that happened since is missing")


def _anchors(chain: Sequence[Link], ground: Ground) -> Verdict:
    """Chains of later merges name where this one stood: what they name must still be in it."""
    known = {link.digest for link in chain}
    lost = [anchor for anchor in ground.anchors if anchor not in known]
    wrong = "a later merge's chain names a record that this one no longer has: cut off or written anew" if lost else ""
    return _verdict("anchors", wrong, f"{len(ground.anchors)} later chains agree")
