"""What reviewers ask for, drafts, reverts of a part, and databases of an earlier version."""

import sqlite3
from pathlib import PurePosixPath

import pytest

from bot.adapters.localforge.forge import LocalForge
from bot.core.change import Idea, Kind, Origin
from bot.core.errors import Denied
from bot.core.ids import ProposalId, Sha

pytestmark = pytest.mark.integration  # they run git

A, B = PurePosixPath("a.txt"), PurePosixPath("b.txt")


async def test_refusals_with_a_reason_and_comments_on_lines_are_what_is_asked_for(place) -> None:
    pull, head = await place.opened("aaaaaaaaaaaa", {"b.txt": "b\n"})
    await place.forge.review(pull, "ada", head, True, "good")
    await place.forge.review(pull, "ada", head, False)
    await place.forge.remark(pull, "eve", head, "name\u202e it better", path=B, line=1)
    await place.forge.review(pull, "ada", head, False, "add a test")

    found = await place.forge.remarks(pull)

    said = [(r.reviewer, r.head, r.text, r.path, r.line, r.requests_changes) for r in found]
    assert said == [("eve", head, "name it better", B, 1, False), ("ada", head, "add a test", None, 0, True)]
    assert len({r.id for r in found}) == 2
    for name in ("megawatts[bot]", "", "\u200b"):
        with pytest.raises(Denied, match="engine"):
            await place.forge.remark(pull, name, head, "x", path=B, line=1)
    with pytest.raises(Denied, match="no commit"):
        await place.forge.remark(pull, "eve", Sha("1" * 40), "x", path=B, line=1)
    assert await place.forge.remarks(pull) == found


async def test_a_draft_is_made_ready_by_a_person_and_never_by_the_engine(place) -> None:
    await place.forge.fetch(place.clone)
    head = place.commit({"b.txt": "b\n"}, await place.forge.main())
    idea = Idea(ProposalId("aaaaaaaaaaaa"), "t", "w", Kind.TEST, Origin.ANALYST, "x")
    await place.forge.publish(place.clone, "megawatts/aaaaaaaaaaaa", head, expecting=None)
    pull = await place.forge.open("megawatts/aaaaaaaaaaaa", "feat: x", "body", idea, draft=True)
    with pytest.raises(Denied, match="a person"):
        await place.forge.ready(pull)
    assert [p.draft for p in await place.forge.proposals()] == [True]
    await place.again("ada").ready(pull)
    assert [p.draft for p in await place.forge.proposals()] == [False]


async def test_a_part_of_a_merge_is_taken_back_and_the_rest_stays(place) -> None:
    pull, head = await place.opened("aaaaaaaaaaaa", {"a.txt": "changed\n", "b.txt": "b\n"})
    made = await place.forge.merge(pull, expecting=head, base=await place.forge.main(), message="feat: x")

    part = await place.forge.revert(made, "bad", only=frozenset({A}))

    assert await place.forge.revert(made, "bad", only=frozenset({A})) == part
    (seen,) = await place.forge.proposals()
    assert (seen.reverts, seen.reverts_only, seen.paths) == (made, frozenset({A}), frozenset({A}))
    message = place.forge.desk.repo.git.run("log", "-1", "--format=%B", seen.head)
    assert b"Only these paths:\na.txt" in message.out
    whole = await place.forge.revert(made, "all of it")
    assert whole != part
    await place.forge.merge(part, expecting=seen.head, base=await place.forge.main(), message="revert: a")
    main = await place.forge.main()
    repo = place.forge.desk.repo
    assert (repo.read(main, A), repo.read(main, B)) == (b"a\n", b"b\n")
    with pytest.raises(Denied, match=r"did not touch c\.txt"):
        await place.forge.revert(made, "bad", only=frozenset({PurePosixPath("c.txt")}))


async def test_a_database_of_an_earlier_version_is_brought_up_to_date(place) -> None:
    pull, head = await place.opened("aaaaaaaaaaaa", {"b.txt": "b\n"})
    db = sqlite3.connect(place.folder / "forge.db")
    db.executescript(
        "DROP INDEX one_revert_of_paths; DROP TABLE remarks; ALTER TABLE pulls DROP COLUMN draft;"
        "ALTER TABLE pulls DROP COLUMN only_paths;"
        "CREATE UNIQUE INDEX one_revert ON pulls (reverts) WHERE reverts IS NOT NULL AND state != 'closed';"
    )
    db.close()

    forge = LocalForge(place.folder)

    (seen,) = await forge.proposals()
    assert (seen.pull, seen.head, seen.draft, seen.reverts_only) == (pull, head, False, frozenset())
    assert await forge.remarks(pull) == []
    names = {row["name"] for row in forge.desk.ledger.rows("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert "one_revert" not in names
    assert "one_revert_of_paths" in names
