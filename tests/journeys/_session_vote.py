"""The scenes of the suggestion: planned, written and judged by a real controller, voted on, merged."""

import asyncio
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest
import simcord
import tomlkit

from bot.core.charter import Charter
from bot.core.ids import PullNumber, Sha
from bot.policy.charter import PATH, parse
from tests.journeys._place import Place
from tests.journeys._session_stage import GUILD, Player, Stage

PACE = {
    "quorum": {"open_for": "40s", "late_swing": "0s"},
    "quotas": {"per_hour": 40, "per_day": 40, "min_between_deploys": "0s"},
    "health": {"warm_up": "1s", "interval": "1s"},
}
DICE = PurePosixPath("bot/chat/intents/dice.toml")
PHRASE, PUSHED = "cast the bones", "let the bones roll"
WISH = f'when I say "{PHRASE}" you should roll dice'


def governed(place: Place) -> Charter:
    """A maintainer's commit on the base branch: whose votes count, and in seconds what else takes days."""
    path = PurePosixPath(PATH)
    document = tomlkit.parse((place.bare.read(place.bare.resolve("refs/heads/main"), path) or b"").decode())
    document["home_guild"] = str(GUILD)
    for name, values in PACE.items():
        document.setdefault(name, tomlkit.table()).update(values)
    text = tomlkit.dumps(document)
    place.committed({path: text.encode()}, "chore: vote in The Workshop")
    return parse(text)


async def until(place: Place, what: str, so: Callable[[], Any], within: float = 240.0) -> None:
    """Wait for another process, while the bot goes on."""
    deadline = asyncio.get_running_loop().time() + within
    while not so():
        assert not place.dead(), f"{place.dead()} while waiting: {what}\n{place.logs()}"
        assert asyncio.get_running_loop().time() < deadline, f"not seen: {what}\n{place.logs()}"
        await asyncio.sleep(0.2)


async def suggestion(stage: Stage, place: Place) -> None:
    """Planned in a thread, told to go, written and judged by the controller, announced."""
    told, grace, votes = stage.told, stage.people["grace"], stage.channel("votes")
    general, first = stage.channel("general"), place.main()
    told.scene(
        "A suggestion", "Grace wants the bot to understand one more phrase; nothing is written before she says go."
    )
    await grace.says(general, f"<@{stage.env.backend.bot_user.id}> {PHRASE}")
    await grace.slash(general, "suggest", text=WISH)
    (thread,) = general.threads
    await grace.says(thread, f'I say "{PHRASE}" and you roll dice')
    await grace.presses(with_button(grace, thread, "Answer"), "Answer", "in every channel, for everybody")
    [(_, row)] = wishes(stage)
    assert row["plan"][0].endswith("you roll dice")
    assert (len(row["plan"]), row.get("status")) == (2, None)
    await grace.presses(with_button(grace, thread, "Go"), "Go")
    assert wishes(stage)[0][1]["status"] == "go"
    place.start("controller", "--on-request")
    stage.bot.house.records.put("requests", "1", {"author": "phrases"})
    told.note("the controller, a process of its own, writes the change and runs every stage that applies")
    written = ("proposed", "declined")
    await until(place, "it was written", lambda: any(place.events("controller", event) for event in written))
    assert not place.events("controller", "declined"), place.events("controller", "declined")[0]["because"]
    assert len(place.events("controller", "stage")) >= place.stages, "every stage was run"
    await until(place, "its vote is announced", lambda: stage.people["ada"].sees(votes))
    await until(place, "its thread hears of it", lambda: any("became #" in one.content for one in grace.sees(thread)))
    await until(place, "there is a thread for it", lambda: votes.threads)
    told.heard()
    [proposal] = await place.forge.proposals()
    assert any(f"became #{proposal.pull}" in one.content for one in grace.sees(thread))
    assert (proposal.asked_by, proposal.merged_as) == (grace.id, None)
    assert place.main() == first, "nothing merges without consent"


async def vote(stage: Stage, place: Place) -> None:
    """By buttons; who may not is told why, and a restart in the middle changes nothing."""
    told, votes, first = stage.told, stage.channel("votes"), place.main()
    told.scene(
        "The vote", "Held for 40 seconds here, for 48 hours elsewhere; three votes are needed, and three in five."
    )
    people, [proposal] = stage.people, await place.forge.proposals()
    newcomer = await stage.join("newcomer")
    [card] = cards(votes)
    assert "you may not vote" in text(await people["grace"].presses(card, "For"))
    assert "30 days of account" in text(await newcomer.presses(card, "Against"))
    assert ballots(stage, proposal.pull) == {}
    await people["linus"].presses(card, "For")
    for _ in range(2):
        await people["margaret"].presses(card, "For")
    before = {people["linus"].id: "for", people["margaret"].id: "for"}
    assert ballots(stage, proposal.pull) == before
    told.note("the bot's process ends, and another begins on the same home")
    await stage.restart()
    assert ballots(stage, proposal.pull) == before
    await people["alan"].presses(card, "For")
    await people["ada"].presses(card, "Why?")
    assert sorted(ballots(stage, proposal.pull).values()) == ["for", "for", "for"]
    assert len(cards(votes)) == 1, "it is announced once, whatever was restarted"
    assert place.main() == first, "it does not merge while it is open"


