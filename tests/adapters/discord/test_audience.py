"""Who reads along: equal for equal readers, different where anybody more or less can read."""

import discord
import pytest

from bot.adapters.discord.audience import Audiences, digest
from tests.adapters.discord.house import Scene

pytestmark = pytest.mark.integration
SEES, SEES_NOT = discord.PermissionOverwrite(view_channel=True), discord.PermissionOverwrite(view_channel=False)


def of(scene: Scene, channel: object) -> str:
    found = scene.me.guild.get_channel_or_thread(channel.id)  # type: ignore[attr-defined]
    assert found is not None
    return digest(found)


async def test_channels_that_everyone_reads_are_one_audience(scene: Scene) -> None:
    staff = scene.guild.create_role("Staff")
    other = scene.guild.create_text_channel("other")
    granted = scene.guild.create_text_channel("granted", overwrites={staff: SEES, scene.alice: SEES})
    muted = discord.PermissionOverwrite(send_messages=False)
    quiet = scene.guild.create_text_channel("quiet", overwrites={scene.guild.default_role: muted})
    await scene.env.settle()
    assert len({of(scene, one) for one in (scene.channel, other, granted, quiet)}) == 1


async def test_a_channel_that_some_do_not_read_is_another(scene: Scene) -> None:
    everyone, staff = scene.guild.default_role, scene.guild.create_role("Staff")
    bob = scene.guild.add_member(scene.env.create_user("bob"))
    overwrites = [
        {everyone: SEES_NOT},
        {everyone: SEES_NOT, staff: SEES},
        {everyone: SEES_NOT, scene.alice: SEES},
        {everyone: SEES_NOT, scene.alice: SEES, bob: SEES},
        {staff: SEES_NOT},
        {scene.alice: SEES_NOT},
    ]
    channels = [scene.guild.create_text_channel(f"c{n}", overwrites=given) for n, given in enumerate(overwrites)]
    same = scene.guild.create_text_channel("same", overwrites=overwrites[1])
    await scene.env.settle()
    assert len({of(scene, one) for one in (scene.channel, *channels)}) == 1 + len(channels)
    assert of(scene, same) == of(scene, channels[1])


async def test_another_guild_is_another_audience(scene: Scene) -> None:
    other = scene.env.create_guild()
    channel = other.create_text_channel("general")
    await scene.env.settle()
    found = scene.env.bot.get_channel(channel.id)
    assert found is not None
    assert digest(found) != of(scene, scene.channel)


async def test_a_change_of_roles_or_overwrites_is_noticed(scene: Scene) -> None:
    await scene.alice.send(scene.channel, f"{scene.me.mention} hi")
    channel = scene.me.guild.get_channel(scene.channel.id)
    assert isinstance(channel, discord.TextChannel)
    scene.env.backend.guilds[scene.guild.id].roles[scene.guild.id].permissions = discord.Permissions.all().value
    await channel.set_permissions(scene.me.guild.default_role, view_channel=False)
    await scene.env.settle()
    owner = scene.guild.owner
    del owner
    first = scene.pipeline.of("answer")[0].audience
    assert scene.house.gateway._translator.audiences.of(scene.me.guild.get_channel(scene.channel.id)) != first


async def test_a_direct_message_has_no_audience(scene: Scene) -> None:
    await scene.env.create_user("dora").send_dm("hi")
    assert scene.pipeline.of("answer")[0].audience == ""


def test_only_the_guild_that_changed_is_worked_out_anew() -> None:
    audiences = Audiences()
    audiences._digests[1], audiences._digests[2] = (10, "a"), (20, "b")
    audiences.forget(10)
    assert dict(audiences._digests) == {2: (20, "b")}
