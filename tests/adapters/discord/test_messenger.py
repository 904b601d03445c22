"""What the bot says of its own accord; reminders; the invitation; joins and reactions; threads and shards."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import simcord

from bot.adapters.discord.client import intents
from bot.adapters.discord.gateway import Gateway, Options
from bot.adapters.discord.invite import ALWAYS, invite_url, needed
from bot.adapters.discord.reminders import LONGEST, Reminders
from bot.adapters.discord.words import Words
from bot.core.chat import Button, Card, File, Pending, Post
from bot.core.errors import Denied, Unavailable
from bot.core.ids import ChannelId, MessageId, UserId
from bot.sdk.testing import DictRecords
from tests.adapters.discord.doubles import Pipeline
from tests.adapters.discord.house import House, Scene, spec

pytestmark = pytest.mark.integration
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def here(scene: Scene) -> ChannelId:
    return ChannelId(str(scene.channel.id))


async def test_a_post_is_sent_edited_and_mentions_nobody(scene: Scene) -> None:
    messenger = scene.house.gateway.messenger
    post = Post("@everyone look", Card("A vote", "Shall we?"), (Button("vote:1", "For"),), (File("a.txt", b"a"),))
    number = await messenger.send(here(scene), post)
    [said] = scene.said()
    assert str(said.id) == number
    assert said.embeds[0].title == "A vote"
    assert not said.mention_everyone
    await messenger.edit(here(scene), number, Post("closed"))
    [said] = scene.said()
    assert (said.content, said.embeds, said.components) == ("closed", [], [])


async def test_a_post_may_reply_and_be_long(scene: Scene) -> None:
    asked = await scene.alice.send(scene.channel, "hello")
    await scene.house.gateway.messenger.send(
        here(scene), Post("word " * 900, replies_to=MessageId(str(asked.id)), nonce="announce-7")
    )
    first, *rest = scene.said()
    assert first.reference is not None
    assert first.reference.message_id == asked.id
    assert len(rest) == 2
    nonces = [one.json["nonce"] for one in scene.env.http_requests if one.path.endswith("/messages")]
    assert len(set(nonces)) == 3
    assert nonces[0] == "announce-7"


async def test_a_thread_of_planning_is_listened_in_and_one_of_an_announcement_is_not(scene: Scene) -> None:
    messenger = scene.house.gateway.messenger
    plan = await messenger.send(here(scene), Post("Let us plan."))
    vote = await messenger.send(here(scene), Post(card=Card("A vote")))
    threads = [await messenger.thread(here(scene), one, "x" * 200) for one in (plan, vote)]
    await scene.env.settle()
    handles = {str(one.id): one for one in scene.channel.threads}
    for thread in threads:
        await scene.alice.send(handles[thread], "and then?")
    assert [one.channel for one in scene.pipeline.of("answer")] == [threads[0]]
    assert [one.channel for one in scene.pipeline.of("overhear")] == [threads[1]]
    await scene.env.restart_bot(scene.house.build().client)
    await scene.alice.send(handles[threads[0]], "still there?")
    assert scene.pipeline.of("answer")[-1].text == "still there?"


async def test_a_direct_post(scene: Scene) -> None:
    await scene.house.gateway.messenger.direct(UserId(str(scene.alice.id)), Post("for you"))
    sent = [one for one in scene.env.http_requests if one.path.endswith("/messages")]
    assert [one.json["content"] for one in sent] == ["for you"]
    assert str(scene.channel.id) not in sent[0].path


@pytest.mark.parametrize(
    ("status", "code", "error", "text"),
    [
        (403, 50013, Denied, "I lack a permission"),
        (403, 50001, Denied, "View Channel"),
        (404, 10003, Denied, "does not exist any more"),
        (400, 50035, Denied, "error 50035"),
        (500, 0, Unavailable, "it answered 500"),
        (429, 0, Unavailable, "it answered 429"),
    ],
)
async def test_discords_errors_are_sentences(scene: Scene, status: int, code: int, error: Any, text: str) -> None:
    scene.env.inject_error("POST", "/channels/*/messages", status=status, code=code)
    with pytest.raises(error, match=text) as raised:
        await scene.house.gateway.messenger.send(here(scene), Post("hello"))
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("post", [Post(), Post("  \n ")])
async def test_nothing_to_say_is_refused(scene: Scene, post: Post) -> None:
    with pytest.raises(Denied, match="say nothing"):
        await scene.house.gateway.messenger.send(here(scene), post)


async def test_ids_that_are_none_are_refused(scene: Scene) -> None:
    with pytest.raises(Denied, match="no id of Discord"):
        await scene.house.gateway.messenger.send(ChannelId("terminal"), Post("x"))
    assert scene.said() == []


class Said:
    """A messenger that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.fails: list[Exception] = []

    async def send(self, channel: ChannelId, post: Post) -> MessageId:
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append((channel, post.text))
        return MessageId("1")

    async def direct(self, user: UserId, post: Post) -> MessageId:
        self.sent.append((f"@{user}", post.text))
        return MessageId("1")


