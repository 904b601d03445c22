"""How often what runs in an empty network reached for another one: the kernel counts it, nothing inside can hide it.

Source: the counters `OutNoRoutes` of RFC 4293 as Linux shows them for each network namespace (/proc/PID/net/snmp and
snmp6): a connection or a datagram for which there was no way out. An opened table is read to the end of its namespace.
Loopback has a way, and counts nothing.
"""

import contextlib
import os
from itertools import pairwise

TABLES = ("snmp", "snmp6")
COUNTERS = ("OutNoRoutes", "Ip6OutNoRoutes")
_MOST = 1 << 16


class Reaching:
    """The counters of one process's network namespace, from now on. `close` it."""

    def __init__(self, pid: int) -> None:
        self._tables: list[int] = []
        for name in TABLES:
            with contextlib.suppress(OSError):
                self._tables.append(os.open(f"/proc/{pid}/net/{name}", os.O_RDONLY | os.O_CLOEXEC))
        self._before = self._sum()

    def attempts(self) -> int:
        """How many since this was made; 0 also where the kernel does not count."""
        return max(0, self._sum() - self._before)

    def _sum(self) -> int:
        found = 0
        for table in self._tables:
            with contextlib.suppress(OSError, ValueError):
                found += counted(os.pread(table, _MOST, 0).decode())
        return found

    def close(self) -> None:
        """Let go of the tables, and so of the namespace."""
        while self._tables:
            os.close(self._tables.pop())


def counted(table: str) -> int:
    """The sum of the counters in a table: pairs of lines with names and values (snmp), or one of each (snmp6)."""
    rows = [line.split() for line in table.splitlines()]
    plain = {row[0]: row[1] for row in rows if len(row) == 2}
    for names, values in pairwise(rows):
        if names[:1] == values[:1] and len(names) == len(values):
            plain |= dict(zip(names[1:], values[1:], strict=True))
    return sum(int(plain[name]) for name in COUNTERS if plain.get(name, "").isdecimal())
