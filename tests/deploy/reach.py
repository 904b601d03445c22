"""Who may reach whom by network policies: a small evaluator of `networking.k8s.io/v1`.

Source: Kubernetes, Concepts, Network Policies. A pod that no policy selects is open; one that is selected is closed but
for the union of what its policies allow; a connection needs the leave of both ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class End:
    """One end of a connection: a pod with labels in a namespace with labels, or an address outside of the cluster."""

    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: str = ""
    address: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    """Numbers of its named ports."""


def may(policies: Sequence[Policy], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Whether a connection is let through."""
    wanted = Wanted(port, protocol, target)
    return _side(policies, source, target, wanted, "Egress") and _side(policies, target, source, wanted, "Ingress")


@dataclass(frozen=True)
class Wanted:
    """A port of a listener, whose names for its ports count."""

    port: int
    protocol: str
    listener: End


def _side(policies: Sequence[Policy], own: End, other: End, wanted: Wanted, direction: str) -> bool:
    ours = [p for p in policies if not own.address and _selected(p, own) and direction in p["spec"]["policyTypes"]]
    key, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    rules = [(rule, p["metadata"]["namespace"]) for p in ours for rule in p["spec"].get(key) or ()]
    return not ours or any(
        _peers(rule.get(peers), other, at) and _ports(rule.get("ports"), wanted) for rule, at in rules
    )


def _selected(policy: Policy, end: End) -> bool:
    return policy["metadata"]["namespace"] == end.namespace and matches(policy["spec"]["podSelector"], end.labels)


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector holds; an empty one does."""
    if selector.get("matchExpressions"):
        raise ValueError("expressions are not evaluated here")
    return dict(selector.get("matchLabels") or {}).items() <= dict(labels).items()


def _peers(peers: Sequence[Mapping[str, Any]] | None, other: End, space: str) -> bool:
    return not peers or any(_peer(one, other, space) for one in peers)


def _peer(peer: Mapping[str, Any], other: End, space: str) -> bool:
    if "ipBlock" in peer:
        return bool(other.address) and _inside(peer["ipBlock"], other.address)
    if other.address:
        return False
    spaces = peer.get("namespaceSelector")
    at_home = other.namespace == space
    there = at_home if spaces is None else matches(spaces, {"kubernetes.io/metadata.name": other.namespace})
    return there and matches(peer.get("podSelector") or {}, other.labels)


def _inside(block: Mapping[str, Any], address: str) -> bool:
    where = ip_address(address)
    nets = [ip_network(one) for one in (block["cidr"], *block.get("except", ()))]
    within = [net.version == where.version and where in net for net in nets]
    return within[0] and not any(within[1:])


def _ports(ports: Sequence[Mapping[str, Any]] | None, wanted: Wanted) -> bool:
    return not ports or any(_port(one, wanted) for one in ports)


def _port(one: Mapping[str, Any], wanted: Wanted) -> bool:
    number = wanted.listener.ports.get(one["port"]) if isinstance(one["port"], str) else one["port"]
    return (one.get("protocol", "TCP"), number) == (wanted.protocol, wanted.port)
