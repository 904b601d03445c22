from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from bot.core.ids import ChannelId, UserId
from bot.sdk import Caller, House
from bot.sdk.testing import DictRecords


class NoVotes:
    def open_polls(self) -> list[Any]:
        return []

    def read(self, pull: int) -> None:
        return None

    def cast(self, *_: object) -> Any:
        raise AssertionError("nobody asked to vote")


@pytest.fixture
def house() -> House:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return House(DictRecords(), lambda: noon, Random(1), dict, NoVotes())


@pytest.fixture
def caller() -> Caller:
    return Caller(UserId("ann"), ChannelId("hall"), "Ann")
