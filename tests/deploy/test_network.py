"""Who may reach whom in the cluster, as a table."""

import pytest

from tests.deploy.reach import End, may
from tests.deploy.rendering import VALUES, merged, of_kind, rendered

pytestmark = pytest.mark.integration


def part(name: str) -> End:
    labels = {
        "app.kubernetes.io/name": "megawatts",
        "app.kubernetes.io/instance": "mw",
        "app.kubernetes.io/component": name,
    }
    return End(labels, "megawatts", ports={"http": 8080 if name == "bot" else 8081})


def pod(namespace: str, **labels: str) -> End:
    return End({key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}, namespace)


BOT, CONTROLLER = part("bot"), part("controller")
DNS = End({"k8s-app": "kube-dns"}, "kube-system")
DISCORD, DISCORD6, METADATA, NODE = (
    End(address=a) for a in ("162.159.1.1", "2606:4700::1", "169.254.169.254", "10.0.0.7")
)
POSTGRES = End({"app.kubernetes.io/name": "postgresql"}, "megawatts")
FOREIGN_POSTGRES = End({"app.kubernetes.io/name": "postgresql"}, "other")
REDIS = End({"app.kubernetes.io/name": "redis"}, "megawatts")
ARGOCD = End({"app.kubernetes.io/name": "argocd-server"}, "argocd")
REPO_SERVER = End({"app.kubernetes.io/name": "argocd-repo-server"}, "argocd")
PROMETHEUS = End({"app.kubernetes.io/name": "prometheus"}, "monitoring")
NEIGHBOUR = End({"app": "anything"}, "megawatts")
STRANGER = End({"app": "anything"}, "other")
INGRESS = End({"app": "nginx"}, "ingress")

TABLE = [
    ("bot asks for names", BOT, DNS, 53, "UDP", True),
    ("bot asks for names by TCP", BOT, DNS, 53, "TCP", True),
    ("bot to another port of the resolver", BOT, DNS, 9153, "TCP", False),
    ("bot to Discord", BOT, DISCORD, 443, "TCP", True),
    ("bot to Discord over IPv6", BOT, DISCORD6, 443, "TCP", True),
    ("bot in the clear", BOT, DISCORD, 80, "TCP", False),
    ("bot to the cloud's metadata", BOT, METADATA, 443, "TCP", False),
    ("bot to a node", BOT, NODE, 443, "TCP", False),
    ("bot to PostgreSQL", BOT, POSTGRES, 5432, "TCP", True),
    ("bot to Redis", BOT, REDIS, 6379, "TCP", True),
    ("bot to another's PostgreSQL", BOT, FOREIGN_POSTGRES, 5432, "TCP", False),
    ("bot to another port of PostgreSQL's pod", BOT, POSTGRES, 22, "TCP", False),
    ("bot to Argo CD", BOT, ARGOCD, 8080, "TCP", False),
    ("bot to Prometheus", BOT, PROMETHEUS, 9090, "TCP", False),
    ("bot to the controller", BOT, CONTROLLER, 8081, "TCP", False),
    ("controller to the bot", CONTROLLER, BOT, 8080, "TCP", False),
    ("Prometheus scrapes the bot", PROMETHEUS, BOT, 8080, "TCP", True),
    ("Prometheus to another port of the bot", PROMETHEUS, BOT, 5000, "TCP", False),
    ("a neighbour to the bot", NEIGHBOUR, BOT, 8080, "TCP", False),
    ("a stranger to the bot", STRANGER, BOT, 8080, "TCP", False),
    ("the internet to the bot", DISCORD, BOT, 8080, "TCP", False),
    ("bot to bot", BOT, BOT, 8080, "TCP", False),
    ("controller asks for names", CONTROLLER, DNS, 53, "UDP", True),
    ("controller to the forge", CONTROLLER, DISCORD, 443, "TCP", True),
    ("controller to Argo CD", CONTROLLER, ARGOCD, 8080, "TCP", True),
    ("controller to Argo CD's repository server", CONTROLLER, REPO_SERVER, 8081, "TCP", False),
    ("controller to Prometheus", CONTROLLER, PROMETHEUS, 9090, "TCP", True),
    ("controller to PostgreSQL", CONTROLLER, POSTGRES, 5432, "TCP", True),
    ("controller to Redis", CONTROLLER, REDIS, 6379, "TCP", False),
    ("controller to the cloud's metadata", CONTROLLER, METADATA, 443, "TCP", False),
    ("the ingress delivers a webhook", INGRESS, CONTROLLER, 8081, "TCP", True),
    ("the ingress to another port of the controller", INGRESS, CONTROLLER, 9090, "TCP", False),
    ("the ingress to the bot", INGRESS, BOT, 8080, "TCP", False),
    ("Prometheus scrapes the controller", PROMETHEUS, CONTROLLER, 8081, "TCP", True),
    ("a neighbour to the controller", NEIGHBOUR, CONTROLLER, 8081, "TCP", False),
    ("a stranger sends a webhook", STRANGER, CONTROLLER, 8081, "TCP", False),
]


