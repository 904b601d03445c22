"""The steps in their order."""

import hashlib
import secrets
from collections.abc import Iterable

from bot.chat.learning import Learning
from bot.chat.moderator import RuleModerator
from bot.chat.parts import Parts
from bot.chat.refusals import Refusals
from bot.chat.steps.admit import Admit
from bot.chat.steps.base import Step
from bot.chat.steps.consent import Consent
from bot.chat.steps.judge import JudgeAnswer, JudgeMessage
from bot.chat.steps.recall import Recall
from bot.chat.steps.remember import Remember
from bot.chat.steps.render import Render
from bot.chat.steps.route import RouteMessage
from bot.chat.steps.think import Think
from bot.chat.steps.tools import Tools
from bot.chat.steps.understand import Understand


def standard(parts: Parts, refusals: Refusals) -> tuple[Step, ...]:
    """consent, rate limit, moderation, understanding, recall, router, tools, model, moderation, rendering, memory."""
    mark = mark_of(parts.secrets)
    rules = RuleModerator(parts.book, (*parts.secrets, mark), enabled=parts.moderates, text=parts.system)
    learning = Learning(parts)
    tools = Tools(parts, refusals, learning)
    return (
        Consent(refusals),
        Admit(parts),
        JudgeMessage(parts, rules),
        Understand(parts),
        Recall(parts),
        RouteMessage(parts),
        tools,
        Think(parts, rules, mark, tools),
        JudgeAnswer(parts, rules),
        Render(parts),
        Remember(parts, learning),
    )


def mark_of(keys: Iterable[str]) -> str:
    """A word that nobody can guess, the same in all processes that hold the same keys, so that caches can be shared."""
    known = "\0".join(sorted(key for key in keys if key))
    return hashlib.sha256(f"mark\0{known}".encode()).hexdigest()[:16] if known else secrets.token_hex(8)
