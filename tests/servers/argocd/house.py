"""A repository with its deployments, a small Argo CD over it, and the deployer under test."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import yaml

from bot.adapters.argocd.client import ArgoClient, Target
from bot.adapters.argocd.deployer import ArgoDeployer, Ground
from bot.adapters.argocd.transport import Server, Transport
from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.core.change import Patch
from bot.core.ids import Sha, Tree
from bot.adapters.store.records import SqliteRecords
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

    def another(self, token: str = "all-rights", project: str = "megawatts", name: str = APPLICATION) -> ArgoDeployer:
        """A deployer with other settings, or one that was started anew."""
        client = ArgoClient(Transport(Server.at(self.peer.url, token, patience=2.0)), Target(name, "", project))
        return ArgoDeployer(client, Ground(self.repo, self.records, self.argo.clock))


def values(product: Sha) -> dict[str, str]:
    text = f"bot:\n  image:\n    digest: sha256:{product}\n    commit: {product}\n"
    return {str(VALUES): text}


def commit(repo: GitRepository, files: Mapping[str, str]) -> Sha:
    """A commit on top of the base branch."""
    head = repo.resolve("refs/heads/main")
    made = repo.commit(
        Patch(head, {PurePosixPath(name): text.encode() for name, text in files.items()}), "x", author="someone"
    )
    repo.branch("main", made, expecting=head)
    return made


@cache
def _template() -> Path:
    """A repository whose first product is promoted."""
    path = Path(tempfile.mkdtemp(prefix="megawatts-argo-"))
    repo = GitRepository.begin(path / "repo.git")
    root = commit_tree(repo.git, Tree(repo.git.run("mktree").line), (), "root", author="someone")
    repo.branch("main", root)
    product = commit(repo, {"bot/x.py": "first\n", "charts/megawatts/Chart.yaml": "name: megawatts\n"})
    commit(repo, values(product))
    return path


def application() -> Document:
    """The bot's application, as the repository's own deploy folder has it."""
    document: Document = yaml.safe_load((ROOT / "deploy" / "argocd" / "bot.yaml").read_text())
    return {**document, "status": {"sync": {"status": "Unknown"}, "health": {"status": "Missing"}}}


@asynccontextmanager
async def built(into: Path, *, deployed: bool = True) -> AsyncIterator[House]:
    """A house whose first product runs."""
    await asyncio.to_thread(shutil.copytree, _template() / "repo.git", into / "repo.git")
    repo = GitRepository(into / "repo.git")
    async with Cluster() as cluster, running(Controller(cluster, repo, APPLICATION)) as peer:
        await cluster.create(application())
        if deployed:
            await peer.controller.reconcile(APPLICATION)
        transport = Transport(Server.at(peer.url, "all-rights", patience=2.0))
        client = ArgoClient(transport, Target(APPLICATION, "", "megawatts"))
        records = SqliteRecords(into / "records.db")
        ground = Ground(repo, records, peer.controller.clock)
        yield House(repo, peer, client, ArgoDeployer(client, ground), records)
