"""The deployer's face for the controller: reads what runs, and asks."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.localdeploy.state import Board, Wishes
from bot.core.errors import Denied, MegawattsError
from bot.core.health import Rollout
from bot.core.ids import Sha
from bot.core.ports import Repository

EPOCH = datetime.fromtimestamp(0, UTC)


class LocalDeployer:
    """core.ports.Deployer over the folder that the deployer process keeps."""

    def __init__(self, folder: Path, repo: Repository) -> None:
        self._board = Board(folder)
        self._repo = repo

    async def rollout(self, sha: Sha) -> Rollout:
        """What runs, seen from this commit. `contains` asks for ancestry: a later commit carries the earlier ones."""
        state = self._board.state()
        wishes = self._board.wishes()
        current = state.current
        return Rollout(
            wanted=sha,
            running=current.sha if current else None,
            contains=current is not None and self._contains(sha, current.sha),
            ready=current is not None,
            at=datetime.fromtimestamp(current.since, UTC) if current else EPOCH,
            previous=state.previous.sha if state.previous else None,
            failed=state.failed.get(sha, ""),
            held=bool(wishes.hold),
            facts={"split": str(state.split).lower(), "restarts": str(state.restarts), **_because(wishes)},
        )

    def _contains(self, sha: Sha, running: Sha) -> bool:
        try:
            return self._repo.is_ancestor(sha, running)
        except MegawattsError:
            # A commit that this clone does not know yet cannot be said to be contained.
            return False

    async def promote(self, sha: Sha) -> None:
        """The watched revision may take all traffic; the one before stays warm."""
        self._board.ask(replace(self._board.wishes(), promote=sha))

    async def hold(self, reason: str) -> None:
        self._board.ask(replace(self._board.wishes(), hold=reason))

    async def release(self) -> None:
        self._board.ask(replace(self._board.wishes(), hold="", roll_back="", reason=""))

    async def roll_back(self, to: Sha, reason: str) -> None:
        """Run that commit whatever the base branch says, and follow nothing until released.

        Raises Denied unless it is held: what follows the base branch would undo it, and Argo CD refuses it as well.
        """
        wishes = self._board.wishes()
        if not wishes.hold:
            raise Denied(
                f"no rollback to {to[:12]}: the deployer follows the base branch and would undo it; hold first"
            )
        self._board.ask(replace(wishes, roll_back=to, reason=reason))


def _because(wishes: Wishes) -> dict[str, str]:
    return {"because": f"held: {wishes.hold}"} if wishes.hold else {}
