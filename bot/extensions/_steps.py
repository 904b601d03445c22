"""The steps of the first run: what each asks, and which setting it fills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.sdk import Button


@dataclass(frozen=True, slots=True)
class Step:
    """One question of the first run. `choices` are offered as buttons; with `asks` a text may be written instead."""

    name: str
    key: str
    question: str
    choices: tuple[tuple[str, str], ...] = ()
    asks: str = ""
    server: bool = True
    """Makes sense on a server only."""


STEPS: tuple[Step, ...] = (
    Step(
        "channels",
        "listens",
        "In which channels may I answer without being mentioned? Elsewhere I answer when mentioned.",
        (("none", "Only when mentioned"),),
        "Channels, with commas: #bots, #help",
    ),
    Step(
        "votes",
        "vote_channel",
        "Where shall I announce proposals, so that members can vote on them?",
        (("none", "Nowhere"),),
        "One channel, such as #votes",
    ),
    Step(
        "tier_roles",
        "vote_roles",
        "Who may vote on changes of tier 2? The charter's rules on the age of accounts always hold.",
        (("none", "Every member"),),
        "Roles, with commas: @members, @elders",
    ),
    Step(
        "log",
        "log_channel",
        "Where may admins read what I did, and what was stopped or rolled back?",
        (("none", "Nowhere"),),
        "One channel, such as #bot-log",
    ),
    Step(
        "language",
        "language",
        "Which language shall I speak?",
        (("none", "Each member's own"), ("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español")),
        "A language, such as pt-BR",
        server=False,
    ),
    Step(
        "retention",
        "retention_days",
        "How many days may I keep lines of conversation, for context and summaries?",
        (("0", "None"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days")),
        "Days, 0 to 365",
        server=False,
    ),
    Step(
        "memory",
        "memory",
        "May members let me remember facts about themselves? Each of them still has to agree.",
        (("on", "Yes"), ("off", "No")),
        server=False,
    ),
)

WHY: Mapping[str, str] = {
    "view_channel": "to see where I am talked to",
    "send_messages": "to answer",
    "send_messages_in_threads": "to answer in threads and to tell what became of suggestions",
    "create_public_threads": "for planning threads and for the thread under each vote",
    "embed_links": "to show proposals and summaries as cards",
    "attach_files": "to send exports and long answers as files",
    "read_message_history": "to reply to the message that asked",
    "add_reactions": "to mark messages when I am asked to",
}
"""What the bot needs on every server, and what for."""


def steps(*, server: bool) -> tuple[Step, ...]:
    """The steps that make sense here."""
    return tuple(step for step in STEPS if server or not step.server)


def buttons(step: Step) -> tuple[Button, ...]:
    """The choices, a text of one's own, and leaving it as it is."""
    chosen = tuple(Button(f"setup/{step.name}/{value}", label, "primary") for value, label in step.choices)
    own = (Button(f"setup/{step.name}", "Something else", asks=step.asks),) if step.asks else ()
    return (*chosen, *own, Button(f"setup/{step.name}/skip", "Leave as it is"))


def missing(held: frozenset[str], wanted: Mapping[str, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """Permissions that the bot lacks, each with what it is for. `wanted`: permission to the tools that need it."""
    if "administrator" in held:
        return ()
    basic = [(name, why) for name, why in WHY.items() if name not in held]
    tools = [(name, f"for {', '.join(some)}") for name, some in sorted(wanted.items()) if name not in held | WHY.keys()]
    return (*basic, *tools)
