from datetime import UTC, datetime, timedelta

from tests.extensions.doubles import GUILD

HEAD = "a" * 40


async def test_open_votes_are_listed_with_their_count(desk) -> None:
    desk.votes.meet("ann", "Ann", desk.now)
    desk.poll()
    await desk.call("vote", pull=3, choice="for")
    text = (await desk.call("list_proposals")).result.text
    assert "#3 (aaaaaaa): clearer help; until 2026-03-01 13:00 UTC, 1 for, 0 against" in text


async def test_closed_votes_are_not_listed(desk) -> None:
    desk.poll()
    desk.now += timedelta(hours=2)
    assert (await desk.call("list_proposals")).result.key == "none"


async def test_a_vote_is_the_askers_own(desk) -> None:
    for user in ("ann", "bob"):
        desk.votes.meet(user, user, desk.now)
    desk.poll()
    called = await desk.call("vote", pull=3, choice="against", user="bob")
    assert (called.fate, called.result.text) == ("ok", "Your vote on #3 is recorded as against.")
    assert [(b.voter, b.choice) for b in desk.votes.read(3).ballots] == [("bob", "against")]


async def test_a_stranger_is_told_why_not(desk) -> None:
    desk.poll()
    called = await desk.call("vote", pull=3, choice="for")
    assert called.fate == "refused"
    assert "not a member yet" in called.result.text
    assert desk.votes.read(3).ballots == ()


async def test_a_vote_on_an_older_version_is_refused(desk) -> None:
    desk.votes.meet("ann", "Ann", desk.now)
    desk.poll(head="b" * 40)
    called = await desk.call("vote", pull=3, choice="for", head="aaaaaaa")
    assert called.result.key == "moved"
    assert desk.votes.read(3).ballots == ()
    assert (await desk.call("vote", pull=3, choice="for", head="bbbbbbb")).fate == "ok"


async def test_no_such_vote(desk) -> None:
    assert (await desk.call("vote", pull=4, choice="for")).result.key == "none"
    assert (await desk.call("vote", pull=4, choice="maybe")).fate == "bad_arguments"


async def test_one_proposal_is_shown_with_its_evidence_and_buttons(desk) -> None:
    desk.poll(
        risk="low: every stage passes", badges=(("tests", "pass"), ("types", "fail")), link="https://forge.example/3"
    )
    called = await desk.call("show_proposal", pull=3)
    assert "- Stages: tests pass, types fail" in called.result.text
    assert called.result.card.link == "https://forge.example/3"
    assert [one.id for one in called.result.buttons] == [
        f"vote/3/{HEAD[:12]}/{choice}" for choice in ("for", "against", "abstain")
    ]
    desk.now += timedelta(hours=2)
    assert (await desk.call("show_proposal", pull=3)).result.buttons == ()


async def test_a_voided_vote_is_shown_as_void(desk) -> None:
    desk.poll()
    desk.votes.void(3, "b" * 40)
    called = await desk.call("show_proposal", pull=3)
    assert "void: bbbbbbb was pushed since" in called.result.text
    assert called.result.buttons == ()
    assert (await desk.call("explain_proposal", pull=3)).result.key == "void"


async def test_why_names_what_is_needed(desk) -> None:
    desk.votes.meet("ann", "Ann", desk.now)
    desk.poll(badges=(("tests", "pass"), ("behaviour", "pending")), excluded=frozenset({"eve"}))
    text = (await desk.call("explain_proposal", pull=3)).result.text
    assert "Stages that a person should look at: behaviour (pending)." in text
    assert "1 members were known when it opened; 1 asked for it or wrote it." in text
    assert "open until" in text


async def test_what_is_not_there(desk) -> None:
    for name in ("show_proposal", "explain_proposal"):
        assert (await desk.call(name, pull=9)).result.key == "none"


async def reject(town, user: str = "mia", guild: str | None = None, **more):
    return await town.call("reject_proposal", user=user, guild=guild, **{"pull": 3, "reason": "it breaks bots", **more})


async def test_a_linked_maintainer_rejects_with_a_reason(town) -> None:
    town.poll(guild=town.guild)
    town.records.put("links", "mia", {"login": "Maintainer"})
    assert (await reject(town, reason="")).result.key == "no_reason"
    assert (await reject(town)).fate == "ok"
    [(key, row)] = town.records.scan("refusals")
    assert key == f"3/{HEAD[:12]}/maintainer"
    assert (row["login"], row["head"], row["reason"]) == ("maintainer", HEAD, "it breaks bots")


async def test_nobody_else_rejects(town) -> None:
    town.poll(guild=town.guild)
    town.records.put("links", "mia", {"login": "Maintainer"})
    town.records.put("links", "bob", {"login": "somebody"})
    for user, guild in (("bob", None), ("eve", None), ("mia", "999"), ("mia", "")):
        assert (await reject(town, user, guild)).result.key == "not_maintainer"
    assert town.records.scan("refusals") == []


async def test_a_rejection_is_of_the_version_that_was_read(town) -> None:
    town.poll(head="b" * 40, guild=town.guild)
    town.records.put("links", "mia", {"login": "maintainer"})
    assert (await reject(town, head="aaaaaaaaaaaa")).result.key == "moved"
    assert town.records.scan("refusals") == []
    assert (await reject(town, head="it", reason="breaks bots")).result.facts["reason"] == "it breaks bots"


LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


async def test_since_when_somebody_is_a_member_is_discords_word(town) -> None:
    """A member of long standing whom the bot never met votes at the first press; nobody else learns to."""
    town.poll(guild=GUILD)
    assert not (await town.call("vote", user="old", pull=3, choice="for")).result.ok
    town.guilds.members[GUILD, "old"] = frozenset()
    town.guilds.ages["old"] = (LONG_AGO, LONG_AGO)
    assert (await town.call("vote", user="old", pull=3, choice="for")).result.ok
    town.guilds.members[GUILD, "new"] = frozenset()
    town.guilds.ages["new"] = (LONG_AGO, town.now + timedelta(seconds=1))
    assert "not a member yet" in (await town.call("vote", user="new", pull=3, choice="for")).result.text
    town.guilds.members[GUILD, "unknown"] = frozenset()
    assert not (await town.call("vote", user="unknown", pull=3, choice="for")).result.ok
    assert [one.voter for one in town.votes.read(3).ballots] == ["old"]


async def test_while_discord_does_not_answer_nobody_votes(town) -> None:
    town.votes.meet("ann", "Ann", LONG_AGO, guild=GUILD, account_created=LONG_AGO, joined=LONG_AGO)
    town.poll(guild=GUILD)
    town.guilds.down = True
    assert "vote again in a moment" in (await town.call("vote", pull=3, choice="for")).result.text
    assert town.votes.read(3).ballots == ()
