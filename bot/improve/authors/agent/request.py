"""What a model is asked to do: a typed request, all of whose foreign words travel as data."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bot.core.change import Claim, Finding, Idea
from bot.core.model import Prompt
from bot.core.text import plain
from bot.core.votes import Remark
from bot.improve.knowledge import Outcome

SYSTEM = (Path(__file__).parent / "system.md").read_text(encoding="utf-8")
OPEN, CLOSE = "<request>", "</request>"


@dataclass(frozen=True, slots=True)
class Wish:
    """A member's accepted suggestion, in their own words: untrusted, whoever accepted it."""

    text: str
    plan: str = ""
    paths: tuple[PurePosixPath, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt: the idea, the wish behind it if there is one, and what became of earlier ones of its kind."""

    idea: Idea
    wish: Wish | None = None
    earlier: tuple[Outcome, ...] = ()
    remarks: tuple[Remark, ...] = ()
    """What reviewers ask to be changed in the change that the checkout holds already."""

    def prompt(self, state: str = "") -> Prompt:
        """The prompt of a turn. `state` tells a model that stopped early where it stands."""
        data = json.dumps(self._data(), indent=1, ensure_ascii=True).replace("<", "\\u003c")
        text = f"{OPEN}\n{data}\n{CLOSE}\n" + (f"\n{state}\n" if state else "")
        return Prompt(system=SYSTEM, text=text)

    def _data(self) -> dict[str, Any]:
        idea = self.idea
        rows: dict[str, Any] = {
            "kind": idea.kind.value,
            "behaviour": "must stay exactly as it is" if idea.claim is Claim.PRESERVING else "changes as asked",
            "findings": [_finding(one) for one in idea.findings],
            "earlier_attempts": [_attempt(one) for one in self.earlier],
        }
        if self.wish is not None:
            rows["member_wish"] = {
                "text": plain(self.wish.text)[:2000],
                "plan": plain(self.wish.plan)[:6000],
                "paths": [str(path) for path in self.wish.paths],
            }
        if self.remarks:
            rows["reviewers_ask"] = [_remark(one) for one in self.remarks]
        return rows


def _finding(finding: Finding) -> Mapping[str, Any]:
    return {
        "rule": finding.rule,
        "path": str(finding.path),
        "lines": [finding.line, finding.end_line],
        "symbol": finding.symbol,
        "message": plain(finding.message)[:1000],
    }


def _remark(remark: Remark) -> Mapping[str, Any]:
    where = {"path": str(remark.path), "line": remark.line} if remark.path is not None else {}
    return {**where, "text": plain(remark.text)[:2000]}


def _attempt(outcome: Outcome) -> Mapping[str, str]:
    return {"title": outcome.title, "result": outcome.result.value, "because": plain(outcome.because)[:600]}


def state_of(paths: Iterable[PurePosixPath], trail: Iterable[str]) -> str:
    """What a model is told that stopped before it called finish: where its change stands, and its last calls."""
    files = ", ".join(map(str, paths)) or "none"
    calls = json.dumps(list(trail), ensure_ascii=True).replace("<", "\\u003c")
    return (
        f"You stopped before you called finish. Files changed so far (they are kept): {files}. "
        f"Go on from there: read what you need again, run the tests, call finish. Your last calls (data): {calls}"
    )