@pytest.fixture(scope="module")
def policies() -> list[dict[str, object]]:
    """Of production with webhooks: the bot and the controller side by side in one namespace."""
    values = merged(VALUES["production"], VALUES["hooked"], {"bot": {"enabled": True}})
    found = [one for one in rendered(values) if one["kind"] == "NetworkPolicy"]
    return [merged(one, {"metadata": {"namespace": "megawatts"}}) for one in found]


@pytest.mark.parametrize(
    ("source", "target", "port", "protocol", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_who_reaches_whom(
    policies: list[dict[str, object]], source: End, target: End, port: int, protocol: str, *, expected: bool
) -> None:
    assert may(policies, source, target, port, protocol) is expected


def test_without_policies_all_would_be_open() -> None:
    """The evaluator says no only where a policy does."""
    assert all(may([], source, target, port, protocol) for _, source, target, port, protocol, _ in TABLE)


def test_a_pod_of_the_release_that_no_other_policy_knows_reaches_nothing(policies: list[dict[str, object]]) -> None:
    unknown = part("later")
    for target, port in ((DISCORD, 443), (DNS, 53), (POSTGRES, 5432)):
        assert not may(policies, unknown, target, port)
    assert not may(policies, PROMETHEUS, unknown, 8080)


def test_nobody_is_let_in_where_nobody_is_named() -> None:
    values = merged(VALUES["hooked"], {"networkPolicy": {"scrapers": [], "webhookSenders": []}})
    (policy,) = [
        one
        for one in rendered(values)
        if one["metadata"]["name"] == "mw-megawatts-controller" and one["kind"] == "NetworkPolicy"
    ]
    assert policy["spec"]["ingress"] is None
    assert "Ingress" in policy["spec"]["policyTypes"]


def test_nobody_delivers_webhooks_where_none_are_taken(policies: list[dict[str, object]]) -> None:
    values = merged(VALUES["hooked"], {"controller": {"webhook": {"enabled": False, "ingress": {"enabled": False}}}})
    found = [
        merged(one, {"metadata": {"namespace": "megawatts"}})
        for one in rendered(values)
        if one["kind"] == "NetworkPolicy"
    ]
    assert may(policies, INGRESS, CONTROLLER, 8081)
    assert not may(found, INGRESS, CONTROLLER, 8081)
    assert may(found, PROMETHEUS, CONTROLLER, 8081)


def test_a_narrower_range_for_https_is_taken_as_it_is() -> None:
    values = merged(VALUES["controller"], {"networkPolicy": {"https": {"cidrs": ["140.82.112.0/20"]}}})
    found = [
        merged(one, {"metadata": {"namespace": "megawatts"}})
        for one in rendered(values)
        if one["kind"] == "NetworkPolicy"
    ]
    assert may(found, CONTROLLER, End(address="140.82.113.5"), 443)
    assert not may(found, CONTROLLER, DISCORD, 443)


def test_a_resolver_on_the_node_can_be_let_through() -> None:
    local = {"port": 53, "protocol": "UDP", "to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}]}
    values = merged(VALUES["smallest"], {"networkPolicy": {"botEgress": [local]}})
    found = [
        merged(one, {"metadata": {"namespace": "megawatts"}})
        for one in rendered(values)
        if one["kind"] == "NetworkPolicy"
    ]
    assert may(found, BOT, End(address="169.254.20.10"), 53, "UDP")
    assert not may(found, BOT, End(address="169.254.20.10"), 53, "TCP")
    assert not may(found, BOT, METADATA, 53, "UDP")


def test_the_monitoring_set_has_no_pod_and_so_no_policy() -> None:
    assert of_kind("monitoring", "NetworkPolicy") == []
