"""The scenes before the vote: set-up, talk, tools. Each step is asserted on what another member or Discord sees."""

from typing import Any

from tests.journeys._session_stage import Stage, facts

MENU = frozenset({"Each member's own"})
"""Answers that are too many for buttons."""


async def setup(stage: Stage) -> None:
    """An admin answers seven questions with buttons; what the bot lacks is said, with what it is for."""
    told, ada, grace = stage.told, stage.people["ada"], stage.people["grace"]
    general = stage.channel("general")
    told.scene(
        "Set-up",
        "Olga, who owns the server, invited the bot without Ban Members. Ada is an admin, Grace is not.",
    )
    stage.lacks("ban_members")
    refused = facts(await grace.slash(general, "setup"))
    assert "Manage Server" in refused["text"]
    assert stage.bot.house.book.read(_guild(stage)).version == 0, "nothing was set"

    first = facts(await ada.slash(general, "setup"))
    assert "Ban Members: for ban_user" in first["text"]
    assert "Manage Roles" not in first["text"], "what it holds is not asked for"
    told.note("olga gives the role Megawatts the permission Ban Members")
    stage.lacks()
    await stage.env.settle()
    for label, text in (
        ("Something else", "#bots"), ("Something else", "#votes"), ("Every member", ""), ("Leave as it is", ""),
        ("Each member's own", ""), ("30 days", ""), ("Yes", ""),
    ):  # fmt: skip
        act = ada.chooses(_latest(stage, general, ada), label) if label in MENU else None
        result = await (act or ada.presses(_latest(stage, general, ada), label, text))
    card = facts(result)["rows"]
    settings = stage.bot.house.book.read(_guild(stage))
    assert settings.vote_channel == str(stage.channel("votes").id)
    assert settings.listens == {str(stage.channel("bots").id)}
    assert (settings.retention_days, settings.memory) == (30, True)
    assert card["retention_days"] == "30"
    assert "I hold every permission that my tools need." in str(result.response.embeds[0].description)


async def tools(stage: Stage) -> None:
    """Deeds on the server, by those who may; the lesser of both rights, and a button before what cannot be undone."""
    told, env = stage.told, stage.env
    ada, grace, linus = stage.people["ada"], stage.people["grace"], stage.people["linus"]
    spammer, general = stage.people["spammer"], stage.channel("general")
    told.scene(
        "Tools",
        "Ada may manage roles and channels and ban; Grace and Linus may nothing of that.",
    )
    assert "role create" not in grace.actor.available_commands(general)
    assert "role create" in ada.actor.available_commands(general)
    told.note("Discord offers /role to ada and not to grace, who writes it as a message")
    await grace.says(general, "!role create Planners")
    assert "Manage Roles" in grace.sees(general)[-1].content
    assert "Planners" not in stage.guild.roles

    await ada.slash(general, "role create", name="Planners")
    assert "Planners" in stage.guild.roles
    assert any(f"ada ({ada.id})" in reason for reason in stage.reasons()), stage.reasons()
    told.note(f"Discord's audit log: {stage.reasons()[-1]}")

    await ada.says(general, "!channel create plans")
    plans = stage.channel("plans")
    assert grace.sees(plans) == [], "another member can look into it"
    await grace.says(plans, "so this is where we plan")
    await grace.says(general, "!channel create mine")
    assert "mine" not in stage.guild.channels

    asked = await ada.slash(general, "ban", user_id=spammer.actor, reason="sells watches")
    assert stage.guild.get_ban(spammer.actor.user) is None, "nothing happens before the button"
    waiting = asked.response.message
    await linus.presses(waiting, "Do it")
    assert stage.guild.get_ban(spammer.actor.user) is None, "another's press does nothing"
    await ada.presses(_latest(stage, general, ada), "Do it")
    assert stage.guild.get_ban(spammer.actor.user) is not None
    told.note(f"Discord's audit log: {stage.reasons()[-1]}")
    assert f"ada ({ada.id})" in stage.reasons()[-1]
    assert str(spammer.actor.id) not in map(str, stage.guild.member_ids())
    await env.settle()


def _guild(stage: Stage) -> Any:
    return stage.bot.house.home_guild


def _latest(stage: Stage, channel: Any, who: Any) -> Any:
    """The newest message of the bot with buttons that this member sees."""
    return [one for one in who.sees(channel) if one.components][-1]


async def talk(stage: Stage) -> None:
    """By mention, reply, direct message and in a chosen channel; never where nobody spoke to it."""
    told, general, bots = stage.told, stage.channel("general"), stage.channel("bots")
    grace, linus, margaret = (stage.people[name] for name in ("grace", "linus", "margaret"))
    call = f"<@{stage.env.backend.bot_user.id}>"
    told.scene("Talk", "No model is configured: fixed phrases and tools answer. In #bots it was told to listen.")
    before = len(grace.sees(general))
    await grace.says(general, "good morning everybody")
    assert len(grace.sees(general)) == before, "nobody spoke to it"
    await grace.says(general, f"{call} roll 2d6")
    assert "2d6" in grace.sees(general)[-1].content
    await grace.says(general, "thank you!", reply_to=grace.sees(general)[-1])
    assert len(grace.sees(general)) == before + 2
    await grace.says(bots, "what time is it?")
    assert "UTC" in linus.sees(bots)[-1].content
    await linus.writes("who are you?")
    assert "Megawatts" in linus.told_alone()[-1].content
    await margaret.says(general, f"{call} Hallo, wie geht es dir heute?")
    assert "Ich bin ein Programm" in linus.sees(general)[-1].content

    answer = linus.sees(bots)[-1]
    await linus.presses(answer, "Helpful")
    fixed = await linus.presses(answer, "Fix this", "name the time zone of the asker")
    assert "wrote it down" in facts(fixed)["text"]
    voices = [row["value"] for _, row in stage.bot.house.records.scan("feedback")]
    assert voices == ["fix"], "one voice a member, the later one"
    assert [row["user"] for _, row in stage.bot.house.records.scan("suggestions")] == [linus.id]


async def memory(stage: Stage) -> None:
    """Learned with consent, shown to its member alone, forgotten from the disk."""
    told, alan, linus = stage.told, stage.people["alan"], stage.people["linus"]
    general, asks = stage.channel("general"), "what do you know about me?"
    told.scene("Memory", "Alan allows the bot to remember, tells it something, and has it forget that again.")
    await alan.writes("I live in Uppsala")
    await alan.writes(asks)
    assert "not allowed it" in alan.told_alone()[-1].content
    assert (await alan.slash(general, "memory opt-in")).ephemeral
    await alan.writes("I live in Uppsala")
    await stage.bot.house.assembled.service.settled()
    await alan.writes(asks)
    assert "lives in Uppsala" in alan.told_alone()[-1].content
    await linus.writes("what do you know about alan?")
    assert "Uppsala" not in linus.told_alone()[-1].content
    asked = await alan.slash(general, "memory forget", what="all")
    done = await alan.presses(asked.response.message, "Do it")
    assert facts(done)["alone"], "what was forgotten is nobody else's affair"
    await alan.writes(asks)
    assert "Uppsala" not in alan.told_alone()[-1].content
    kept = [path for path in stage.home.path.iterdir() if path.is_file()]
    kept += [path for path in (stage.home.path / "vectors").rglob("*") if path.is_file()]
    assert any(path.name.startswith("records") for path in kept)
    assert not [path.name for path in kept if b"uppsala" in path.read_bytes().lower()], "it is gone from the disk"
