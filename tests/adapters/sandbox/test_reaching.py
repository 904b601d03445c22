"""The kernel's tables are read as they are written; what is no table counts nothing."""

import os
from pathlib import Path

import pytest

from bot.adapters.sandbox.reaching import Reaching, counted

SNMP = "Ip: Forwarding InReceives OutNoRoutes\nIp: 1 20 7\nTcp: ActiveOpens OutNoRoutes2\nTcp: 3 9\n"
SNMP6 = "Ip6InReceives                   \t12\nIp6OutNoRoutes                  \t4\nIp6OutNoRoutesX 9\n"


def test_the_two_shapes_of_tables() -> None:
    assert counted(SNMP) == 7
    assert counted(SNMP6) == 4


@pytest.mark.parametrize(
    "table", ["", "Ip: A B\nIp: 1\n", "Ip: OutNoRoutes\nTcp: 5\n", "Ip6OutNoRoutes many\n", "\n\n"]
)
def test_what_is_no_table_counts_nothing(table: str) -> None:
    assert counted(table) == 0


def test_what_is_closed_is_let_go() -> None:
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    reaching = Reaching(os.getpid())
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) > before
    reaching.close()
    reaching.close()
    assert reaching.attempts() == 0
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


def test_a_process_that_is_gone_is_not_counted() -> None:
    gone = Reaching(2**22 + 1)
    assert gone.attempts() == 0
    gone.close()
