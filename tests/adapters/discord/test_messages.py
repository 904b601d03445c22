"""Messages through discord.py into the pipeline, and answers back."""

import pytest

from tests.adapters.discord.house import Scene

pytestmark = pytest.mark.integration


async def test_a_mention_is_answered_below_the_message(scene: Scene) -> None:
    asked = await scene.alice.send(scene.channel, f"{scene.me.mention} hello there")
    [message] = scene.pipeline.of("answer")
    assert message.text == "hello there"
    assert (message.user, message.name) == (str(scene.alice.id), "alice")
    assert (message.channel, message.guild, message.id) == (str(scene.channel.id), str(scene.guild.id), str(asked.id))
    [answer] = scene.said()
    assert answer.content == "Hello."
    assert answer.reference is not None
    assert answer.reference.message_id == asked.id
    assert answer.mentions == []
