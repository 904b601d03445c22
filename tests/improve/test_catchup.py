"""The forge is back: git takes back what does not run any more, and nothing is released before it has."""

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.core.change import Proposal
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import ProposalId, PullNumber, Sha, Tree
from bot.improve.catchup import catch_up
from bot.improve.forgeless import OURS
from bot.improve.knowledge import Knowledge, Result
from bot.policy.reconcile import TABLE, RolledBack
from tests.improve._forgeless_case import FOUR, HISTORY, NOON, ONE, THREE, TWO, Case, merged

KEY = f"{OURS}{THREE}"
BACK = merged(4, FOUR, reverts=THREE)
OPEN = merged(4, FOUR, reverts=THREE, merged_as=None, merged_at=None)


class Forge:
    """What the catching up asks of a forge."""

    def __init__(self) -> None:
        self.reverted: list[Sha] = []
        self.comments: list[str] = []
        self.refuses = ""

    async def revert(self, merge: Sha, because: str, *, only: frozenset[PurePosixPath] = frozenset()) -> PullNumber:
        assert because
        assert not only
        if self.refuses:
            raise Denied(self.refuses)
        self.reverted.append(merge)
        return PullNumber(4)

    async def comment(self, _pull: PullNumber, text: str, *, marker: str) -> None:
        self.comments.append(f"{marker}: {text}")

    async def edit(self, _pull: PullNumber, **_more: Any) -> None: ...


