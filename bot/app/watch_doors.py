"""The doors of `megawatts watch`: those of the home folder, or of an application on GitHub and Argo CD."""

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.adapters.git.inverse import prove_inverse
from bot.adapters.git.notes import Notes
from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy.deployer import LocalDeployer
from bot.adapters.localdeploy.state import Board
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.scrape.source import ScrapeSource
from bot.app.bot_wiring import now
from bot.app.home import Home
from bot.app.road import Road, address, open_metrics, open_road
from bot.app.road_settings import RoadSettings, taken
from bot.app.settings import load
from bot.app.stores import open_audit, open_records, open_switch
from bot.core.errors import Misconfigured
from bot.core.ports import HealthSource, Records
from bot.improve.context import Say
from bot.improve.watcher.doors import Doors
from bot.improve.watcher.queries import Ask, QuerySource, Rows
from bot.policy.watching import Settings

if TYPE_CHECKING:
    from bot.adapters.prometheus.client import Server

LOCAL = "local"
"""The repository of the embedded forge."""


async def open_doors(settings: Settings, home: Home, say: Say) -> Doors:
    """The doors that the watcher's file and the road's settings name. Misconfigured for what they name wrongly."""
    home.create()
    records = await asyncio.to_thread(open_records, load(), home)
    found = taken(os.environ)
    opened = await (_own(home) if settings.repository == LOCAL else _elsewhere(settings, home, found, records))
    health = _asked(settings, found) if settings.queries else opened.health
    await _followed(settings, opened)
    repo = opened.repo
    return Doors(
        forge=opened.forge,
        repo=repo,
        deployer=opened.deployer,
        health=health,
        records=records,
        audit=await asyncio.to_thread(open_audit, load(), home, records),
        switch=open_switch(load(), home, records),
        inverse=lambda merged, head, base: prove_inverse(repo, merged, head, base),
        reverts=Notes(repo).reverts,
        clock=now,
        say=say,
    )


async def _own(home: Home) -> Road:
    """The bot's own home, with a clone of the watcher's own."""
    repo = await asyncio.to_thread(GitRepository.mirror, home.forge / "repo.git", home.path / "watcher.git")
    board = Board(home.deploy)
    health = ScrapeSource(lambda sha: address(board, sha), now)
    return Road(LocalForge(home.forge), repo, LocalDeployer(home.deploy, repo), health)


async def _elsewhere(settings: Settings, home: Home, found: RoadSettings, records: Records) -> Road:
    """The road's settings say how to get in; the file says to which repository and application."""
    if not found.argocd_server or not found.prometheus_url:
        raise Misconfigured(
            f'"{settings.repository}" runs elsewhere: set ARGOCD_SERVER and PROMETHEUS_URL, as in docs/watcher.md'
        )
    named = replace(found, github_repository=settings.repository, argocd_application=settings.application)
    apart = Home(home.path / "watched" / settings.repository / settings.application).create()
    return await open_road(apart, named, records, lambda: settings.health.rules, all_merges=True)


async def _followed(settings: Settings, opened: Road) -> None:
    """The forge follows one branch: it has to be the one that the file names."""
    await opened.forge.fetch(opened.repo)
    main, named = await opened.forge.main(), opened.repo.ref(f"refs/heads/{settings.branch}")
    if named != main:
        raise Misconfigured(
            f'the forge follows another branch than "{settings.branch}": name the default branch of '
            f"{settings.repository}; if it has just moved, start again"
        )


def _asked(settings: Settings, found: RoadSettings) -> HealthSource:
    """The queries of the file, put to Prometheus."""
    if not found.prometheus_url:
        raise Misconfigured("the watcher's file has queries and PROMETHEUS_URL is not set: name the server to ask")
    return QuerySource(settings, rows(open_metrics(found)), now)


def rows(server: "Server") -> Ask:
    """Puts one query, and gives the rows of its answer."""

    async def ask(query: str) -> Rows:
        _at, found = await server.query(query)
        return found

    return ask
