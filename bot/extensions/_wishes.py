"""Suggestions as rows, and the plan that makes one clear."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from bot.sdk import HERE, Button, Host, Post

TABLE = "suggestions"
THREADS = "planning"
"""Threads where a plan is made: thread to member and suggestion. What that member says there is an answer."""
MOST_PER_DAY = 5
LONGEST = 1000
QUESTIONS = (
    "What exactly should happen? Best an example: what would you say, and what should I answer or do?",
    "When and where do you need it, and for whom?",
    "How would you see that it works? And what must not change?",
)


QUESTION_KEYS = ("plan.what", "plan.when", "plan.proof")
"""Names of their texts in other languages. Rows keep the English ones, which the engine reads."""


def number_of(user: str, text: str) -> str:
    """The same words of the same member are the same suggestion."""
    return hashlib.sha256(f"{user}\0{text.casefold()}".encode()).hexdigest()[:12]


def key_of(user: str, number: str) -> str:
    return f"{quote(user, safe='')}/{number}"


def mine(host: Host) -> list[tuple[str, dict[str, Any]]]:
    """The asking member's suggestions, oldest first."""
    rows = host.shelf(TABLE).scan(quote(host.caller.user, safe="") + "/")
    return sorted(rows, key=lambda pair: str(pair[1].get("at", "")))


def full(host: Host) -> bool:
    """Whether the member has suggested enough for today."""
    today = host.now.isoformat()[:10]
    return sum(str(row["at"])[:10] == today for _, row in mine(host)) >= MOST_PER_DAY


def new_row(host: Host, number: str, text: str) -> dict[str, Any]:
    """A suggestion as it is kept, and where those who made it hear of it."""
    caller = host.caller
    where = {"guild": caller.guild} if caller.guild != HERE else {}
    return {
        "id": number,
        "user": caller.user,
        "text": text,
        "at": host.now.isoformat(),
        "channel": caller.channel,
        "language": caller.language,
        **where,
    }


def waiting(row: Mapping[str, Any]) -> str:
    """The question that is to be answered next; empty when all are, or when planning has ended."""
    answered = len(row.get("plan", ()))
    ended = row.get("status") in {"go", "kept"}
    return "" if ended or answered >= len(QUESTIONS) else QUESTIONS[answered]


def asking(row: Mapping[str, Any]) -> dict[str, str | int | float]:
    """The facts of the question that is to be answered next."""
    question = waiting(row)
    return {"question": question, "question_key": QUESTION_KEYS[QUESTIONS.index(question)]} if question else {}


def open_plan(host: Host, number: str = "") -> tuple[str, dict[str, Any]] | None:
    """The member's suggestion of that number, else the newest whose planning has not ended, here before elsewhere."""
    found = [(key, row) for key, row in mine(host) if row.get("status") not in {"go", "kept"}]
    if number:
        return next((pair for pair in mine(host) if len(number) >= 4 and pair[1]["id"].startswith(number)), None)
    here = [pair for pair in found if host.caller.channel in {pair[1].get("thread"), pair[1].get("channel")}]
    return (here or found)[-1] if found else None


def buttons(row: Mapping[str, Any]) -> tuple[Button, ...]:
    """Answer the next question, say go, or leave it at that."""
    start, question = f"plan/{row['id']}", waiting(row)
    answer = (Button(f"{start}/answer", "Answer", asks=question[:300]),) if question else ()
    return (*answer, Button(f"{start}/go", "Go", "primary"), Button(f"{start}/keep", "Keep it for later"))


def first(host: Host, number: str) -> Post:
    """The first question, as it is posted in a thread: in the language of the member who is to answer it."""
    question = host.say(QUESTION_KEYS[0], QUESTIONS[0])
    made = buttons({"id": number})
    labels = {one.id: host.say(f"plan.{one.id.rpartition('/')[2]}", one.label) for one in made}
    return Post(
        question,
        buttons=tuple(replace(one, label=labels[one.id], asks=question[:300] if one.asks else "") for one in made),
    )


def ended(host: Host, row: Mapping[str, Any]) -> None:
    """Planning is over: what is said in its thread is conversation again."""
    if row.get("thread"):
        host.shelf(THREADS).delete(str(row["thread"]))
