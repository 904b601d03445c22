"""Planning a suggestion: the bot asks, the member answers, and says `go`."""

import re
from typing import Annotated, Any

from bot.extensions import _wishes as wishes
from bot.sdk import Host, Result, one_line, tool

_NEEDS = (wishes.TABLE, wishes.THREADS)
_NUMBER = re.compile(r"[0-9a-f]{12}")


@tool(
    "Answer the next question on your suggestion.",
    "!plan it should greet new members",
    command="plan answer",
    needs=_NEEDS,
)
def answer_plan(
    host: Host, number: Annotated[str, "of the suggestion"] = "", text: Annotated[str, "your answer"] = ""
) -> Result:
    """Keep the answer in the plan and ask the next question, or show the plan when all are answered."""
    if not _NUMBER.fullmatch(number):
        number, text = "", f"{number} {text}"  # without a number, the answer begins with the first word
    found = wishes.open_plan(host, number)
    if found is None:
        return _none()
    key, row = found
    question, said = wishes.waiting(row), one_line(text, 600)
    if not question:
        return Result(
            f"{_plan(row)}\nSay !go and it goes its way.",
            "planned",
            {"plan": _plan(row), "id": row["id"]},
            buttons=wishes.buttons(row),
        )
    if not said:
        return Result(question, "ask", {**wishes.asking(row), "id": row["id"]}, buttons=wishes.buttons(row))
    row = {**row, "plan": [*row.get("plan", ()), f"{question} {said}"]}
    host.shelf(wishes.TABLE).put(key, row)
    following = wishes.waiting(row)
    if following:
        return Result(
            f"Noted. {following}", "next", {**wishes.asking(row), "id": row["id"]}, buttons=wishes.buttons(row)
        )
    text = f"Noted. This is the plan:\n{_plan(row)}\nSay !go and it goes its way."
    return Result(text, "complete", {"plan": _plan(row), "id": row["id"]}, buttons=wishes.buttons(row))


@tool("Show the plan of your suggestion.", "!plan show", command="plan show", needs=_NEEDS)
def show_plan(host: Host, number: Annotated[str, "of the suggestion"] = "") -> Result:
    """What was suggested and answered so far; only the member's own."""
    found = wishes.open_plan(host, number)
    if found is None:
        return _none()
    row = found[1]
    return Result(_plan(row), "planned", {"plan": _plan(row), "id": row["id"]}, buttons=wishes.buttons(row))


@tool("Say go: your suggestion is to be tried.", "!go", command="plan go", needs=_NEEDS)
def start_plan(host: Host, number: Annotated[str, "of the suggestion"] = "") -> Result:
    """From now on the engine may take it up. It still has to pass every stage, and people still have to agree."""
    found = wishes.open_plan(host, number)
    if found is None or found[1].get("status") == "go":
        return _none()
    key, row = found
    host.shelf(wishes.TABLE).put(key, {**row, "status": "go", "go_at": host.now.isoformat()})
    wishes.ended(host, row)
    text = f"It goes its way as {row['id']}: written, tested, and approved by people. You hear here what becomes of it."
    return Result(text, facts={"id": row["id"]})


@tool("Leave your suggestion as it is, without go.", "!plan keep", command="plan keep", needs=_NEEDS)
def keep_plan(host: Host, number: Annotated[str, "of the suggestion"] = "") -> Result:
    """Ends the planning; the suggestion stays for people to read."""
    found = wishes.open_plan(host, number)
    if found is None:
        return _none()
    key, row = found
    if row.get("status") == "go":
        return Result(f"{row['id']} was told to go already.", "gone", {"id": row["id"]}, ok=False)
    host.shelf(wishes.TABLE).put(key, {**row, "status": "kept"})
    wishes.ended(host, row)
    return Result(f"I keep {row['id']} as it is; people read it, and nothing is started.", facts={"id": row["id"]})


def _plan(row: dict[str, Any]) -> str:
    answers = "\n".join(f"- {line}" for line in row.get("plan", ())) or "- nothing answered yet"
    return f"{row['id']}: {one_line(row['text'], 300)}\n{answers}"


def _none() -> Result:
    return Result("You have no suggestion that is being planned. Begin one: !suggest ...", "none", ok=False)
