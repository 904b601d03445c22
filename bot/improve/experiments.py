"""Experiments as the controller conducts them: it reads the figures, stops what does harm, and notes how they end."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from bot.core.chat import HERE
from bot.core.errors import MegawattsError, Misconfigured
from bot.core.flags import Flag, Flags, Stopped
from bot.improve.context import Context
from bot.improve.look import View
from bot.policy.experiments import STOPPING, Count, Page, Standing, count, judge
from bot.policy.flag_stops import CONTROLLER, key_of
from bot.policy.flag_stops import TABLE as STOPS
from bot.policy.flags_file import PATH, parse

TABLE = "experiments"
EVERY = timedelta(seconds=10)
Trials = Callable[[], Awaitable[Mapping[str, Page]]]
"""Pages of the processes that run, by a name that another start of the same process does not have."""


class Conductor:
    """One for each engine. What it knows lies in the records, so that a controller that is killed goes on."""

    def __init__(self, ctx: Context, trials: Trials) -> None:
        self._ctx, self._trials = ctx, trials
        self._next: datetime | None = None

    async def round(self, seen: View) -> None:
        """Look at every experiment that is declared at the base branch. What cannot be read now is read later."""
        now = self._ctx.clock()
        if self._next is not None and now < self._next:
            return
        self._next = now + EVERY
        try:
            running = {name: flag for name, flag in self._declared(seen).items() if flag.experiment is not None}
            pages = await self._trials() if running else {}
        except MegawattsError as error:
            self._ctx.say("experiments_unread", {"because": str(error)})
            return
        for flag in running.values():
            self._look(flag, pages, now)

    def _declared(self, seen: View) -> Flags:
        content = self._ctx.repo.read(seen.main, PurePosixPath(PATH))
        try:
            return parse(content.decode(), PATH) if content is not None else {}
        except UnicodeDecodeError:
            raise Misconfigured(f"{PATH} is not text; restore the last committed version") from None

    def _look(self, flag: Flag, pages: Mapping[str, Page], now: datetime) -> None:
        row = self._ctx.records.get(TABLE, flag.trial) or begun(flag, now)
        if row["state"] != "running":
            if row["state"] in STOPPING:
                self._stop(flag, row["because"], now)
            return
        looks = together(row["looks"], pages, flag.trial)
        standing = judge(flag, totals(looks), datetime.fromisoformat(row["began"]), now)
        changed = {**row, "looks": looks, "state": standing.state, "because": standing.because}
        if standing.state in STOPPING:
            self._stop(flag, standing.because, now)
        if changed != row:
            changed["figures"] = dict(standing.figures)
            self._ctx.records.put(TABLE, flag.trial, changed)
        if standing.state != "running":
            self._tell(flag, standing)

    def _stop(self, flag: Flag, because: str, now: datetime) -> None:
        """Where the bot's processes look every few seconds: nobody need merge anything for it."""
        key = key_of(flag.name, HERE, CONTROLLER)
        standing = self._ctx.records.get(STOPS, key)
        if standing is not None and standing.get("mark") == flag.mark:
            return
        self._ctx.audit.append(CONTROLLER, "flag.stop", flag.name, because, {"experiment": flag.trial})
        made = Stopped(flag.name, HERE, CONTROLLER, because, now.isoformat(), flag.mark)
        self._ctx.records.put(STOPS, key, asdict(made))

    def _tell(self, flag: Flag, standing: Standing) -> None:
        facts = {"flag": flag.name, "state": standing.state, "because": standing.because}
        self._ctx.say("experiment", {**facts, **standing.figures})


def begun(flag: Flag, now: datetime) -> dict[str, Any]:
    """The row of an experiment that is looked at for the first time."""
    return {"flag": flag.name, "began": now.isoformat(), "state": "running", "because": "", "looks": {}, "figures": {}}


def together(
    looks: Mapping[str, Mapping[str, float]], pages: Mapping[str, Page], trial: str
) -> dict[str, dict[str, float]]:
    """The highest count of every process that was ever seen: one that ended has counted what it counted. Pure."""
    found = {process: dict(counts) for process, counts in looks.items()}
    for process, page in pages.items():
        mine = {"/".join(one): value for (name, one), value in page.items() if name == trial}
        if mine:
            kept = found.setdefault(process, {})
            kept.update({name: max(value, kept.get(name, 0.0)) for name, value in mine.items()})
    return found


def totals(looks: Mapping[str, Mapping[str, float]]) -> dict[Count, float]:
    """Members by side, metric and outcome, over all processes. Pure."""
    found: dict[Count, float] = {}
    for counts in looks.values():
        for name, value in counts.items():
            found[count(name)] = found.get(count(name), 0.0) + value
    return found
