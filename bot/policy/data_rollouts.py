"""Which pods have read data that came without an image: their label names their code, and only they say the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.ids import Sha
from bot.policy.rollouts import UNKNOWN, Pods, Seen, Version


@dataclass(frozen=True, slots=True)
class Said:
    """What processes say of themselves, summed over all that are scraped."""

    running: Mapping[Sha, int] = field(default_factory=dict)
    """How many answer by the data of which commit."""
    refused: Mapping[Sha, int] = field(default_factory=dict)
    """How many found the data of which commit not to hold, and went on with what they had."""


def beside(seen: Seen) -> bool:
    """Whether anything that was applied brings data to an image that has pods: only then is there something to ask."""
    return any(version.code != UNKNOWN and version.code in seen.pods for version in _versions(seen))


def told(seen: Seen, said: Said | None) -> Seen:
    """The look with each pod under the commit whose data it has read. `said` is None where nobody could be asked.

    A pod that says nothing counts under the commit of its image, and as not ready where it is to go back to that one's
    own data: neither is taken for done.
    """
    if not beside(seen):
        return seen
    running = said.running if said is not None else {}
    pods: dict[Sha, Pods] = {}
    for code, found in seen.pods.items():
        for product, part in _split(seen, code, found, running).items():
            pods[product] = _sum(pods.get(product, Pods()), part)
    return replace(seen, pods=pods, refused=said.refused if said is not None else {})


def _versions(seen: Seen) -> Sequence[Version]:
    """Newest first."""
    applied = [row.version for row in reversed(seen.applied)]
    return [*([seen.desired] if seen.desired is not None else []), *applied]


def _split(seen: Seen, code: Sha, found: Pods, running: Mapping[Sha, int]) -> dict[Sha, Pods]:
    """The pods of one image by the data that they have read. What is wanted of them counts all of them as its own."""
    versions = _versions(seen)
    products = list(dict.fromkeys(v.product for v in versions if (v.code or v.product) == code))
    if products in ([], [code]):
        return {code: found}
    desired = seen.desired
    wanted = desired.product if desired is not None and (desired.code or desired.product) == code else None
    parts: dict[Sha, Pods] = {}
    left = found.ready
    for product in dict.fromkeys([*products, code]):
        ready = min(running.get(product, 0), left)
        left -= ready
        if product == wanted:
            parts[product] = replace(found, ready=ready)
        elif ready:
            parts[product] = Pods(ready, ready)
    if left and wanted != code:
        parts[code] = _sum(parts.get(code, Pods()), Pods(left, left))
    return parts


def _sum(one: Pods, other: Pods) -> Pods:
    return Pods(
        one.ready + other.ready,
        one.total + other.total,
        one.broken or other.broken,
        max(one.restarts, other.restarts),
    )
