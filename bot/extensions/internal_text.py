"""Texts judged, and facts kept: the bot's own means, as tools."""

from typing import Annotated

from bot.sdk import Host, Length, Message, Result, Unavailable, one_line, tool

_EVEN = 0.05
"""Below this, a mood is neither good nor bad. https://github.com/cjhutto/vaderSentiment#about-the-scoring"""
Text = Annotated[str, "the text", Length(1, 4000)]


@tool("Say whether a text would be allowed here.", "!moderate buy now at example.com", command="moderate",
      needs=("moderator",), private=True, per_minute=20, timeout=10.0)  # fmt: skip
async def content_moderation(host: Host, text: Text) -> Result:
    """By the rules of this server; nothing happens to anybody."""
    judged = await host.moderator.incoming(text, host.caller.scope)
    if judged.allowed:
        return Result("That text is allowed here.", "allowed", {"allowed": 1})
    why = judged.because or "the rules of this server do not allow it"
    return Result(
        f"That text is not allowed here ({judged.rule}): {why}", "refused", {"allowed": 0, "rule": judged.rule}
    )


@tool("Say how a text sounds: glad, even or upset.", "!mood what a lovely day", command="mood", needs=("mood",),
      per_minute=20)  # fmt: skip
async def sentiment_analysis(host: Host, text: Text) -> Result:
    """From -1 to 1, by words; irony is lost on it."""
    if "mood" not in host.doors:
        return Result("I cannot tell moods here.", "none", ok=False)
    score = round(max(-1.0, min(1.0, host.mood(text))), 3)
    label = "even" if abs(score) < _EVEN else "glad" if score > 0 else "upset"
    return Result(f"It sounds {label} ({score:+.2f} on a scale from -1 to 1).", label, {"score": score, "label": label})


@tool("Remember something that you tell me of yourself.", "!remember I live in Vienna", command="remember",
      needs=("memories",), mutates=True, private=True, per_minute=10, timeout=10.0)  # fmt: skip
async def memory_store(host: Host, text: Annotated[str, "a fact about you", Length(3, 500)]) -> Result:
    """For members who have opted in, and of themselves only."""
    caller = host.caller
    try:
        if not await host.memories.consents(caller.user):
            return Result("I keep nothing of you: opt in first with !memory opt-in.", "no_consent", ok=False)
        message = Message(
            caller.user, caller.channel, text, caller.name, caller.guild, caller.message, caller.audience, caller.locale
        )
        facts = await host.memories.learn(message)
    except Unavailable:
        return Result("My memory is out of reach; please tell me again later.", "unavailable", ok=False)
    if not facts:
        text = "I found nothing there that I may keep: say it of yourself, as in: I live in Vienna."
        return Result(text, "nothing", ok=False)
    kept = "; ".join(one_line(fact.text, 100) for fact in facts)
    return Result(f"I will remember: {kept}.", facts={"count": len(facts), "kept": kept})
