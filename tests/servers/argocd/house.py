"""A repository with its deployments, a small Argo CD over it, and the deployer under test."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml  # type: ignore[import-untyped]  # it has no types of its own

from bot.adapters.argocd.client import ArgoClient, Target
from bot.adapters.argocd.deployer import ArgoDeployer, Ground
from bot.adapters.argocd.transport import Server, Transport
from bot.adapters.git.repository import GitRepository
from bot.adapters.store.records import SqliteRecords
from bot.core.ids import Sha
from tests.servers.argocd.cluster import Cluster, Document
from tests.servers.argocd.controller import VALUES, Controller
from tests.servers.argocd.peer import Peer, running

ROOT = Path(__file__).parents[3]
APPLICATION = "megawatts-bot"


@dataclass
class House:
    """What a test works with."""

    repo: GitRepository
    peer: Peer
    client: ArgoClient
    deployer: ArgoDeployer
    records: SqliteRecords

    @property
    def argo(self) -> Controller:
        return self.peer.controller

    def commit(self, files: Mapping[str, str]) -> Sha:
        return commit(self.repo, files)

    def promote(self, product: Sha) -> Sha:
        return self.commit(values(product))

    async def merged(self, text: str, *, promote: bool = True) -> Sha:
        """A merge to the product; unless told otherwise its image is promoted, and Argo CD has looked at git."""
        made = self.commit({"bot/x.py": text})
        if promote:
            self.promote(made)
            await self.argo.reconcile(APPLICATION)
        return made

    async def cluster_put(self, document: Document) -> None:
        """Somebody else's edit."""
        await self.peer.cluster.put(document)

    def another(
        self,
        token: str = "all-rights",
        name: str = APPLICATION,
        forge_answers: Callable[[], Awaitable[bool]] | None = None,
    ) -> ArgoDeployer:
        """A deployer with other settings, or one that was started anew."""
        server = Server.at(self.peer.url, token, patience=2.0)
        ground = Ground(self.repo, self.records, self.argo.clock, forge_answers)
        return ArgoDeployer.at(server, Target(name, "", "megawatts"), ground)


def values(product: Sha) -> dict[str, str]:
    text = f"bot:\n  image:\n    digest: sha256:{product}\n    commit: {product}\n"
    return {str(VALUES): text}


def commit(repo: GitRepository, files: Mapping[str, str]) -> Sha:
    """A commit on top of the base branch, by one process: tests make many."""
    before = (repo.path / "refs" / "heads" / "main").exists()
    says = ["commit refs/heads/main", "mark :1", "committer Someone <someone@example.org> 0 +0000", "data 1", "x"]
    says += ["from refs/heads/main^0"] if before else []
    for name, text in files.items():
        says += [f"M 100644 inline {name}", f"data {len(text.encode())}", text]
    says += ["get-mark :1", "done", ""]
    argv = ["git", "fast-import", "--quiet", "--done"]
    made = subprocess.run(argv, cwd=repo.path, input="\n".join(says), capture_output=True, text=True, check=True)
    return Sha(made.stdout.strip())


@cache
def _template() -> Path:
    """A repository whose first product is promoted."""
    path = Path(tempfile.mkdtemp(prefix="megawatts-argo-"))
    repo = GitRepository.begin(path / "repo.git")
    commit(repo, {"README.md": "a bot\n"})
    product = commit(repo, {"bot/x.py": "first\n", "charts/megawatts/Chart.yaml": "name: megawatts\n"})
    commit(repo, values(product))
    return path


def copied(into: Path) -> GitRepository:
    """A repository of one's own."""
    shutil.copytree(_template() / "repo.git", into / "repo.git")
    return GitRepository(into / "repo.git")


def application() -> Document:
    """The bot's application, as the repository's own deploy folder has it."""
    document: Document = yaml.safe_load((ROOT / "deploy" / "argocd" / "bot.yaml").read_text())
    return {**document, "status": {"sync": {"status": "Unknown"}, "health": {"status": "Missing"}}}


@asynccontextmanager
async def built(into: Path, *, deployed: bool = True) -> AsyncIterator[House]:
    """A house whose first product runs."""
    repo = await asyncio.to_thread(copied, into)
    async with Cluster() as cluster, running(Controller(cluster, repo, APPLICATION)) as peer:
        await cluster.create(application())
        if deployed:
            await peer.controller.reconcile(APPLICATION)
        transport = Transport(Server.at(peer.url, "all-rights", patience=2.0))
        client = ArgoClient(transport, Target(APPLICATION, "", "megawatts"))
        records = SqliteRecords(into / "records.db")
        ground = Ground(repo, records, peer.controller.clock)
        yield House(repo, peer, client, ArgoDeployer(client, ground), records)