class Returned(Case):
    """TWO runs and is held since a way back from THREE; the forge answers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.forge = Forge()
        self.cluster.running, self.cluster.previous, self.cluster.is_held = TWO, None, True
        self.asks_for: Sha | None = FOUR
        self.ctx.forge, self.ctx.promised = self.forge, self._promised
        self.left(done=True)
        self.sees(merged(2, TWO), merged(3, THREE))

    async def _promised(self, main: Sha) -> Sha | None:
        assert main == FOUR
        return self.asks_for

    def left(self, *, done: bool, key: str = KEY) -> None:
        left = RolledBack(THREE, TWO, "errors doubled", NOON, done=done)
        self.records.put(TABLE, key, {**left.row(), "pull": 3})

    def changes(self, _one: Sha, _other: Sha) -> tuple[()]:
        return ()

    def patch_id(self, _base: Sha, _head: Sha) -> str:
        return "the patch"

    def resolve(self, rev: str) -> Sha:
        return HISTORY[HISTORY.index(Sha(rev.removesuffix("^1"))) - 1]

    def tree(self, sha: Sha) -> Tree:
        return Tree(sha)

    async def step(self) -> bool:
        return await catch_up(self.ctx, self.seen)


@pytest.fixture
def case(tmp_path: Path) -> Returned:
    return Returned(tmp_path)


async def test_where_nothing_went_back_nothing_is_asked(case: Returned) -> None:
    case.records.delete(TABLE, KEY)
    case.ctx.deployer = None
    assert not await case.step()
    assert case.forge.reverted == []


async def test_it_is_reverted_in_git_and_stays_held(case: Returned) -> None:
    assert await case.step(), "the round begins anew: what it saw is not so any more"
    assert case.forge.reverted == [THREE]
    assert case.cluster.did == []
    assert case.rows()
    assert "errors doubled" in case.forge.comments[0]
    assert case.acts() == ["revert"]


async def test_an_open_revert_is_waited_for(case: Returned) -> None:
    case.sees(merged(2, TWO), merged(3, THREE), OPEN)
    assert not await case.step()
    assert (case.forge.reverted, case.cluster.did) == ([], [])
    assert case.rows()


@pytest.mark.parametrize("promised", [None, ONE, TWO, THREE])
async def test_no_release_before_git_asks_for_what_has_the_revert(case: Returned, promised: Sha | None) -> None:
    case.sees(merged(2, TWO), merged(3, THREE), BACK)
    case.asks_for = promised
    for _ in range(3):
        assert not await case.step()
    assert case.cluster.did == []
    assert case.cluster.is_held
    assert case.rows()


async def test_then_it_is_released_once_and_forgotten(case: Returned) -> None:
    case.sees(merged(2, TWO), merged(3, THREE), BACK)
    for _ in range(3):
        assert not await case.step()
    assert case.cluster.did == ["release"]
    assert (case.rows(), case.acts(), case.forge.reverted) == ([], ["release"], [])
    assert len(case.told("rollback")) == 1


async def test_a_deployer_that_follows_the_base_branch_itself_has_it_promised(case: Returned) -> None:
    case.ctx.promised = None
    case.sees(merged(2, TWO), merged(3, THREE), BACK)
    assert not await case.step()
    assert case.cluster.did == ["release"]


async def test_every_way_back_has_to_be_caught_up_with(case: Returned) -> None:
    """A deployer keeps rows of its own: what it knows more counts too."""
    case.left(done=False, key="megawatts-bot/x")
    case.cluster.running = THREE  # the sync back is still under way
    case.sees(merged(2, TWO), merged(3, THREE), OPEN)
    assert not await case.step()
    assert case.cluster.did == []
    assert len(case.rows()) == 2


async def test_a_stop_holds_it(case: Returned) -> None:
    case.switch.stop("look first", "ada")
    assert not await case.step()
    assert case.forge.reverted == []


async def test_a_way_back_that_never_arrived_is_dropped_with_its_hold(case: Returned) -> None:
    case.left(done=False)
    case.cluster.running = THREE
    assert not await case.step()
    assert (case.forge.reverted, case.rows(), case.cluster.is_held) == ([], [], False)
    assert "roll_back" not in case.acts()


async def test_one_that_arrived_and_was_not_noted_is_noted_now(case: Returned) -> None:
    case.left(done=False)
    assert await case.step()
    assert await case.step()
    assert case.acts().count("roll_back") == 1
    assert len(case.told("page")) == 1
    assert [row["done"] for _key, row in case.rows()] == [True]


async def test_the_note_of_the_deployers_own_row_is_the_deployers(case: Returned) -> None:
    case.records.delete(TABLE, KEY)
    case.left(done=False, key="megawatts-bot/x")
    assert await case.step()
    assert case.acts() == ["revert"]


async def test_what_is_taken_back_is_remembered_and_not_proposed_again(case: Returned) -> None:
    case.sees(merged(2, TWO), merged(3, THREE, idea=ProposalId("0123456789ab")))
    assert await case.step()
    (outcome,) = Knowledge(case.records).outcomes()
    assert outcome.result is Result.REVERTED
    assert case.records.scan("quarantine")


async def test_whoever_ended_the_hold_ended_it(case: Returned) -> None:
    case.cluster.is_held, case.cluster.running = False, THREE
    assert not await case.step()
    assert (case.forge.reverted, case.rows()) == ([], [])
    assert "somebody ended the hold" in case.told("rollback")[0]


@pytest.mark.parametrize(
    ("bad", "refuses", "says"),
    [
        (merged(3, THREE, "security"), "", "security fix"),
        (merged(3, THREE), "later edits are in the way", "later edits are in the way"),
    ],
    ids=["security", "conflict"],
)
async def test_what_needs_a_person_stays_held(case: Returned, bad: Proposal, refuses: str, says: str) -> None:
    case.sees(merged(2, TWO), bad)
    case.forge.refuses = refuses
    for _ in range(3):
        assert not await case.step()
    assert (case.forge.reverted, case.cluster.did) == ([], [])
    assert case.rows()
    assert case.acts().count("page") == 1
    assert says in case.told("page")[0]


async def test_a_deployer_without_an_answer_decides_nothing(case: Returned) -> None:
    async def silent(_sha: Sha) -> None:
        raise Unavailable("Argo CD")

    case.ctx.deployer.rollout = silent
    with pytest.raises(Unavailable):
        await case.step()
    assert case.forge.reverted == []
    assert case.rows()


async def test_a_row_that_cannot_be_read_releases_nothing(case: Returned) -> None:
    case.records.put(TABLE, "x", {"bad": 1})
    case.sees(merged(2, TWO), merged(3, THREE), BACK)
    with pytest.raises(Misconfigured, match="row x"):
        await case.step()
    assert case.cluster.did == []
