"""The author that is a model, where models are configured."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.app.author_broker import Broker, hand_over
from bot.app.gate_factory import charter_at
from bot.app.models import configured
from bot.app.settings import Settings, load
from bot.core.errors import Misconfigured
from bot.core.ids import ProposalId
from bot.core.ports import Clock, Records, Repository
from bot.improve.analysts.suggestions import Rows
from bot.improve.analysts.wishes import Wishes, finder
from bot.improve.authors.agent.author import Agent
from bot.improve.authors.agent.meter import Ledger, Till
from bot.improve.context import Say
from bot.improve.knowledge import Knowledge, Result
from bot.policy.author_budget import Budget

AGENT = "agent"
TOO_SMALL = frozenset({"local"})
"""Providers whose model cannot write code."""
DONE = frozenset({Result.MERGED, Result.HEALTHY})


def open_agent(
    settings: Settings,
    repo: Repository,
    records: Records,
    cache: Path,
    clock: Clock,
    *,
    budget: Budget | None = None,
    say: Say = lambda _event, _facts: None,
) -> Agent | None:
    """The author, or None where no model is configured that could write. `say` is told what each attempt used up.

    The models' keys leave this process's environment: from here on only the broker's processes have them.
    """
    if not settings.enable_model_author or not set(configured(settings)) - TOO_SMALL:
        return None
    bounds, till, knowledge = budget or budget_of(settings), Till(), Knowledge(records)
    broker = Broker(hand_over(os.environ), till.add, usd=bounds.usd, deadline=bounds.seconds + 60)
    return Agent(
        thinker=broker,
        name=AGENT,
        charter=lambda sha: charter_at(repo, sha),
        ledger=Ledger(records, clock),
        cache=cache,
        till=till,
        budget=bounds,
        wish=finder(suggestions_of(records)),
        outcomes=lambda: knowledge.active(clock()),
        say=say,
    )


def budget_of(settings: Settings) -> Budget:
    """What the settings allow one attempt, and all of a day."""
    return Budget(
        tokens=settings.author_tokens,
        usd=settings.author_usd,
        usd_a_day=settings.author_daily_usd,
        seconds=settings.author_minutes * 60.0,
        calls=settings.author_tool_calls,
    )


def asked_agent(repo: Repository, records: Records, cache: Path) -> Agent:
    """The author, asked for by name. Misconfigured where no model is configured that could write."""
    agent = open_agent(load(), repo, records, cache, lambda: datetime.now(UTC))
    if agent is None:
        raise Misconfigured(
            "--author agent: no model is configured that can write code: set OPENAI_API_KEY, ANTHROPIC_API_KEY or "
            "LLAMA_API_ENDPOINT"
        )
    return agent


def wishes_of(records: Records) -> Wishes:
    """Accepted suggestions that are not carried out yet."""
    knowledge = Knowledge(records)

    def done(idea: ProposalId) -> bool:
        outcome = knowledge.of(idea)
        return outcome is not None and outcome.result in DONE

    return Wishes(suggestions_of(records), done)


def suggestions_of(records: Records) -> Rows:
    """What members suggested, as the bot process keeps it."""
    return lambda: records.scan("suggestions")


def fed(feeds: Mapping[str, str], agent: Agent | None) -> Mapping[str, str]:
    """Author by analyst: what no rule can repair goes to the model, where there is one."""
    if agent is None:
        return feeds
    return {name: agent.name if author == "nobody" else author for name, author in feeds.items()} | {
        Wishes.name: agent.name
    }
