"""What is this forge's own: people beside the engine, healing from git, and a damaged database."""

from pathlib import Path

import pytest

from bot.adapters.localforge.forge import LocalForge, read_dashboard
from bot.core.change import Origin
from bot.core.errors import Denied, Misconfigured
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict

pytestmark = pytest.mark.integration  # they run git


async def merged(place, name: str, files: dict[str, str | None]) -> tuple[PullNumber, Sha, Sha]:
    pull, head = await place.opened(name, files)
    made = await place.forge.merge(pull, expecting=head, base=await place.forge.main(), message="feat: x")
    return pull, head, made


async def test_a_review_is_a_person_s_and_for_one_head(place) -> None:
    pull, head = await place.opened("aaaaaaaaaaaa", {"b.txt": "b\n"})
    await place.forge.review(pull, "ada", head, True, "good")
    await place.forge.review(pull, "ada", head, False, "on second thought\u202e")
    for name in ("megawatts[bot]", "MegaWatts[bot]", " megawatts[bot]\u200b", "", "\u200b"):
        with pytest.raises(Denied, match="engine"):
            await place.forge.review(pull, name, head, True)
    with pytest.raises(Denied, match="no commit"):
        await place.forge.review(pull, "ada", Sha("1" * 40), True)
    found = await place.forge.reviews(pull)
    assert [(r.reviewer, r.head, r.approves, r.reason) for r in found] == [
        ("ada", head, True, "good"),
        ("ada", head, False, "on second thought"),
    ]


async def test_a_person_s_pull_request_is_a_person_s(place) -> None:
    head = place.commit({"b.txt": "b\n"}, await place.forge.main())
    await place.forge.publish(place.clone, "feature/x", head, expecting=None)
    pull = await place.forge.open_as("ada", "feature/x", "Title", "body", ["by-hand"])
    assert await place.again().open_as("eve", "feature/x", "Mine", "now") == pull
    (seen,) = await place.forge.proposals()
    assert (seen.author, seen.origin, seen.by_engine, seen.idea) == ("ada", Origin.PERSON, False, None)
    with pytest.raises(Denied, match="another person"):
        await place.forge.review(pull, "Ada", head, True)


async def test_a_merge_that_the_database_missed_is_read_from_git(place) -> None:
    pull, head, made = await merged(place, "aaaaaaaaaaaa", {"b.txt": "b\n"})
    with place.forge.desk.ledger.change("test") as db:
        db.execute("UPDATE pulls SET state = 'open', merged_as = NULL, merged_at = NULL")
        db.execute("UPDATE meta SET value = (SELECT value FROM meta WHERE key = 'imported') WHERE key = 'seen'")

    (seen,) = await place.again().proposals(everything=True)

    assert (seen.pull, seen.merged_as, seen.head) == (pull, made, head)
    assert await place.forge.main() == made


async def test_checks_of_others_are_their_own(place) -> None:
    _pull, head = await place.opened("aaaaaaaaaaaa", {"b.txt": "b\n"})
    await place.forge.report(head, "megawatts/gate", Verdict("gate", Status.FAIL, "no"))
    await place.forge.report(head, "check/lint", Verdict("lint", Status.PASS, "ok"))
    await place.forge.report(head, "check/test", Verdict("test", Status.PENDING, "runs"))
    found = await place.forge.checks(head)
    assert found is not None
    assert (found.status, len(found.children)) == (Status.PENDING, 2)


async def test_a_person_s_no_to_a_revert_stays(place) -> None:
    _pull, _head, made = await merged(place, "aaaaaaaaaaaa", {"b.txt": "b\n"})
    await place.again().close(await place.forge.revert(made, "bad"), "stale")
    second = await place.forge.revert(made, "bad")
    await place.again("ada").close(second, "it is fine")
    with pytest.raises(Denied, match="ada closed"):
        await place.forge.revert(made, "bad")


async def test_what_a_person_pushed_onto_a_revert_is_kept(place) -> None:
    _pull, _head, made = await merged(place, "aaaaaaaaaaaa", {"b.txt": "b\n"})
    revert = await place.forge.revert(made, "bad")
    (seen,) = await place.forge.proposals()
    await place.forge.fetch(place.clone)
    pushed = place.commit({"c.txt": "by hand\n"}, seen.head)
    await place.forge.publish(place.clone, seen.branch, pushed, expecting=seen.head)
    assert await place.forge.revert(made, "bad") == revert
    assert (await place.forge.proposals())[0].head == pushed


async def test_people_can_read_what_happened(place) -> None:
    pull, head, made = await merged(place, "aaaaaaaaaaaa", {"b.txt": "b\n"})
    await place.forge.comment(pull, "first", marker="m")
    await place.forge.comment(pull, "second", marker="m")
    await place.forge.request_owners(pull, head, ["@ada", "@org/team"])
    await place.forge.dashboard("**all**")
    page = await place.forge.page(pull)
    assert [comment["text"] for comment in page["comments"]] == ["second"]
    assert (page["owners"], page["merged_as"], page["state"]) == (["@ada", "@org/team"], made, "merged")
    assert read_dashboard(place.folder) == "**all**"
    events = await place.forge.events()
    assert [event["what"] for event in events] == ["opened", "merged", "asked"]
    assert await place.forge.events(events[-1]["id"]) == []
    with pytest.raises(Denied, match="merged"):
        await place.forge.close(pull, "too late")


async def test_an_ordinary_clone_keeps_its_own_branches(place, tmp_path: Path) -> None:
    from bot.adapters.git.plumbing import Plumbing
    from bot.adapters.git.repository import GitRepository

    folder = tmp_path / "work"
    Plumbing(place.folder / "repo.git").run(
        "clone", "-q", "--", str(place.folder / "repo.git"), str(folder), config=("protocol.file.allow=always",)
    )
    Plumbing(folder / ".git").run("config", "core.bare", "false")
    work = GitRepository(folder)
    before = work.resolve("main")
    _pull, _head, made = await merged(place, "aaaaaaaaaaaa", {"b.txt": "b\n"})
    await place.forge.fetch(work)
    assert work.resolve("main") == before
    assert work.resolve("refs/megawatts/forge/main") == made


def test_a_forge_that_is_not_there_or_not_whole_says_what_to_do(place, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no forge"):
        LocalForge(tmp_path / "nowhere")
    with place.forge.desk.ledger.change("test") as db:
        db.execute("DELETE FROM meta WHERE key = 'imported'")
    with pytest.raises(Misconfigured, match="never finished"):
        place.again()
    for name in ("forge.db-wal", "forge.db-shm"):
        (place.folder / name).unlink(missing_ok=True)
    (place.folder / "forge.db").write_bytes(b"not a database at all" * 99)
    with pytest.raises(Misconfigured, match=r"damaged.*repo\.git"):
        place.again()


async def test_creating_again_changes_nothing(place, tmp_path: Path) -> None:
    pull, _head = await place.opened("aaaaaaaaaaaa", {"b.txt": "b\n"})
    again = LocalForge.create(place.folder, place.folder.parent / "source.git")
    assert [seen.pull for seen in await again.proposals()] == [pull]