def reminders(*due: tuple[str, datetime]) -> tuple[Reminders, Said, DictRecords, Pipeline]:
    records, said, pipeline = DictRecords(), Said(), Pipeline()
    for user, at in due:
        row = {"id": user, "user": user, "channel": "7" if user.isdecimal() else "terminal", "due": at.isoformat()}
        records.put("reminders", f"{user}/{at:%H%M%S}", {**row, "text": "tea"})
        if at <= NOW:
            pipeline.due.append(Pending(user, UserId(user), ChannelId("7"), "tea", at))
    return Reminders(pipeline, said, records, lambda: NOW, Words()), said, records, pipeline  # type: ignore[arg-type]


async def test_what_is_due_is_delivered_and_the_next_look_is_when_the_next_is_due() -> None:
    ours, said, _, pipeline = reminders(("5", NOW - timedelta(1)), ("6", NOW + timedelta(seconds=12)))
    assert await ours.look() == 12
    assert said.sent == [("7", "Reminder: <@5> tea")]
    assert pipeline.due == []


async def test_nobody_is_asked_for_what_is_not_on_discord_or_not_due() -> None:
    ours, said, _, pipeline = reminders(("terminal-user", NOW - timedelta(1)))
    assert await ours.look() == LONGEST
    assert said.sent == []
    assert len(pipeline.due) == 1


async def test_a_channel_that_is_closed_is_gone_round_and_an_outage_waited_out() -> None:
    ours, said, records, _ = reminders(("5", NOW))
    said.fails = [Unavailable("Discord")]
    await ours.look()
    assert said.sent == []
    records.delete("reminders", "5/000000")
    said.fails = [Denied("no")]
    await ours.look()
    assert said.sent == [("@5", "Reminder: <@5> tea")]
    await ours.look()
    assert len(said.sent) == 1


def test_the_invitation_asks_for_what_tools_need_and_says_why() -> None:
    asked = needed(
        [spec("ban", permissions=("ban_members",)), spec("kick", permissions=("kick_members", "ban_members"))]
    )
    assert asked["ban_members"] == "for ban, kick"
    assert set(asked) == {*ALWAYS, "ban_members", "kick_members"}
    url = invite_url("123", [*asked, "administrator"])
    assert "client_id=123" in url
    permissions = int(url.rpartition("=")[2])
    assert permissions & (1 << 2)
    assert not permissions & (1 << 3)


def test_intents_are_the_least() -> None:
    assert [name for name, wanted in intents(content=False) if wanted] == ["guilds", "guild_messages", "dm_messages"]
    assert intents(content=True).message_content
    assert not intents(content=True).members
    assert not intents(content=True).presences


class Attendant:
    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    async def joined(self, *told: str) -> None:
        self.told.append(("joined", *told))

    async def reacted(self, *told: str) -> None:
        self.told.append(("reacted", *told))

    async def unreacted(self, *told: str) -> None:
        self.told.append(("unreacted", *told))

    async def message_gone(self, *told: str) -> None:
        self.told.append(("gone", *told))


async def test_joins_and_reactions_are_told_but_not_those_of_bots_and_its_own() -> None:
    house, attendant = House(), Attendant()
    gateway = Gateway(
        house.pipeline, house.book, house.records, (), options=Options(members=True), seen=lambda **_: None,
        attendant=attendant,
    )  # fmt: skip
    house.gateway = gateway
    env = simcord.Env(gateway.client, shard_count=1)
    await env.start()
    try:
        with env.time_context():
            scene = Scene(env, house)
            scene.guild.add_member(env.create_user("robot", bot=True))
            message = await scene.alice.send(scene.channel, "react to this")
            await scene.alice.react(message, "👍")
            await scene.alice.unreact(message, "👍")
            await scene.me.guild.get_channel(scene.channel.id).get_partial_message(message.id).add_reaction("👍")  # type: ignore[union-attr]
            await scene.alice.delete(message)
            await env.settle()
    finally:
        await env.shutdown()
    where = (str(scene.guild.id), str(message.id), str(scene.alice.id), "👍")
    assert attendant.told == [
        ("joined", str(scene.guild.id), str(scene.alice.id), "alice"),
        ("reacted", *where),
        ("unreacted", *where),
        ("gone", str(scene.guild.id), str(message.id)),
    ]


async def test_every_shard_hears_its_own_guilds() -> None:
    house = House(options=Options(shards=2))
    env = simcord.Env(house.gateway.client)
    await env.start()
    try:
        with env.time_context():
            for shard in (0, 1):
                guild = env.create_guild(shard_id=shard)
                channel = guild.create_text_channel("general")
                member = guild.add_member(env.create_user(f"user{shard}"))
                assert guild.me is not None
                await member.send(channel, f"{guild.me.mention} from {shard}")
    finally:
        await env.shutdown()
    assert [one.text for one in house.pipeline.of("answer")] == ["from 0", "from 1"]
    assert [one["id"] for one in house.gateway.state()["shards"]] in ([0, 1], [])
