"""The cache: same question, same answer; anything that could change the answer makes another question."""

import os
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from bot.core.change import Claim, Kind
from bot.core.ids import Tree
from bot.core.verdict import Status, Verdict
from bot.improve.doors import Gate
from bot.improve.gate import run_gate
from bot.improve.gate_cache import VerdictCache, referee
from tests.improve.stages.static.builders import Folder, gate_of


class Counting:
    """A stage that counts its runs and leaves evidence."""

    id, name, needs, alone = "V-0", "counted", (), False

    def __init__(self, status: Status, *, narrow: bool = False) -> None:
        self.narrow = narrow
        self._status = [status]
        type(self).runs = 0

    runs = 0

    async def run(self, gate: Gate, earlier: object) -> Verdict:
        type(self).runs += 1
        (gate.scratch / self.name / "evidence.txt").write_text(f"run {self.runs}")
        return Verdict(self.name, self._status[0], "as told")


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return gate_of(tmp_path, {"a.py": "x = 1\n"}, {"a.py": "x = 2\n"})


@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL])
async def test_an_answer_is_kept_with_its_evidence(gate: Gate, tmp_path: Path, status: Status) -> None:
    cache, stage = VerdictCache(tmp_path / "kept"), Counting(status)
    await run_gate(gate, [stage], cache=cache)
    elsewhere = replace(gate, scratch=tmp_path / "second")
    verdict = await run_gate(elsewhere, [stage], cache=cache)
    assert stage.runs == 1
    assert verdict.children[0].status is status
    assert verdict.children[0].facts["cached"] is True
    assert (tmp_path / "second" / "counted" / "evidence.txt").read_text() == "run 1"


@pytest.mark.parametrize("status", [Status.ERROR, Status.INCONCLUSIVE, Status.PENDING])
async def test_no_answer_is_asked_for_again(gate: Gate, tmp_path: Path, status: Status) -> None:
    cache, stage = VerdictCache(tmp_path / "kept"), Counting(status)
    await run_gate(gate, [stage], cache=cache)
    verdict = await run_gate(gate, [stage], cache=cache)
    assert stage.runs == 2
    assert "cached" not in verdict.children[0].facts


class Changing(Counting):
    """The same stage by its name and settings, which says another thing each time."""

    says: ClassVar[list[Status]] = []

    def __init__(self, *says: Status) -> None:
        super().__init__(Status.PASS)
        type(self).says = list(says)

    async def run(self, gate: Gate, earlier: object) -> Verdict:
        return replace(await super().run(gate, earlier), status=self.says.pop(0))


@pytest.mark.parametrize("now", [Status.PASS, Status.FAIL])
@pytest.mark.parametrize("kept", [Status.PASS, Status.FAIL])
async def test_another_look_is_really_one_and_its_answer_takes_the_place_of_the_old(
    gate: Gate, tmp_path: Path, kept: Status, now: Status
) -> None:
    plain, stage = VerdictCache(tmp_path / "kept"), Changing(kept, now)
    await run_gate(gate, [stage], cache=plain)
    assert (await run_gate(gate, [stage], cache=plain)).status is kept
    verdict = await run_gate(gate, [stage], cache=replace(plain, anew=True))
    assert (stage.runs, verdict.status, "cached" in verdict.children[0].facts) == (2, now, False)
    elsewhere = replace(gate, scratch=tmp_path / "later")
    verdict = await run_gate(elsewhere, [stage], cache=plain)
    assert (stage.runs, verdict.status) == (2, now), "once: what it said then is kept"
    assert (tmp_path / "later" / "counted" / "evidence.txt").read_text() == "run 2"


async def test_another_look_that_gives_no_answer_takes_nothing_away(gate: Gate, tmp_path: Path) -> None:
    plain, stage = VerdictCache(tmp_path / "kept"), Changing(Status.FAIL, Status.ERROR)
    await run_gate(gate, [stage], cache=plain)
    assert (await run_gate(gate, [stage], cache=replace(plain, anew=True))).status is Status.ERROR
    assert (await run_gate(gate, [stage], cache=plain)).status is Status.FAIL
    assert stage.runs == 2


async def test_a_stage_told_to_look_at_less_does_not_answer_for_the_whole(gate: Gate, tmp_path: Path) -> None:
    cache = VerdictCache(tmp_path / "kept")
    await run_gate(gate, [Counting(Status.PASS, narrow=True)], cache=cache)
    whole = Counting(Status.PASS)
    await run_gate(gate, [whole], cache=cache)
    assert whole.runs == 1


async def test_a_broken_entry_counts_as_none(gate: Gate, tmp_path: Path) -> None:
    cache, stage = VerdictCache(tmp_path / "kept"), Counting(Status.PASS)
    await run_gate(gate, [stage], cache=cache)
    entry = next(p for p in (tmp_path / "kept").iterdir())
    (entry / "verdict.json").write_text('{"name": "counted", "status": "pa')
    await run_gate(gate, [stage], cache=cache)
    assert stage.runs == 2


async def test_a_link_in_the_evidence_is_never_followed(gate: Gate, tmp_path: Path) -> None:
    cache, secret = VerdictCache(tmp_path / "kept"), tmp_path / "secret"
    secret.write_text("not for the change")
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (evidence / "link").symlink_to(secret)
    cache.put("key", Verdict("s", Status.PASS, ""), evidence)
    assert cache.get("key", tmp_path / "out") is not None
    assert (tmp_path / "out" / "link").is_symlink()


def test_each_part_of_the_question_is_part_of_the_key(gate: Gate, tmp_path: Path) -> None:
    cache = VerdictCache(tmp_path)
    tree = Tree("9" * 40)
    others = [
        replace(gate, claim=Claim.PRESERVING),
        replace(gate, kind=Kind.TEST),
        replace(gate, by_engine=False),
        replace(gate, charter=replace(gate.charter, base_branch="trunk")),
        replace(gate, base=Folder(gate.base.path, gate.base.sha, tree)),
        replace(gate, head=Folder(gate.head.path, gate.head.sha, tree)),
        replace(gate, head=Folder(gate.head.path, gate.head.sha, gate.head.tree, Path("/usr/bin/env"))),
    ]
    keys = {cache.key(g, "scope") for g in [gate, *others]} | {cache.key(gate, "tests")}
    keys.add(VerdictCache(tmp_path, "another referee").key(gate, "scope"))
    assert len(keys) == len(others) + 3
    assert cache.key(gate, "scope") == VerdictCache(tmp_path, referee()).key(gate, "scope")


async def test_what_rests_on_the_world_outside_counts_only_for_a_while(gate: Gate, tmp_path: Path) -> None:
    class Asking(Counting):
        async def run(self, gate: Gate, earlier: object) -> Verdict:
            return replace(await super().run(gate, earlier), facts={"fresh_seconds": 3600})

    cache, stage = VerdictCache(tmp_path / "kept"), Asking(Status.PASS)
    for _ in range(2):
        await run_gate(gate, [stage], cache=cache)
    assert stage.runs == 1
    (kept,) = (tmp_path / "kept").glob("*/verdict.json")
    for moved in (-3700, 7200):  # the second: the clock was set back meanwhile
        at = kept.stat().st_mtime + moved
        os.utime(kept, (at, at))
        verdict = await run_gate(gate, [stage], cache=cache)
        assert "cached" not in verdict.children[0].facts
    assert stage.runs == 3
