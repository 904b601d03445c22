"""The bot's own code, as members may look at it: what was found, what was validated, and a wish to change it.

All of it goes through the store: nothing here touches a forge, a checkout or a sandbox.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from bot.extensions import suggest
from bot.sdk import Host, Length, Range, Result, one_line, tool

_OUTCOMES, _DECISIONS = "outcomes", "decisions"
_SHOWN = 10
_TEST_STAGES = ("tests", "coverage", "mutation")
Pull = Annotated[int, "number of the proposal", Range(1, 10**9)]


@tool("Say what was found worth improving in my own code, and what became of it.", "!analysis complexity",
      command="analysis", needs=(f"read:{_OUTCOMES}",), per_minute=10)  # fmt: skip
async def code_analysis(
    host: Host, about: Annotated[str, "part of a rule, a title or an author", Length(0, 60)] = ""
) -> Result:
    """From what the loop has written down; it looks for itself, and nobody makes it look."""
    wanted = about.strip().casefold()
    rows = [row for _, row in await asyncio.to_thread(host.rows(_OUTCOMES).scan)]
    fitting = [row for row in rows if wanted in f"{row['rule']} {row.get('title', '')} {row['author']}".casefold()]
    if not fitting:
        return Result("Nothing of that kind has been tried yet.", "none")
    newest = sorted(fitting, key=lambda row: str(row["at"]), reverse=True)[:_SHOWN]
    counts = Counter(str(row["result"]) for row in fitting)
    lines = "\n".join(_outcome(row) for row in newest)
    summary = ", ".join(f"{count} {result}" for result, count in counts.most_common())
    return Result(f"{summary}. The newest:\n{lines}", facts={"list": lines, "count": len(fitting)})


@tool("Ask for a change of my own code: it becomes a suggestion, and then a proposal like any other.",
      "!suggest show the time of reminders", needs=tuple(suggest.suggest_improvement.spec.needs), mutates=True,
      timeout=6.0)  # fmt: skip
async def code_modification(host: Host, text: Annotated[str, "what should change", Length(8, 1000)]) -> Result:
    """Opens a suggestion; it decides nothing and writes no code."""
    made = suggest.suggest_improvement.body(host, text=text)
    result = await made if asyncio.iscoroutine(made) else made
    if not isinstance(result, Result):
        raise TypeError("a suggestion is stored at once")
    return result


@tool("Show how a proposal fared in validation, stage by stage.", "!validation 12", command="validation",
      needs=(f"read:{_DECISIONS}",), per_minute=20)  # fmt: skip
async def validation(host: Host, pull: Pull) -> Result:
    """The newest verdict of the gate that a decision was made from."""
    gate = await _gate(host, pull)
    if gate is None:
        return _unknown(pull)
    stages = list(gate.get("children", ()))
    lines = "\n".join(_stage(stage) for stage in stages)
    text = f"#{pull}: {gate['status']}, {one_line(str(gate['because']), 200)}"
    return Result(f"{text}\n{lines}" if lines else text, facts={"status": str(gate["status"]), "count": len(stages)})


@tool("Show what the tests said of a proposal.", "!testing 12", command="testing", needs=(f"read:{_DECISIONS}",),
      per_minute=20)  # fmt: skip
async def testing(host: Host, pull: Pull) -> Result:
    """Tests, coverage and mutants of its newest validation."""
    gate = await _gate(host, pull)
    if gate is None:
        return _unknown(pull)
    stages = [stage for stage in _walk(gate) if stage.get("name") in _TEST_STAGES]
    if not stages:
        return Result(f"The tests of #{pull} have not run: {one_line(str(gate['because']), 200)}", "none")
    return Result(f"Tests of #{pull}:\n" + "\n".join(_stage(stage) for stage in stages), facts={"count": len(stages)})


async def _gate(host: Host, pull: int) -> dict[str, Any] | None:
    """The gate's verdict in the newest decision about this proposal."""
    rows = await asyncio.to_thread(host.rows(_DECISIONS).scan, f"{pull}/")
    newest = sorted((row for _, row in rows), key=lambda row: str(row.get("at", "")), reverse=True)
    gates = (row.get("case", {}).get("gate") for row in newest)
    return next((dict(gate) for gate in gates if gate), None)


def _unknown(pull: int) -> Result:
    return Result(f"There is no validation of #{pull} yet. !proposals lists what is open.", "none", ok=False)


def _walk(verdict: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield verdict
    for child in verdict.get("children", ()):
        yield from _walk(child)


def _stage(stage: Mapping[str, Any]) -> str:
    seconds = f", {stage['seconds']:.1f} s" if stage.get("seconds") else ""
    return f"- {stage['name']}: {stage['status']}{seconds}, {one_line(str(stage['because']), 160)}"


def _outcome(row: Mapping[str, Any]) -> str:
    number = f"#{row['pull']} " if row.get("pull") else ""
    return f"- {number}{one_line(str(row.get('title') or row['rule']), 80)}: {row['result']}, by {row['author']}"