async def push(stage: Stage, place: Place) -> None:
    """What was voted on does not lie there any more: the votes are void, and the new head is judged and voted on."""
    told, votes, first = stage.told, stage.channel("votes"), place.main()
    told.scene("A push", "Somebody pushes to the branch after the vote was cast: nobody has agreed to that.")
    people, [proposal] = stage.people, await place.forge.proposals()
    old = (place.bare.read(proposal.head, DICE) or b"").decode()
    new = old.replace(f'"{PHRASE}"', f'"{PHRASE}", "{PUSHED}"')
    assert new != old
    head = await asyncio.to_thread(place.push, proposal, {DICE: new.encode()}, "feat: and one more phrase")
    told.note(f"the branch is at {head} now")
    await until(place, "the votes are void", lambda: events_of(place, "vote_voided", head))
    assert ballots(stage, proposal.pull) == {}
    await until(place, "the new head is asked about", lambda: polled(stage, proposal.pull) == head)
    await until(place, "it is announced", lambda: len(cards(votes)) == 2)
    told.heard()
    card, _void = cards(votes)
    await until(place, "the old card says so", lambda: "is void" in shown(cards(votes)[1]))
    assert ballots(stage, proposal.pull) == {}, "nobody's vote went along"
    await people["linus"].presses(card, "Against")
    await people["margaret"].presses(card, "For")
    await people["alan"].presses(card, "For")
    assert "changed to for" in text(await people["linus"].presses(card, "For"))
    assert sorted(ballots(stage, proposal.pull).values()) == ["for", "for", "for"]
    assert place.main() == first, "nothing merged on votes for another head"


async def merge(stage: Stage, place: Place) -> None:
    """The controller merges what was carried, and everybody hears of it where they look."""
    told, votes, grace = stage.told, stage.channel("votes"), stage.people["grace"]
    told.scene("The merge", "The vote closes; the controller merges the very head that was voted on.")
    await until(place, "it is merged", lambda: place.events("controller", "merged"))
    [proposal] = await place.forge.proposals(everything=True)
    await until(place, "what was merged is to run", lambda: place.main() == proposal.merged_as)
    told.note(f"main is {proposal.merged_as} now, and {DICE} knows the phrase")
    assert PUSHED in (place.bare.read(proposal.merged_as, DICE) or b"").decode()
    card = cards(votes)[0]
    await until(place, "the card says so", lambda: "was merged" in shown(cards(votes)[0]))
    await until(place, "its thread says so", lambda: any("was merged" in one.content for one in said(stage, votes)))
    wish = stage.channel("general")
    words = f"(#{proposal.pull}) was merged"
    await until(place, "grace hears of it", lambda: any(words in one.content for one in said(stage, wish)))
    told.heard()
    with pytest.raises(simcord.SetupError):
        await stage.people["ada"].actor.click(card, label="Against")
    assert [one.content for one in said(stage, wish)].count(grace.sees(wish.threads[0])[-1].content) == 1


def said(stage: Stage, channel: Any) -> list[Any]:
    """What the bot said in the threads of a channel."""
    return [one for thread in channel.threads for one in stage.people["alan"].sees(thread)]


def events_of(place: Place, event: str, head: Sha) -> list[Any]:
    return [row for row in place.events("controller", event) if row["head"] == head]


def polled(stage: Stage, pull: PullNumber) -> str:
    """The head that is voted on."""
    poll = stage.bot.house.assembled.votes.read(pull)
    return str(poll.head) if poll is not None else ""


def cards(votes: Any) -> list[Any]:
    """The announcements, newest first."""
    return sorted((one for one in votes.history() if one.embeds), key=lambda one: -int(one.id))


def shown(card: Any) -> str:
    """What an announcement says now."""
    return str(card.embeds[0].to_dict())


def ballots(stage: Stage, pull: PullNumber) -> dict[str, str]:
    """The last choice of each member, as it is on disk."""
    poll = stage.bot.house.assembled.votes.read(pull)
    return {} if poll is None else {str(one.voter): one.choice for one in poll.ballots}


def wishes(stage: Stage) -> list[Any]:
    """Suggestions of the form that the engine reads; what was said to be wrong with an answer is another."""
    return [pair for pair in stage.bot.house.records.scan("suggestions") if pair[1]["text"] == WISH]


def text(result: Any) -> str:
    """What came back, to the one who pressed."""
    assert result.ephemeral, "nobody else reads how somebody votes"
    return str(result.response.content)


def with_button(who: Player, channel: Any, label: str) -> Any:
    """The newest message of the bot that has this button."""

    def there(message: Any) -> bool:
        return any(getattr(one, "label", "") == label for row in message.components for one in row.children)

    return [one for one in who.sees(channel) if there(one)][-1]
