"""The doors of `megawatts watch`: those of one home folder, or of an application elsewhere."""

import asyncio

from bot.adapters.git.inverse import prove_inverse
from bot.adapters.git.notes import Notes
from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy.deployer import LocalDeployer
from bot.adapters.localdeploy.state import Board
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.scrape.source import ScrapeSource
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.switch import FileSwitch
from bot.app.home import Home
from bot.app.settings import load
from bot.app.stores import open_records
from bot.app.wiring import now
from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.core.ports import Deployer, Forge, HealthSource
from bot.improve.context import Say
from bot.improve.watcher.doors import Doors
from bot.policy.watching import Settings

LOCAL = "local"
"""The repository of the embedded forge."""


async def open_doors(settings: Settings, home: Home, say: Say) -> Doors:
    """The doors that this file asks for. Misconfigured for what cannot be opened here."""
    if settings.repository != LOCAL:
        raise Misconfigured(
            f'repository "{settings.repository}" cannot be opened here: '
            f'"{LOCAL}" is the embedded forge of the home folder'
        )
    forge = LocalForge(home.forge)
    repo = await asyncio.to_thread(GitRepository.mirror, home.forge / "repo.git", home.path / "watcher.git")
    board = Board(home.deploy)

    def address(sha: Sha) -> str | None:
        state = board.state()
        found = next((i for i in (state.current, state.previous) if i is not None and i.sha == sha), None)
        return f"http://127.0.0.1:{found.port}" if found else None

    health = ScrapeSource(address, now)
    return await joined(home, say, forge=forge, repo=repo, deployer=LocalDeployer(home.deploy, repo), health=health)


async def joined(
    home: Home, say: Say, *, forge: Forge, repo: GitRepository, deployer: Deployer, health: HealthSource
) -> Doors:
    """These doors, with the records, the log and the stop of a home folder."""
    home.create()
    return Doors(
        forge=forge,
        repo=repo,
        deployer=deployer,
        health=health,
        records=await asyncio.to_thread(open_records, load(), home),
        audit=FileAuditLog(home.audit),
        switch=FileSwitch(home.switch),
        inverse=lambda merged, head, base: prove_inverse(repo, merged, head, base),
        reverts=Notes(repo).reverts,
        clock=now,
        say=say,
    )
