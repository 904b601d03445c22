from datetime import timedelta

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
