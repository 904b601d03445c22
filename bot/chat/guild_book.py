"""Settings by guild over the records: every version a row of its own, the newest in this process's hands."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.core.errors import Denied, Misconfigured
from bot.core.guild_settings import GuildSettings
from bot.core.ids import GuildId, UserId
from bot.core.ports import AuditLog, Records
from bot.policy import guild_settings as policy
from bot.policy.insights import TABLE as INSIGHTS

TABLE = "guild_settings"
_KEPT = 20
"""Versions of one guild that undo can go back through."""
_GUILDS = 5000
"""Guilds held in this process; the one unused longest is read again when it is needed."""


class RecordsGuildBook:
    """`core.guild_settings.GuildBook`. A version is written once and never changed, so that two processes that change
    at the same time both find their change in force, one after the other."""

    def __init__(
        self, records: Records, audit: AuditLog | None, timer: Callable[[], float], *, refresh: float = 20.0
    ) -> None:
        """`timer` gives seconds that never run backwards; what other processes wrote is seen after `refresh` of them.
        Without an audit log nothing can be changed."""
        self._records, self._audit, self._timer, self._refresh = records, audit, timer, refresh
        self._known: OrderedDict[GuildId, tuple[float, GuildSettings]] = OrderedDict()
        self._writing = threading.Lock()

    def read(self, guild: GuildId) -> GuildSettings:
        """The settings in force; defaults for a guild that was never set up."""
        known = self._known.get(guild)
        now = self._timer()
        if known is not None and now - known[0] < self._refresh:
            return known[1]
        return self._keep(guild, self._newest(guild)[0])

    def change(self, guild: GuildId, changes: Mapping[str, Any], by: UserId) -> GuildSettings:
        """Apply checked changes. Raises Misconfigured naming key, value and what is allowed."""

        def step(current: GuildSettings, _row: Mapping[str, Any]) -> tuple[GuildSettings, int]:
            return policy.change(current, changes), current.version

        return self._write(guild, step, by, "settings")

    def undo(self, guild: GuildId, by: UserId) -> GuildSettings:
        """Back to the version before, and when asked again to the one before that; Misconfigured if there is none."""

        def step(_current: GuildSettings, row: Mapping[str, Any]) -> tuple[GuildSettings, int]:
            before = row.get("before")
            if before is None:
                raise Misconfigured("there is no earlier version of the settings to go back to")
            if before == 0:
                return GuildSettings(guild), -1
            old = self._records.get(TABLE, _key(guild, before))
            if old is None:
                raise Misconfigured(f"only the last {_KEPT} versions are kept: there is none before these")
            return policy.from_row(guild, old), -1 if old.get("before") is None else int(old["before"])

        return self._write(guild, step, by, "settings.undo")

    def _write(
        self,
        guild: GuildId,
        step: Callable[[GuildSettings, Mapping[str, Any]], tuple[GuildSettings, int]],
        by: UserId,
        act: str,
    ) -> GuildSettings:
        """On record first, then in force; the same again on what another process wrote meanwhile."""
        if self._audit is None:
            raise Denied("settings cannot be changed here: there is no audit log")
        with self._writing:
            while True:
                current, row = self._newest(guild)
                after, before = step(current, row)
                after = replace(after, version=current.version + 1)
                changed = policy.differences(current, after)
                if not changed:
                    return self._keep(guild, current)
                self._audit.append(by, act, f"guild {guild or 'here'}", f"version {after.version}", changed)
                written = {**policy.to_row(after), "by": by, "before": before if before >= 0 else None}
                if self._records.add(TABLE, _key(guild, after.version), written):
                    self._prune(guild, after.version)
                    if not after.insights:
                        self._uncount(guild)
                    return self._keep(guild, after)

    def _newest(self, guild: GuildId) -> tuple[GuildSettings, Mapping[str, Any]]:
        rows = self._records.scan(TABLE, f"{guild}/")
        if not rows:
            return GuildSettings(guild), {}
        row = max((row for _, row in rows), key=lambda row: int(row["version"]))
        return policy.from_row(guild, row), row

    def _keep(self, guild: GuildId, settings: GuildSettings) -> GuildSettings:
        self._known[guild] = (self._timer(), settings)
        self._known.move_to_end(guild)
        if len(self._known) > _GUILDS:
            self._known.popitem(last=False)
        return settings

    def _uncount(self, guild: GuildId) -> None:
        """What was counted of a guild goes with its admins' agreement."""
        for key, _row in self._records.scan(INSIGHTS, f"{guild}/"):
            self._records.delete(INSIGHTS, key)

    def _prune(self, guild: GuildId, newest: int) -> None:
        if newest > _KEPT:
            self._records.delete(TABLE, _key(guild, newest - _KEPT))


def _key(guild: GuildId, version: int) -> str:
    return f"{guild}/{version:08d}"
