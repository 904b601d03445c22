"""The referee of requests: it must find what Discord would refuse, and nothing else."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.adapters.discord import schema

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not schema.FILE.exists(), reason=schema.ABSENT),
]


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    json: Any = None


@pytest.mark.parametrize(
    "sent",
    [
        Sent("POST", "/channels/1/messages", {"content": "hi", "tts": False, "allowed_mentions": {"parse": []}}),
        Sent("PATCH", "/channels/1/messages/2", {"content": "hi", "tts": False}),
        Sent("POST", "/guilds/1/roles", {"name": "Reader", "permissions": "1024"}),
        Sent(
            "POST", "/guilds/1/channels", {"name": "x", "type": 0, "permission_overwrites": [{"id": 1, "allow": "0"}]}
        ),
        Sent("PUT", "/guilds/1/bans/2", {"delete_message_seconds": 0}),
        Sent("DELETE", "/guilds/1/roles/2"),
        Sent("POST", "/channels/1/typing"),
    ],
)
def test_good_requests_pass(sent: Sent) -> None:
    assert schema.problems([sent]) == []


@pytest.mark.parametrize(
    ("sent", "part"),
    [
        (Sent("POST", "/channels/1/messages", {"content": "x" * 4001}), "$.content"),
        (Sent("POST", "/guilds/1/roles", {"colour": "red", "color": "red"}), "$.color"),
        (Sent("POST", "/channels/1/nowhere", {}), "no such operation"),
        (Sent("PUT", "/channels/1/messages", {}), "no such operation"),
        (Sent("POST", "/channels/1/typing", {"x": 1}), "takes no body"),
        (Sent("PUT", "/guilds/1/bans/2", {"delete_message_seconds": -1}), "$.delete_message_seconds"),
    ],
)
def test_bad_requests_are_named(sent: Sent, part: str) -> None:
    found = schema.problems([sent])
    assert len(found) == 1
    assert part in found[0]
